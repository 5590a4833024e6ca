// Hyperbolic functions and their inverses; tanh is beside exp.
#include "ops/elementwise.hpp"

#include "kernels/isa/exp_log.hpp"

namespace xtape::detail::XTAPE_ISA {

template <class V>
inline V sign_bit(const V& x) {
  return x & V(typename V::value_type(-0.0));
}

/// exp(x) / 2, which is finite a little longer than exp(x).
template <class V>
inline V half_exp(const V& x) {
  using C = ConstantsOf<V>;
  Reduced<V> a = reduced(xs::min(V(C::kClamp), x));
  a.k -= V(1);
  return exp_of(a);
}

/// (t + t / (1 + t)) / 2 with t = exp(|x|) - 1, and half of exp(|x|) where the rest of it is lost.
template <class V>
inline V sinh_lane(const V& x) {
  const V half(typename V::value_type(0.5)), size = xs::abs(x);
  const Pair<V> t = bounded_expm1(xs::min(V(40), size));
  const V share = t.high / (V(1) + t.high);
  const V y = half * (t.high + (share + t.low));
  return xs::select(size < V(22), xs::select(size == V(0), size, y), half_exp(size)) | sign_bit(x);
}

template <class V>
inline V cosh_lane(const V& x) {
  const V e = half_exp(xs::abs(x));
  return e + V(typename V::value_type(0.25)) / e;
}

/// Beyond 2^28, or 2^14 in float32, asinh and acosh are log(2 x) to the last place; SLEEF squares, and overflows.
template <class V>
inline V log_twice(const V& x) {
  return log_lane(x) + V(static_cast<typename V::value_type>(0x1.62e42fefa39efp-1));
}

template <class V>
inline V asinh_lane(const V& x) {
  const V limit(sizeof(typename V::value_type) == 8 ? 0x1p28 : 0x1p14), size = xs::abs(x);
  const V y = sleef::asinh(size);
  const auto large = size > limit;
  if (!xs::any(large)) [[likely]]
    return y | sign_bit(x);
  return xs::select(large, log_twice(size), y) | sign_bit(x);
}

template <class V>
inline V acosh_lane(const V& x) {
  const V limit(sizeof(typename V::value_type) == 8 ? 0x1p28 : 0x1p14);
  const V y = sleef::acosh(x);
  const auto large = x > limit;
  if (!xs::any(large)) [[likely]]
    return y;
  return xs::select(large, log_twice(x), y);
}

}  // namespace xtape::detail::XTAPE_ISA

UNARY(sinh,
      [](auto x) { return sinh_lane(x); },
      [](auto x, auto) { return cosh(x); })

UNARY(cosh,
      [](auto x) { return cosh_lane(x); },
      [](auto x, auto) { return sinh(x); })

UNARY(asinh,
      [](auto x) { return asinh_lane(x); },
      [](auto x, auto) { return 1 / hypot(x, 1); })

// The square root of x^2 - 1 in two factors: it does not overflow, and is NaN on either side of the domain.
UNARY(acosh,
      [](auto x) { return acosh_lane(x); },
      [](auto x, auto) { return rsqrt(x - 1) * rsqrt(x + 1); })

UNARY(atanh,
      [](auto x) { return sleef::atanh(x); },
      [](auto x, auto) { return 1 / ((1 - x) * (1 + x)); })
