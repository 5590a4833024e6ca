#include <xtape/optim/batches.hpp>

#include <algorithm>
#include <numeric>

#include <xtape/ops/random.hpp>
#include <xtape/optim/fail.hpp>

namespace xtape::optim {

void Batching::check() const {
  if (rows < 1) detail::fail<ValueError>("Batching: rows must be positive, is ", rows);
  if (batch_size < 1) detail::fail<ValueError>("Batching: batch_size must be positive, is ", batch_size);
}

Batches::Batches(const Batching& batching) : batching_(batching) {
  batching.check();
  begin_epoch();
}

std::int64_t Batches::batches_per_epoch() const {
  return batching_.rows / batching_.batch_size + (batching_.rows % batching_.batch_size != 0);
}

Array Batches::next() {
  if (position_ == batching_.rows) begin_epoch();
  const std::int64_t size = std::min(batching_.batch_size, batching_.rows - position_);
  Array batch = Array::copy(order_.data() + position_, Shape{size});
  position_ += size;
  if (position_ == batching_.rows) ++epochs_;
  return batch;
}

void Batches::begin_epoch() {
  position_ = 0;
  if (batching_.shuffle) {
    const Array order = permutation({batching_.seed, static_cast<std::uint64_t>(epochs_)}, batching_.rows);
    order_.assign(order.data<std::int64_t>(), order.data<std::int64_t>() + batching_.rows);
  } else if (order_.empty()) {
    order_.resize(static_cast<std::size_t>(batching_.rows));
    std::iota(order_.begin(), order_.end(), 0);
  }
}

}  // namespace xtape::optim
