// The singular value decomposition, shared by svd, pinv, lstsq and the cofactors of det.
#pragma once

#include <algorithm>

#include "ops/linear_algebra.hpp"

namespace xtape::detail {

/// The packed factors of a (..., m, n), k = min(m, n): s (k), u (m, k) and vh (k, n), one after the other. All NaN if a
/// has an element that is not finite. (..., k (1 + m + n))
extern constinit const Op svd_op;

Var svd_factors(const Var& a);

/// One matrix of the packed buffer.
template <class T>
struct PackedSvd {
  std::int64_t m, n, k;
  T* s;

  PackedSvd(const Shape& a, T* elements, std::int64_t index)
      : m(a.back(1)), n(a.back()), k(std::min(m, n)), s(elements + index * size()) {}
  std::int64_t size() const { return k * (1 + m + n); }
  T* u() const { return s + k; }
  T* vh() const { return u() + m * k; }
  bool finite() const { return k == 0 || !std::isnan(s[0]); }
};

}  // namespace xtape::detail
