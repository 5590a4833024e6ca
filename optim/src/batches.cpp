#include <xtape/optim/batches.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

#include <Random123/philox.h>

#include <xtape/optim/fail.hpp>

namespace xtape::optim {

namespace {

__extension__ using Wide = unsigned __int128;

/// The 64 random bits at a place of a stream.
std::uint64_t random_bits(std::uint64_t seed, std::uint64_t stream, std::uint64_t place) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  const auto bits =
      r123::Philox4x32()({{low(place), high(place), low(stream), high(stream)}}, {{low(seed), high(seed)}});
  return static_cast<std::uint64_t>(bits[1]) << 32 | bits[0];
}

}  // namespace

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
    order_ = random_order(batching_.rows, batching_.seed, static_cast<std::uint64_t>(epochs_));
  } else if (order_.empty()) {
    order_.resize(static_cast<std::size_t>(batching_.rows));
    std::iota(order_.begin(), order_.end(), 0);
  }
}

std::vector<std::int64_t> random_order(std::int64_t rows, std::uint64_t seed, std::uint64_t stream) {
  if (rows < 0) detail::fail<ValueError>("random_order: rows must not be negative, is ", rows);
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows));
  std::iota(order.begin(), order.end(), 0);
  for (std::uint64_t i = order.size(); i > 1; --i) {
    // The high half of the product is below i; its bias, at most i / 2^64, is not to be seen.
    const Wide product = Wide{random_bits(seed, stream, i)} * i;
    std::swap(order[i - 1], order[static_cast<std::size_t>(product >> 64)]);
  }
  return order;
}

}  // namespace xtape::optim
