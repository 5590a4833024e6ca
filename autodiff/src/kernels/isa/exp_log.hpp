// exp, expm1, log and log1p on batches: right over the whole range, denormals and the overflow edge included, and
// without a branch but for log's special arguments. Reductions are Cody and Waite's, log's formula is fdlibm's (Sun
// Microsystems, 1993); the polynomials are minimax fits made for these intervals. Products and sums are fused where
// the machine can, by name, so that rounding does not depend on the compiler.
#pragma once

#include "kernels/isa/sleef.hpp"
#include "kernels/lanes.hpp"

namespace xtape::detail::XTAPE_ISA {

template <class T>
struct Constants;

template <>
struct Constants<double> {
  using Bits = std::uint64_t;
  static constexpr int kMantissa = 52;
  static constexpr Bits kBias = 1023, kRootHalf = 0x3fe6a09e667f3bcd;
  static constexpr double kRound = 0x1.8p52;      ///< adding it leaves the nearest integer in the low bits
  static constexpr double kFromInteger = 0x1p52;  ///< its bits or'ed with a small integer's are their sum
  static constexpr double kLog2E = 0x1.71547652b82fep+0;
  static constexpr double kLn2High = 0x1.62e42fee00000p-1, kLn2Low = 0x1.a39ef35793c76p-33;
  static constexpr double kClamp = 760;     ///< exp is 0 or inf beyond
  static constexpr double kTiny = 0x1p-56;  ///< log(1 + x) rounds to x below
  static constexpr double kSmallestNormal = 0x1p-1022, kLargest = 0x1.fffffffffffffp1023;
  /// (exp(r) - 1 - r) / r^2 for |r| <= log(2) / 2
  static constexpr double kExp[] = {0x1p-1,
                                    0x1.5555555555557p-3,
                                    0x1.5555555555558p-5,
                                    0x1.11111111100dcp-7,
                                    0x1.6c16c16c15204p-10,
                                    0x1.a01a01abe7d6dp-13,
                                    0x1.a01a01acf774dp-16,
                                    0x1.71de02321309ap-19,
                                    0x1.27e4ccd75eap-22,
                                    0x1.af4de882ac168p-26,
                                    0x1.1f8b3a76258bap-29};
  /// (log(1 + f) / s - 2) / z with s = f / (2 + f), z = s^2, for 1 + f between the roots of 1/2 and 2
  static constexpr double kLog[] = {0x1.5555555555558p-1, 0x1.99999999951f7p-2, 0x1.2492492e08d4dp-2,
                                    0x1.c71c62c9f71c3p-3, 0x1.7462bbefd8b7cp-3, 0x1.39fd7e410a736p-3,
                                    0x1.2b6296ce1e53dp-3};
  /// The same for f from 0 to 1
  static constexpr double kWideLog[] = {
      0x1.5555555555555p-1, 0x1.999999999a458p-2, 0x1.24924923cd09dp-2, 0x1.c71c727685a28p-3, 0x1.745cefbca1ed3p-3,
      0x1.3b18cb76cad2bp-3, 0x1.10aaf8b4a3295p-3, 0x1.ebaaf32c24fbp-4,  0x1.67fa7ec92fc06p-4, 0x1.4b8a6d4e58ae6p-3};
};

template <>
struct Constants<float> {
  using Bits = std::uint32_t;
  static constexpr int kMantissa = 23;
  static constexpr Bits kBias = 127, kRootHalf = 0x3f3504f3;
  static constexpr float kRound = 0x1.8p23f, kFromInteger = 0x1p23f;
  static constexpr float kLog2E = 0x1.715476p+0f;
  static constexpr float kLn2High = 0x1.63p-1f, kLn2Low = -0x1.bd0106p-13f;
  static constexpr float kClamp = 110;
  static constexpr float kTiny = 0x1p-27F;
  static constexpr float kSmallestNormal = 0x1p-126f, kLargest = 0x1.fffffep127f;
  static constexpr float kExp[] = {0x1p-1f,        0x1.555556p-3f,  0x1.5554eap-5f,
                                   0x1.1110acp-7f, 0x1.6d4328p-10f, 0x1.a17e3cp-13f};
  static constexpr float kLog[] = {0x1.555556p-1f, 0x1.9999ecp-2f, 0x1.245cp-2f, 0x1.dddb4ap-3f};
  static constexpr float kWideLog[] = {0x1.555556p-1f, 0x1.9998cep-2f, 0x1.24ca5ap-2f, 0x1.bc6a1ep-3f, 0x1.dc3fd6p-3f};
};

template <class V>
using ConstantsOf = Constants<typename V::value_type>;
template <class V>
using BitsOf = Vector<typename ConstantsOf<V>::Bits, V::size>;

template <class V>
inline BitsOf<V> bits_of(const V& x) {
  BitsOf<V> bits;
  __builtin_memcpy(&bits, &x, sizeof(bits));
  return bits;
}

template <class V>
inline V from_bits(const BitsOf<V>& bits) {
  V x;
  __builtin_memcpy(&x, &bits, sizeof(bits));
  return x;
}

/// a b + c, rounded once where the instruction set can.
inline xs::batch<double> fused(const xs::batch<double>& a, const xs::batch<double>& b, const xs::batch<double>& c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_pd(a, b, c);
#elif defined(__FMA__)
  return _mm256_fmadd_pd(a, b, c);
#else
  return a * b + c;
#endif
}
inline xs::batch<float> fused(const xs::batch<float>& a, const xs::batch<float>& b, const xs::batch<float>& c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, c);
#elif defined(__FMA__)
  return _mm256_fmadd_ps(a, b, c);
#else
  return a * b + c;
#endif
}

template <std::size_t Exponent, class V>
inline V power_of(const V& x) {
  if constexpr (Exponent == 1) return x;
  else return power_of<Exponent / 2>(x) * power_of<Exponent / 2>(x);
}

/// `Count` coefficients from the given one on, halved in turn, so that few products wait for each other.
template <std::size_t Count, class V>
inline V polynomial(const V& x, const typename V::value_type* coefficients) {
  if constexpr (Count == 1) {
    return V(coefficients[0]);
  } else {
    constexpr std::size_t kLow = Count > 8 ? 8 : Count > 4 ? 4 : Count > 2 ? 2 : 1;
    return fused(polynomial<Count - kLow>(x, coefficients + kLow), power_of<kLow>(x),
                 polynomial<kLow>(x, coefficients));
  }
}
template <class V, class T, std::size_t Count>
inline V polynomial(const V& x, const T (&coefficients)[Count]) {
  return polynomial<Count>(x, static_cast<const T*>(coefficients));
}

/// By Horner's rule, which makes no powers of x: those of a small one would be denormal.
template <class V, class T, std::size_t Count>
inline V chain(const V& x, const T (&coefficients)[Count]) {
  V sum(coefficients[Count - 1]);
  for (std::size_t i = Count - 1; i-- > 0;) sum = fused(sum, x, V(coefficients[i]));
  return sum;
}

/// 2^k for an integral k of a normal result.
template <class V>
inline V power_of_two(const V& k) {
  return from_bits<V>((bits_of(k + V(ConstantsOf<V>::kRound)) + ConstantsOf<V>::kBias) << ConstantsOf<V>::kMantissa);
}

/// x 2^k, rounded once.
template <class V>
inline V scaled(const V& x, const V& k) {
#if defined(__AVX512F__)
  if constexpr (sizeof(typename V::value_type) == 8) return _mm512_scalef_pd(x, k);
  else return _mm512_scalef_ps(x, k);
#else
  const V round(ConstantsOf<V>::kRound);
  const V half = fused(k, V(typename V::value_type(0.5)), round) - round;
  return x * power_of_two(half) * power_of_two(k - half);
#endif
}

/// x = k log 2 + r + tail
template <class V>
struct Reduced {
  V k, r, tail;
};

template <class V>
inline Reduced<V> reduced(const V& x) {
  using C = ConstantsOf<V>;
  const V k = fused(x, V(C::kLog2E), V(C::kRound)) - V(C::kRound);
  const V high = fused(k, V(-C::kLn2High), x);
  const V r = fused(k, V(-C::kLn2Low), high);
  return {k, r, fused(k, V(-C::kLn2Low), high - r)};
}

template <class V>
inline V exp_lane(const V& x) {
  using C = ConstantsOf<V>;
  // Where one operand is NaN, the hardware's min and max give their second.
  const Reduced<V> a = reduced(xs::max(V(-C::kClamp), xs::min(V(C::kClamp), x)));
  return scaled(V(1) + fused(a.r * a.r, polynomial(a.r, C::kExp), a.r), a.k);
}

/// A sum and what rounding has taken from it.
template <class V>
struct Pair {
  V high, low;
};

/// For |a| >= |b| or a = 0 (Dekker).
template <class V>
inline Pair<V> fast_two_sum(const V& a, const V& b) {
  const V sum = a + b;
  return {sum, b - (sum - a)};
}

/// expm1 for x where exp is normal: 2^k (1 + r) - 1 with its rounding error, and the rest of exp.
template <class V>
inline Pair<V> bounded_expm1(const V& x) {
  using C = ConstantsOf<V>;
  const Reduced<V> a = reduced(x);
  const V scale = power_of_two(a.k);
  const V straight = fused(scale, a.r, scale - V(1));
  const V error = fused(scale, a.r, (scale - V(1)) - straight);
  const V curved = fused(a.r * a.r, polynomial(a.r, C::kExp), a.tail);
  return fast_two_sum(straight, fused(scale, curved, error));
}

template <class V>
inline V expm1_lane(const V& x) {
  const auto bounded = x < V(80);
  const V y = xs::select(x == V(0), x, bounded_expm1(xs::max(V(-60), x)).high);
  if (xs::all(bounded)) [[likely]]
    return y;
  return xs::select(bounded, y, exp_lane(x));
}

/// x = 2^k (1 + f) for a positive normal x.
template <class V>
struct Split {
  V k, f;
};

template <class V>
inline Split<V> split(const V& x) {
  using C = ConstantsOf<V>;
  constexpr typename C::Bits kOne = C::kBias << C::kMantissa, kFraction = (typename C::Bits{1} << C::kMantissa) - 1;
  const BitsOf<V> shifted = bits_of(x) + (kOne - C::kRootHalf);
  const V integer = from_bits<V>((shifted >> C::kMantissa) | bits_of(V(C::kFromInteger)));
  const V mantissa = from_bits<V>((shifted & kFraction) + C::kRootHalf);
  return {integer - V(C::kFromInteger + static_cast<typename V::value_type>(C::kBias)), mantissa - V(1)};
}

/// log(2^k (1 + f))
template <class V>
inline V log_of(const Split<V>& x) {
  using C = ConstantsOf<V>;
  const V s = x.f / (V(2) + x.f);
  const V z = s * s;
  const V half_square = V(typename V::value_type(0.5)) * x.f * x.f;
  const V tail = fused(s, fused(z, polynomial(z, C::kLog), half_square), x.k * V(C::kLn2Low));
  return fused(x.k, V(C::kLn2High), x.f - (half_square - tail));
}

template <class V>
inline V log_lane(const V& x) {
  using C = ConstantsOf<V>;
  const auto usual = (x >= V(C::kSmallestNormal)) & (x <= V(C::kLargest));
  const V y = log_of(split(x));
  if (xs::all(usual)) [[likely]]
    return y;
  return xs::select(usual, y, sleef::log(x));  // an element's bits must not depend on its neighbours
}

/// log(1 + x) for finite x > -1. What 1 + x loses is put back into the fraction; where k is 0, x is the fraction.
template <class V>
inline V finite_log1p(const V& x) {
  const V sum = V(1) + x;
  const V lost = xs::select(x > V(1), V(1) - (sum - x), x - (sum - V(1)));
  const Split<V> whole = split(sum);
  const V fraction = fused(lost, power_of_two(xs::max(V(-100), -whole.k)), whole.f);
  return log_of(Split<V>{whole.k, xs::select(whole.k == V(0), x, fraction)});
}

/// log(1 + x) for x from 0 to 1. Denormal numbers take several times as long, so there are no powers of a tiny x, where
/// log(1 + x) is x.
template <class V>
inline V fraction_log1p(const V& x) {
  const V tiny(ConstantsOf<V>::kTiny);
  const V f = xs::max(tiny, x);
  const V s = f / (V(2) + f);
  const V z = s * s;
  const V half_square = V(typename V::value_type(0.5)) * f * f;
  const V y = f - (half_square - s * fused(z, chain(z, ConstantsOf<V>::kWideLog), half_square));
  return xs::select(x < tiny, x, y);
}

template <class V>
inline V log1p_lane(const V& x) {
  using C = ConstantsOf<V>;
  const V y = xs::select(x == V(0), x, finite_log1p(x));
  const auto usual = (x > V(-1)) & (x <= V(C::kLargest));
  if (xs::all(usual)) [[likely]]
    return y;
  const V infinity(static_cast<typename V::value_type>(__builtin_inf()));
  const V below = xs::select(x == V(-1), -infinity, V(static_cast<typename V::value_type>(__builtin_nan(""))));
  return xs::select(usual, y, xs::select(x <= V(-1), below, x));
}

}  // namespace xtape::detail::XTAPE_ISA
