// Mini-batches: the rows of a data set in random order, some at a time.
#pragma once

#include <cstdint>
#include <vector>

#include <xtape/array.hpp>

namespace xtape::optim {

/// How rows are dealt into batches. A batch of one row is stochastic gradient descent in its textbook form.
struct Batching {
  std::int64_t rows;             ///< of the data set
  std::int64_t batch_size = 32;  ///< rows in a batch; the last one of an epoch may have fewer
  bool shuffle = true;           ///< in epoch e by permutation({seed, e}, rows); false keeps the order of the data
  std::uint64_t seed = 0;        ///< the same seed gives the same batches on every machine

  /// Throws ValueError if there are no rows or the batch size is not positive.
  void check() const;
};

/// Deals the rows, epoch by epoch: each row once in an epoch.
class Batches {
 public:
  /// Throws as Batching::check.
  explicit Batches(const Batching& batching);

  /// The numbers of the next batch's rows, int64 (b). After the last batch of an epoch a new epoch begins.
  Array next();
  /// The number of epochs dealt out completely.
  std::int64_t epochs() const { return epochs_; }
  std::int64_t batches_per_epoch() const;

 private:
  void begin_epoch();

  Batching batching_;
  std::vector<std::int64_t> order_;
  std::int64_t position_ = 0;
  std::int64_t epochs_ = 0;
};

}  // namespace xtape::optim
