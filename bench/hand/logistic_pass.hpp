// The loss of a logistic regression and its gradient by one pass over X, a block of rows after the other.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "bench/hand/logistic_rows.hpp"
#include "bench/hand/threads.hpp"
#include "bench/inputs.hpp"

namespace bench::hand {

template <class T>
class LogisticPass {
 public:
  static constexpr std::int64_t kMaxColumns = 128;
  static constexpr std::int64_t kChunkRows = 4096;

  LogisticPass(std::shared_ptr<const LogisticInputs<T>> inputs, int threads)
      : inputs_(std::move(inputs)),
        threads_(threads),
        partials_(static_cast<std::size_t>((inputs_->rows + kChunkRows - 1) / kChunkRows)) {}

  /// Sums over all rows.
  struct Sums {
    double dw[kMaxColumns] = {};
    double db = 0;
    double loss = 0;
  };

  Sums operator()(const T* w, T b) {
    Helper::instance().for_chunks(static_cast<std::int64_t>(partials_.size()), threads_, [&](std::int64_t i) {
      chunk_of_width(w, b, i * kChunkRows, std::min(kChunkRows, inputs_->rows - i * kChunkRows), partials_[i]);
    });
    Sums sums;
    for (const Partial& partial : partials_) {
      for (std::int64_t j = 0; j < inputs_->columns; ++j) sums.dw[j] += static_cast<double>(partial.dw[j]);
      sums.db += static_cast<double>(partial.db);
      sums.loss += partial.loss;
    }
    return sums;
  }

 private:
  static constexpr std::int64_t kMaxBlockRows = 256;

  struct alignas(64) Partial {
    T dw[kMaxColumns] = {};
    T db = 0;
    double loss = 0;
  };

  template <int kVectors>
  void chunk(const T* w, T b, std::int64_t begin, std::int64_t n, Partial& partial) const {
    using Batch = xsimd::batch<T>;
    const std::int64_t columns = inputs_->columns;
    const std::int64_t fitting = 262144 / (columns * static_cast<std::int64_t>(sizeof(T))) / 16 * 16;
    const std::int64_t block = std::clamp<std::int64_t>(fitting, 16, kMaxBlockRows);
    Rows<T, kVectors> rows(w, columns);
    Batch sums[kVectors];
    std::fill(sums, sums + kVectors, Batch(T{0}));
    partial.loss = 0;
    partial.db = 0;
    alignas(64) T z[kMaxBlockRows];
    for (std::int64_t i = begin; i < begin + n; i += block) {
      std::int64_t count = std::min(block, begin + n - i);
      const T* x = inputs_->x.data() + i * columns;
      auto row = [x, columns](std::int64_t r) { return x + r * columns; };
      rows.dots(row, count, b, z);
      auto [loss, db] = residuals(z, inputs_->y.data() + i, count);
      partial.loss += loss;
      partial.db += db;
      rows.add_products(row, z, count, sums);
    }
    rows.store(sums, partial.dw);
  }

  template <int kVectors = 1>
  void chunk_of_width(const T* w, T b, std::int64_t begin, std::int64_t n, Partial& partial) const {
    if (inputs_->columns <= kVectors * Rows<T, kVectors>::kWidth) return chunk<kVectors>(w, b, begin, n, partial);
    if constexpr (kVectors < kMaxColumns / Rows<T, kVectors>::kWidth)
      chunk_of_width<kVectors + 1>(w, b, begin, n, partial);
  }

  std::shared_ptr<const LogisticInputs<T>> inputs_;
  int threads_;
  std::vector<Partial> partials_;
};

}  // namespace bench::hand
