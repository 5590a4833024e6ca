// The remainder with the sign of the divisor, on batches and on vectors of int64: x - floor(x / y) y, rounded once.
#pragma once

#include "kernels/isa/rounding.hpp"

namespace xtape::detail::XTAPE_ISA {

inline float scalar_fmod(float x, float y) { return __builtin_fmodf(x, y); }
inline double scalar_fmod(double x, double y) { return __builtin_fmod(x, y); }

/// C's remainder, one element after the other where `slow` is not 0.
template <class V>
[[gnu::cold, gnu::noinline]] V fmod_again(V x, V y, V slow, V result) {
  using T = typename V::value_type;
  alignas(64) T a[V::size], b[V::size], c[V::size], again[V::size];
  x.store_aligned(a);
  y.store_aligned(b);
  slow.store_aligned(again);
  result.store_aligned(c);
  for (std::size_t i = 0; i < V::size; ++i)
    if (again[i] > 0) c[i] = scalar_fmod(a[i], b[i]);
  return V::load_aligned(c);
}

/// C's fmod, but what has the sign of x and not that of y. With an fma, x - q y is exact if q is floor(x / y) or one
/// more, which is as far as a rounded quotient below 2^52 can be off.
template <class V>
inline V exact_remainder(const V& x, const V& y) {
#if defined(__FMA__)
  const V quotient = floor_lane(x / y), infinity(static_cast<typename V::value_type>(__builtin_inf()));
  const V r = fused(-quotient, y, x);
  const auto usual = (xs::abs(quotient) < V(ConstantsOf<V>::kFromInteger)) & (xs::abs(y) < infinity);
  if (xs::all(usual)) [[likely]]
    return r;
  return fmod_again(x, y, xs::select(usual, V(0), V(1)), r);
#else
  return fmod_again(x, y, V(1), x);
#endif
}

template <class V>
inline V mod_lane(const V& x, const V& y) {
  const V r = exact_remainder(x, y);
  const auto opposite = ((r < V(0)) & (y > V(0))) | ((r > V(0)) & (y < V(0)));
  const V moved = xs::select(opposite, r + y, r);
  return xs::select(moved == V(0), y & V(typename V::value_type(-0.0)), moved);
}

/// 0 where y is 0. Neither 0 nor -1 may divide.
inline auto integer_mod(const auto& x, const auto& y) {
  const auto one = y * 0 + 1;
  const auto r = x % (((y == 0) | (y == -1)) ? one : y);
  const auto opposite = ((r < 0) & (y > 0)) | ((r > 0) & (y < 0));
  return opposite ? r + y : r;
}

}  // namespace xtape::detail::XTAPE_ISA
