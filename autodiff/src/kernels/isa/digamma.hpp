// digamma on batches: a polynomial between 1 and 2, of which the zero there is a factor; recurrence from 0 and up to
// 10; the asymptotic series beyond, and reflection below 0 (Abramowitz and Stegun, Handbook of Mathematical
// Functions, 6.3).
#pragma once

#include "kernels/isa/rounding.hpp"

namespace xtape::detail::XTAPE_ISA {

template <class V>
struct DigammaConstants {
  using T = typename V::value_type;
  static constexpr bool kDouble = sizeof(T) == 8;
  static constexpr T kPi = static_cast<T>(0x1.921fb54442d18p+1);
  static constexpr T kZero = static_cast<T>(kDouble ? 0x1.762d86356be3fp+0 : 0x1.762d86p+0);
  static constexpr T kZeroLow = static_cast<T>(kDouble ? 0x1.b86a722197829p-54 : 0x1.ab5f1fb70d4e4p-27);
  /// digamma(x) / (x - zero) by x - 3/2, to 2e-17
  static constexpr T kBetween1And2[] = {static_cast<T>(0x1.e6f0cbb873617p-1),  static_cast<T>(-0x1.b1cb63005ee97p-2),
                                        static_cast<T>(0x1.eca189b8e6da1p-3),  static_cast<T>(-0x1.2feeeb98a7cd8p-3),
                                        static_cast<T>(0x1.8512e5905d180p-4),  static_cast<T>(-0x1.fb442029cdbf4p-5),
                                        static_cast<T>(0x1.4de9aa05d3418p-5),  static_cast<T>(-0x1.b9f8b1367959dp-6),
                                        static_cast<T>(0x1.256475e5ac975p-6),  static_cast<T>(-0x1.86355f6f68797p-7),
                                        static_cast<T>(0x1.03c00801ba958p-7),  static_cast<T>(-0x1.5a071c746535bp-8),
                                        static_cast<T>(0x1.cd3e42d157015p-9),  static_cast<T>(-0x1.33661f9073563p-9),
                                        static_cast<T>(0x1.980fc9c9f0be8p-10), static_cast<T>(-0x1.1002aaf6255f5p-10),
                                        static_cast<T>(0x1.7b3b41b0b38cdp-11), static_cast<T>(-0x1.f99f529bd0771p-12),
                                        static_cast<T>(0x1.dc8ae08af0fc4p-13), static_cast<T>(-0x1.3db05b36d9a48p-13),
                                        static_cast<T>(0x1.104c9d0897b58p-12), static_cast<T>(-0x1.6b107f71aa124p-13)};
  /// B_2k / 2k with Bernoulli's numbers, in log(x) - 1 / 2x - sum (B_2k / 2k) x^-2k
  static constexpr T kSeries[] = {static_cast<T>(1.0 / 12),  static_cast<T>(-1.0 / 120),
                                  static_cast<T>(1.0 / 252), static_cast<T>(-1.0 / 240),
                                  static_cast<T>(1.0 / 132), static_cast<T>(-691.0 / 32760),
                                  static_cast<T>(1.0 / 12),  static_cast<T>(-3617.0 / 8160)};
};

/// For x from 10 on.
template <class V>
inline V digamma_series(const V& x) {
  const V r = V(1) / x, square = r * r;
  const V tail = fused(square, polynomial(square, DigammaConstants<V>::kSeries), V(typename V::value_type(0.5)) * r);
  return log_lane(x) - tail;
}

/// For x from 0 to 10. The steps down to between 1 and 2 are exact and their terms positive, smallest first; the one up
/// comes from below 1, where its term is the larger part.
template <class V>
inline V small_digamma(const V& x) {
  using C = DigammaConstants<V>;
  V at = x, sum(0);
  for (int i = 0; i < 8; ++i) {
    const auto above = at >= V(2);
    at = xs::select(above, at - V(1), at);
    sum = sum + xs::select(above, V(1) / at, V(0));
  }
  const auto below = x < V(1);
  sum = xs::select(below, V(-1) / x, sum);
  at = xs::select(below, x + V(1), at);
  const V distance = (at - V(C::kZero)) - V(C::kZeroLow);
  return fused(distance, polynomial(at - V(typename V::value_type(1.5)), C::kBetween1And2), sum);
}

template <class V>
inline V positive_digamma(const V& x) {
  const auto large = x >= V(10);
  const V y = digamma_series(xs::select(large, x, V(10)));
  if (xs::all(large)) return y;
  return xs::select(large, y, small_digamma(x));
}

/// Infinite at 0, NaN at the other poles.
template <class V>
inline V digamma_lane(const V& x) {
  using C = DigammaConstants<V>;
  const auto negative = x < V(0);
  const V y = positive_digamma(xs::select(negative, V(1) - x, x));
  if (!xs::any(negative)) return y;
  const V fraction = x - round_lane(x);
  const V infinite = V(C::kPi) / sleef::tan(V(C::kPi) * fraction);
  const V nan(static_cast<typename V::value_type>(__builtin_nan("")));
  return xs::select(negative, xs::select(fraction == V(0), nan, y - infinite), y);
}

}  // namespace xtape::detail::XTAPE_ISA
