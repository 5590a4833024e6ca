// The interface between the executor and the kernels that copy elements to rows.
#pragma once

#include <cstddef>

namespace xtape::detail {

/// Bytes that may be written after the last row.
inline constexpr std::size_t kSpreadBeyond = 64;

/// to[i * columns + j] = from[i] for i < rows, j < columns, by the bytes of an element.
struct SpreadKernels {
  void (*bytes8)(const void* from, void* to, std::size_t columns, std::size_t rows);
  void (*bytes4)(const void* from, void* to, std::size_t columns, std::size_t rows);
  void (*bytes1)(const void* from, void* to, std::size_t columns, std::size_t rows);
};

}  // namespace xtape::detail
