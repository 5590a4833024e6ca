// Quotients by differences of eigenvalues or singular values, which rules of their vectors are made of, and what
// happens where two are equal to working precision: the quotient is 0 where its numerator is, and else an error.
#pragma once

#include "ops/linear_algebra.hpp"

namespace xtape::detail {

/// Whose values they are, for errors.
enum class Spectrum : std::int64_t { eigenvalues, singular_values };

/// (x - x^T)_ij / (v_j - v_i), 0 on the diagonal, for x (..., n, n) and v (..., n). With `strict`, x itself must be 0
/// where the values are equal.
Var over_differences(const Var& x, const Var& values, Spectrum spectrum, bool strict);
/// (x - x^T)_ij / (v_i + v_j).
Var over_sums(const Var& x, const Var& values, Spectrum spectrum);
/// x_ij / v_j for x (..., m, n).
Var over_values(const Var& x, const Var& values, Spectrum spectrum);
/// x (..., n) itself, which must be equal where the values are; and 0 in place of the x of a singular value of 0.
Var tied_evenly(const Var& x, const Var& values, Spectrum spectrum);

/// Whether the cotangent depends on a result of the op that reads the same factorization.
bool depends_on_part(const Var& cotangent, const Op& op, const Var& factors);

/// From which element on a vector's sign is made positive: the first of at least 3/8 of its largest.
template <class T>
std::int64_t sign_element(std::int64_t n, const T* x, std::int64_t step) {
  T largest = 0;
  for (std::int64_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(x[i * step]));
  std::int64_t i = 0;
  while (i + 1 < n && std::abs(x[i * step]) < T{0.375} * largest) ++i;
  return i;
}

}  // namespace xtape::detail
