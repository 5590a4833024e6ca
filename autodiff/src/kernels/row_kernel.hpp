// The interface between the executor and the kernels of products by rows: a matrix and a vector, row by row.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xtape::detail {

/// A matrix whose rows are contiguous: row i begins i * leading elements after `data`, or places[i] * leading.
struct RowMatrix {
  const std::byte* data;
  std::int64_t leading, columns;
  const std::int64_t* places;  ///< null if the rows are read in order
};

/// A matrix and a vector, row by row, in one dtype.
struct RowKernel {
  /// y[i] = dot(row i, w) for n rows.
  void (*dots)(const RowMatrix& matrix, const void* w, void* y, std::int64_t n);
  /// sums += s[i] * row i for n rows. `sums` has room for the columns and 64 bytes more, and an order of its own.
  void (*add)(const RowMatrix& matrix, const void* s, std::int64_t n, void* sums);
  /// Adds the sums to `total`, which has one element for each column, and clears them.
  void (*flush)(void* sums, std::int64_t columns, void* total);
};

struct RowKernels {
  RowKernel float32, float64;
};

}  // namespace xtape::detail
