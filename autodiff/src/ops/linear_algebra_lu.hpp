// The LU factorization of square matrices, shared by solve, inv, det and slogdet.
#pragma once

#include "ops/linear_algebra.hpp"

namespace xtape::detail {

/// The packed factors of a (..., n, n): rows of n elements, of which the first n are LU of R a C, transposed; then the
/// exchanged rows; the diagonals R and C, powers of two that balance a; and a row that begins with the estimated
/// reciprocal condition of R a C, 0 if a pivot is. All NaN if a has an element that is not finite. (..., n + 4, n)
extern constinit const Op lu_op;

Var lu_factors(const Var& a);
/// a^-1 b, or a^-T b, for b (..., n, k) with the leading axes of a.
Var lu_solution(const Var& factors, const Var& a, const Var& b, bool transposed);
/// Whose inverse it is, for errors.
enum class InverseOf : std::int64_t { inv, matrix_power, det, slogdet };
/// a^-1.
Var lu_inverted(const Var& factors, const Var& a, InverseOf whose);

/// One matrix of the packed buffer.
template <class T>
struct PackedLu {
  std::int64_t n;
  T* elements;

  PackedLu(std::int64_t extent, const Buffer& packed, std::int64_t index)
      : n(extent), elements(elements_of<T>(packed) + index * size()) {}

  T* factors() const { return elements; }
  T* exchanges() const { return elements + n * n; }
  T* row_scales() const { return exchanges() + n; }
  T* column_scales() const { return row_scales() + n; }
  T& condition() const { return column_scales()[n]; }
  std::int64_t size() const { return (n + 4) * n; }

  std::vector<int> pivots() const {
    std::vector<int> result;
    for (std::int64_t i = 0; i < n; ++i) result.push_back(static_cast<int>(exchanges()[i]));
    return result;
  }
};

}  // namespace xtape::detail
