// exp, log and what is made of them. xsimd's kernels are fast but lose results near the ends of the exponent range;
// vectors that reach there go through SLEEF (docs/numerics.md has the measurements).
#include "ops/elementwise.hpp"

#include "kernels/isa/sleef.hpp"

#ifdef XTAPE_ISA_BASELINE
#include "ops/partials.hpp"
#endif

namespace xtape::detail::XTAPE_ISA {

template <class V>
inline constexpr bool kDouble = sizeof(typename V::value_type) == 8;

/// exp(x) is normal for |x| below this.
template <class V>
inline constexpr auto kExpLimit = static_cast<typename V::value_type>(kDouble<V> ? 708 : 87);
template <class V>
inline constexpr auto kSmallestNormal = static_cast<typename V::value_type>(kDouble<V> ? 0x1p-1022 : 0x1p-126);

template <class V>
inline V exp_lane(V x) {
  const V y = xs::exp(x);
  if (xs::any(!(xs::abs(x) < V(kExpLimit<V>)))) [[unlikely]] return sleef::exp(x);
  return y;
}

template <class V>
inline V expm1_lane(V x) {
  const V y = xs::expm1(x);
  if (xs::any(!(x < V(kExpLimit<V>)))) [[unlikely]] return sleef::expm1(x);
  return xs::select(x == V(0), x, y);
}

template <class V>
inline V log_lane(V x) {
  const V y = xs::log(x);
  if (xs::any(!(x >= V(kSmallestNormal<V>)))) [[unlikely]] return sleef::log(x);
  return y;
}

/// Where exp(-x) would overflow, 1 + exp(-x) is exp(-x) to the last bit.
template <class V>
inline V sigmoid_lane(V x) {
  const V y = V(1) / (V(1) + xs::exp(-x));
  const auto tail = x < V(-kExpLimit<V>);
  if (xs::any(tail)) [[unlikely]] return xs::select(tail, sleef::exp(x), y);
  return y;
}

/// log(1 + exp(-|x|)), which is exp(-|x|) to the last bit where that is denormal.
template <class V>
inline V softplus_tail(V x) {
  const V magnitude = xs::abs(x);
  const V y = xs::log1p(xs::exp(-magnitude));
  const auto tail = !(magnitude < V(kExpLimit<V>));
  if (xs::any(tail)) [[unlikely]] return xs::select(tail, sleef::exp(-magnitude), y);
  return y;
}

/// max(z, 0) - z y is z (1 - y) or -z y, without cancellation and without inf - inf.
template <class V>
inline V bce_lane(V z, V y) {
  const V weight = xs::select(z > V(0), V(1) - y, -y);
  return xs::select(weight == V(0), V(0), z * weight) + softplus_tail(z);
}

}  // namespace xtape::detail::XTAPE_ISA

UNARY(exp,
      [](auto x) { return exp_lane(x); },
      [](auto, auto y) { return y; })

UNARY(expm1,
      [](auto x) { return expm1_lane(x); },
      [](auto x, auto) { return exp(x); })

UNARY(log,
      [](auto x) { return log_lane(x); },
      [](auto x, auto) { return 1 / x; })

UNARY(log1p,
      []<class V>(V x) { return xs::select(x == V(0), x, xs::log1p(x)); },
      [](auto x, auto) { return 1 / (1 + x); })

UNARY(tanh,
      [](auto x) { return xs::tanh(x); },
      [](auto, auto y) { return 1 - square(y); })

UNARY(sigmoid,
      [](auto x) { return sigmoid_lane(x); },
      [](auto, auto y) { return y * (1 - y); })

UNARY(softplus,
      []<class V>(V x) { return xs::select(x > V(0), x, V(0)) + softplus_tail(x); },
      [](auto x, auto) { return sigmoid(x); })

BINARY(bce_with_logits,
       [](auto z, auto y) { return bce_lane(z, y); },
       [](auto z, auto y, auto) { return sigmoid(z) - y; },
       [](auto z, auto, auto) { return -z; })
