// erfinv, exp(-x^2) and the normal distribution function on batches; erf and erfc are SLEEF's.
#pragma once

#include "kernels/isa/exp_log.hpp"

namespace xtape::detail::XTAPE_ISA {

template <class V>
struct ErrorFunctionConstants {
  using T = typename V::value_type;
  static constexpr T kSplit = static_cast<T>(sizeof(T) == 8 ? 0x1p27 + 1 : 0x1p12 + 1);
  /// erfinv(p) / p by w - 5/2 with w = -log(1 - p^2) from 0 to 5, to 1.5e-7
  static constexpr T kCentral[] = {static_cast<T>(0x1.805c5cfcedef5p+0),   static_cast<T>(0x1.f91ecb47d3642p-3),
                                   static_cast<T>(-0x1.11c43ead01b6dp-8),  static_cast<T>(-0x1.48aa55a137326p-10),
                                   static_cast<T>(0x1.c9d5e37a8c3b9p-13),  static_cast<T>(-0x1.25f5c8955ecd9p-18),
                                   static_cast<T>(-0x1.cfb151fa8e6a7p-19), static_cast<T>(0x1.6f7602ff9981bp-22),
                                   static_cast<T>(0x1.845e243b9d6c4p-26)};
  /// and by sqrt(w) - 4 for w from 5 to 37.5, to 7e-7
  static constexpr T kTail[] = {static_cast<T>(0x1.eb7e0af251336p+1),   static_cast<T>(0x1.026e561208a26p+0),
                                static_cast<T>(0x1.48e0d922b1d8dp-10),  static_cast<T>(-0x1.d06088a6495bap-11),
                                static_cast<T>(0x1.65f38413d0bcfp-12),  static_cast<T>(-0x1.80becc9861a3cp-14),
                                static_cast<T>(0x1.c07a9e4f6d4ccp-16),  static_cast<T>(-0x1.898014fbe55a7p-15),
                                static_cast<T>(0x1.36635f2304832p-15),  static_cast<T>(-0x1.f941367edf708p-18),
                                static_cast<T>(-0x1.0c392188c4007p-19), static_cast<T>(0x1.6f120be62ffadp-21)};
  static constexpr T kRootHalf = static_cast<T>(0x1.6a09e667f3bcdp-1);
  static constexpr T kRootHalfLow = static_cast<T>(sizeof(T) == 8 ? -0x1.bdd3413b26456p-55 : 0x1.9fcef32422cbfp-27);
  static constexpr T kSlopeAtZero = static_cast<T>(0x1.20dd750429b6dp+0);  ///< 2 / sqrt(pi)
};

/// The upper half of the digits.
template <class V>
inline V upper_half(const V& x) {
  const V scaled_up = V(ErrorFunctionConstants<V>::kSplit) * x;
  return scaled_up - (scaled_up - x);
}

/// What rounding has taken from the product a b, exactly (Dekker).
template <class V>
inline V lost_by_product(const V& a, const V& b, const V& product) {
#if defined(__FMA__)
  return fused(a, b, -product);
#else
  const V a_high = upper_half(a), a_low = a - a_high, b_high = upper_half(b), b_low = b - b_high;
  return (((a_high * b_high - product) + a_high * b_low) + a_low * b_high) + a_low * b_low;
#endif
}

/// erfc(-x / sqrt(2)) / 2. The logarithmic slope of erfc(z) is about -2 z, so that where z is large, what rounding
/// takes from z would show; it is put back.
template <class V>
inline V normal_cdf_lane(const V& x) {
  using C = ErrorFunctionConstants<V>;
  const V z = V(-C::kRootHalf) * x;
  const V missing = lost_by_product(V(-C::kRootHalf), x, z) - V(C::kRootHalfLow) * x;
  const V slope = V(2) * xs::max(V(0), z);
  const V y = V(typename V::value_type(0.5)) * sleef::erfc(z);
  return xs::select(xs::abs(z) < V(30), y - y * (missing * slope), y);
}

/// exp(-factor x^2) for a factor of 1 or 1/2, to the last place also where x^2 is large and its rounding would show.
template <class V>
inline V exp_negative_square_lane(const V& x, float factor) {
  using T = typename V::value_type;
  using C = ConstantsOf<V>;
  const V bounded = xs::min(V(sizeof(T) == 8 ? 40 : 16), xs::abs(x));  // its second if NaN
  const V square = bounded * bounded, exponent = V(static_cast<T>(-factor)) * square;
  const V missing = V(static_cast<T>(factor)) * lost_by_product(bounded, bounded, square);
  const Reduced<V> a = reduced(xs::max(V(-C::kClamp), exponent));
  const V r = a.r + (a.tail - missing);
  return scaled(V(1) + fused(r * r, polynomial(r, C::kExp), r), a.k);
}

/// For p from 0 to 1: polynomials of Giles's form (Approximating the erfinv function, 2012), fitted anew, then one step
/// of Halley's method on erf, or on erfc, which is exact in 1 - p.
template <class V>
inline V positive_erfinv(const V& p) {
  using C = ErrorFunctionConstants<V>;
  const V half(typename V::value_type(0.5)), rest = V(1) - p;
  const V w = -log_lane(rest * (V(1) + p));
  const V central = polynomial(w - V(typename V::value_type(2.5)), C::kCentral);
  const V start = p * xs::select(w < V(5), central, polynomial(xs::sqrt(w) - V(4), C::kTail));
  const V excess = xs::select(p < half, sleef::erf(start) - p, rest - sleef::erfc(start));
  const V step = excess / (V(C::kSlopeAtZero) * exp_lane(-start * start));
  return start - step / (V(1) + start * step);
}

template <class V>
inline V erfinv_lane(const V& x) {
  const V infinity(static_cast<typename V::value_type>(__builtin_inf()));
  const V size = xs::abs(x);
  const V y = xs::select(size == V(0), size, xs::select(size == V(1), infinity, positive_erfinv(size)));
  return y | (x & V(typename V::value_type(-0.0)));
}

}  // namespace xtape::detail::XTAPE_ISA
