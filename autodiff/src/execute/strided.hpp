// Reading elements through strides or by their places, and the rows of matrices.
#pragma once

#include <cstdint>

#include "execute/run.hpp"

namespace xtape::detail {

/// Copies n elements of a view to contiguous memory, starting at the row-major index `begin` of `space`. `base` is
/// where offset 0 of the view is.
void load_strided(std::byte* to, const std::byte* base, std::size_t element_size, const View& view, const Shape& space,
                  std::int64_t begin, std::size_t n);

/// Copies the n elements at these places, counted from `from` on.
void load_taken(std::byte* to, const std::byte* from, const std::int64_t* places, std::size_t element_size,
                std::size_t n);

/// The rows that a loop reads from its place `begin` on.
RowMatrix rows_read(const RowsRead& matrix, DType dtype, Bases bases, std::int64_t begin);
/// Fills a slot at the loop's places from `begin` on, from a load that reads a matrix.
void load_rows(std::byte* to, const Loop::Load& load, Bases bases, std::int64_t begin, std::size_t n);

}  // namespace xtape::detail
