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
  bool shuffle = true;           ///< a new random order in every epoch; false keeps the order of the data
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

/// 0 ... rows - 1 in an order that depends on seed and stream alone: Fisher and Yates' shuffle with the counter-based
/// generator Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, 2011).
std::vector<std::int64_t> random_order(std::int64_t rows, std::uint64_t seed, std::uint64_t stream = 0);

}  // namespace xtape::optim
