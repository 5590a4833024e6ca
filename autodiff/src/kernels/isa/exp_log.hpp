// exp, expm1, log and log1p on batches: right over the whole range, denormals and the overflow edge included, and
// without a branch but for the special arguments of logarithms. Reductions are Cody and Waite's, log's formula in
// float64 is fdlibm's (Sun Microsystems, 1993); the polynomials are minimax fits made for these intervals. Products and
// sums are fused where the machine can, by name, so that rounding does not depend on the compiler.
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
  static constexpr Bits kBias = 1023, kLeastFraction = 0x3fe6a09e667f3bcd;  ///< the root of 1/2
  static constexpr double kRound = 0x1.8p52;      ///< adding it leaves the nearest integer in the low bits
  static constexpr double kFromInteger = 0x1p52;  ///< its bits or'ed with a small integer's are their sum
  static constexpr double kLog2E = 0x1.71547652b82fep+0;
  static constexpr double kLn2High = 0x1.62e42fee00000p-1, kLn2Low = 0x1.a39ef35793c76p-33;
  static constexpr double kClamp = 760;     ///< exp is 0 or inf beyond
  static constexpr double kTiny = 0x1p-56;  ///< log(1 + x) rounds to x below
  static constexpr double kSmallestNormal = 0x1p-1022, kLargest = 0x1.fffffffffffffp1023;
  /// (exp(r) - 1 - r) / r^2 for |r| <= log(2) / 2
  static constexpr double kExp[] = {0x1.000000000000ap-1,  0x1.55555555554fap-3,  0x1.555555555087cp-5,
                                    0x1.1111111127beap-7,  0x1.6c16c1842a18fp-10, 0x1.a01a012a559b1p-13,
                                    0x1.a0199a0c5affdp-16, 0x1.71df255761396p-19, 0x1.28ad72d3fa16fp-22,
                                    0x1.ad7f6655530e7p-26};
  /// (log(1 + f) / s - 2) / z with s = f / (2 + f), z = s^2, for 1 + f between the roots of 1/2 and 2
  static constexpr double kLog[] = {0x1.5555555555592p-1, 0x1.999999997ff09p-2, 0x1.24924941e2cb2p-2,
                                    0x1.c71c5212c7ffcp-3, 0x1.74663d4d646c6p-3, 0x1.39a1ddbc2863fp-3,
                                    0x1.2f04365810685p-3};
  /// The same for f from 0 to 1
  static constexpr double kWideLog[] = {
      0x1.5555555555555p-1, 0x1.999999999a458p-2, 0x1.24924923cd09dp-2, 0x1.c71c727685a28p-3, 0x1.745cefbca1ed3p-3,
      0x1.3b18cb76cad2bp-3, 0x1.10aaf8b4a3295p-3, 0x1.ebaaf32c24fbp-4,  0x1.67fa7ec92fc06p-4, 0x1.4b8a6d4e58ae6p-3};
};

template <>
struct Constants<float> {
  using Bits = std::uint32_t;
  static constexpr int kMantissa = 23;
  static constexpr Bits kBias = 127, kLeastFraction = 0x3f400000;  ///< 3/4
  static constexpr float kRound = 0x1.8p23f, kFromInteger = 0x1p23f;
  static constexpr float kLog2E = 0x1.715476p+0f;
  static constexpr float kLn2High = 0x1.63p-1f, kLn2Low = -0x1.bd0106p-13f, kLn2 = 0x1.62e43p-1f;
  static constexpr float kClamp = 110;
  static constexpr float kTiny = 0x1p-27F;
  static constexpr float kSmallestNormal = 0x1p-126f, kLargest = 0x1.fffffep127f;
  static constexpr float kExp[] = {0x1.fffffcp-2f, 0x1.555492p-3f, 0x1.5558f2p-5f, 0x1.1239e2p-7f, 0x1.6a247ap-10f};
  /// (log(1 + f) - f) / f^2 for f from -1/4 to 1/2
  static constexpr float kLog[] = {-0x1p-1f,      0x1.5555a6p-2f,  -0x1.000024p-2f, 0x1.99685ap-3f, -0x1.54f23ep-3f,
                                   0x1.2897bp-3f, -0x1.0d9008p-3f, 0x1.abf70ep-4f,  -0x1.6fe6f8p-5f};
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

/// `Count` coefficients from the given one on: pairs by Horner's rule in x^2, so that few products wait for each other
/// and a small x has no denormal powers but its square.
template <std::size_t Count, class V>
inline V polynomial(const V& x, const typename V::value_type* coefficients) {
  if constexpr (Count == 1) {
    return V(coefficients[0]);
  } else {
    const V pair = fused(x, V(coefficients[1]), V(coefficients[0]));
    if constexpr (Count == 2) return pair;
    else return fused(polynomial<Count - 2>(x, coefficients + 2), x * x, pair);
  }
}
template <class V, class T, std::size_t Count>
inline V polynomial(const V& x, const T (&coefficients)[Count]) {
  return polynomial<Count>(x, static_cast<const T*>(coefficients));
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
inline V exp_of(const Reduced<V>& x) {
  return scaled(V(1) + fused(x.r * x.r, polynomial(x.r, ConstantsOf<V>::kExp), x.r), x.k);
}

// Where one operand is NaN, the hardware's min and max give their second.
template <class V>
inline V exp_lane(const V& x) {
  const V limit(ConstantsOf<V>::kClamp);
  return exp_of(reduced(xs::max(-limit, xs::min(limit, x))));
}

/// exp(-|x|)
template <class V>
inline V decay_lane(const V& x) {
  return exp_of(reduced(xs::max(V(-ConstantsOf<V>::kClamp), x | V(typename V::value_type(-0.0)))));
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

/// x = 2^k y with y from the least fraction to its double, for a positive normal x; less `bits`, the bits of a number
/// are those of its quotient by 2^k.
template <class V>
struct Exponent {
  V k;
  BitsOf<V> bits;
};

template <class V>
inline Exponent<V> exponent_of(const V& x) {
  using C = ConstantsOf<V>;
  constexpr typename C::Bits kOne = C::kBias << C::kMantissa, kFraction = (typename C::Bits{1} << C::kMantissa) - 1;
  const BitsOf<V> shifted = bits_of(x) + (kOne - C::kLeastFraction);
  const V integer = from_bits<V>((shifted >> C::kMantissa) | bits_of(V(C::kFromInteger)));
  return {integer - V(C::kFromInteger + static_cast<typename V::value_type>(C::kBias)), (shifted & ~kFraction) - kOne};
}

/// x = 2^k (1 + f)
template <class V>
struct Split {
  V k, f;
};

template <class V>
inline Split<V> split(const V& x) {
  const Exponent<V> exponent = exponent_of(x);
  return {exponent.k, from_bits<V>(bits_of(x) - exponent.bits) - V(1)};
}

/// 1 + x for x > -1: f is x / 2^k + (2^-k - 1), of which nothing is lost before the sum.
template <class V>
inline Split<V> split_after(const V& x) {
  const Exponent<V> exponent = exponent_of(V(1) + x);
  const V four_times = from_bits<V>(bits_of(V(4)) - exponent.bits);  // 2^-k itself may be denormal
  const V less = fused(four_times, V(typename V::value_type(0.25)), V(-1));
  return {exponent.k, from_bits<V>(bits_of(x) - exponent.bits) + less};
}

/// log(2^k (1 + f))
inline xs::batch<float> log_of(const Split<xs::batch<float>>& x) {
  using V = xs::batch<float>;
  const V y = fused(x.f * x.f, polynomial(x.f, Constants<float>::kLog), x.f);
  return fused(x.k, V(Constants<float>::kLn2), y);
}

/// log(1 + f) = f - s (f - z P(z)), whose product is small, and so are its errors.
inline xs::batch<double> log_of(const Split<xs::batch<double>>& x) {
  using V = xs::batch<double>;
  using C = Constants<double>;
  const V s = x.f / (V(2) + x.f);
  const V z = s * s;
  const V rest = fused(-z, polynomial(z, C::kLog), x.f);
  return fused(x.k, V(C::kLn2High), x.f - fused(s, rest, x.k * V(-C::kLn2Low)));
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

/// log(1 + x) for x from 0 to 1. Denormal numbers take several times as long, so there is no square of a tiny x, where
/// log(1 + x) is x.
template <class V>
inline V fraction_log1p(const V& x) {
  const V tiny(ConstantsOf<V>::kTiny);
  const V f = xs::max(tiny, x);
  const V s = f / (V(2) + f);
  const V z = s * s;
  const V y = fused(-s, fused(-z, polynomial(z, ConstantsOf<V>::kWideLog), f), f);
  return xs::select(x < tiny, x, y);
}

template <class V>
inline V log1p_lane(const V& x) {
  using C = ConstantsOf<V>;
  const V y = log_of(split_after(x)) | (x & V(typename V::value_type(-0.0)));  // of -0, too
  const auto usual = (x > V(-1)) & (x <= V(C::kLargest));
  if (xs::all(usual)) [[likely]]
    return y;
  const V infinity(static_cast<typename V::value_type>(__builtin_inf()));
  const V below = xs::select(x == V(-1), -infinity, V(static_cast<typename V::value_type>(__builtin_nan(""))));
  return xs::select(usual, y, xs::select(x <= V(-1), below, x));
}

}  // namespace xtape::detail::XTAPE_ISA
