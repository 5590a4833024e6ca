// exp, log and what is made of them.
#include "ops/elementwise.hpp"

#include <iterator>

#include "kernels/isa/exp_log.hpp"

#ifdef XTAPE_ISA_BASELINE
#include "ops/fused.hpp"
#include "ops/partials.hpp"
#endif

namespace xtape::detail::XTAPE_ISA {

/// (exp(2 r) - 1 - 2 r) / (2 r^2)
template <class T>
struct HalfOfExpm1 {
  static constexpr std::size_t kCount = std::size(Constants<T>::kExp);
  T coefficients[kCount];
  constexpr HalfOfExpm1() : coefficients{} {
    T power = 2;
    for (std::size_t i = 0; i < kCount; ++i, power += power) coefficients[i] = power * Constants<T>::kExp[i];
  }
};
template <class T>
inline constexpr HalfOfExpm1<T> kHalfOfExpm1;

/// y = h / (1 + h) with h = (exp(2 |x|) - 1) / 2 = 2^k g + (2^k - 1) / 2, where |x| = k log(2) / 2 + r and
/// g = (exp(2 r) - 1) / 2; where h is small, y = h - h y has less error than the quotient.
template <class V>
inline V tanh_lane(const V& x) {
  using C = ConstantsOf<V>;
  using T = typename V::value_type;
  const V size = xs::min(V(20), xs::abs(x)), half(T(0.5));
  const V rounded = fused(size, V(2 * C::kLog2E), V(C::kRound)), k = rounded - V(C::kRound);
  const V high = fused(k, V(-C::kLn2High / 2), size), low = k * V(-C::kLn2Low / 2), r = high + low;
  const V rest = fused(r * r, polynomial(r, kHalfOfExpm1<T>.coefficients), low);  // of g, without `high`
  const V scale = from_bits<V>((bits_of(rounded) + C::kBias) << C::kMantissa);
  const V h = fused(scale, rest, fused(scale, high, fused(scale, half, -half)));
  const V y = h / (V(1) + h);
  return xs::select(h < V(1), fused(-h, y, h), y) | (x & V(T(-0.0)));
}

// With e = exp(-|x|), which never overflows.

/// 1 / (1 + e) or e / (1 + e)
template <class V>
inline V sigmoid_from(const V& x, const V& e) {
  return xs::select(x < V(0), e, V(1)) / (V(1) + e);
}

template <class V>
inline V softplus_from(const V& x, const V& e) {
  return xs::select(x > V(0), x, V(0)) + fraction_log1p(e);
}

/// max(z, 0) - z y is z (1 - y) or -z y, without cancellation and without inf - inf.
template <class V>
inline V bce_from(const V& z, const V& y, const V& e) {
  const V weight = xs::select(z > V(0), V(1) - y, -y);
  return xs::select(weight == V(0), V(0), z * weight) + fraction_log1p(e);
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
      [](auto x) { return log1p_lane(x); },
      [](auto x, auto) { return 1 / (1 + x); })

UNARY(tanh,
      [](auto x) { return tanh_lane(x); },
      [](auto, auto y) { return 1 - square(y); })

UNARY(sigmoid,
      [](auto x) { return sigmoid_from(x, decay_lane(x)); },
      [](auto, auto y) { return y * (1 - y); })

UNARY(softplus,
      [](auto x) { return softplus_from(x, decay_lane(x)); },
      [](auto x, auto) { return sigmoid(x); })

BINARY(bce_with_logits,
       [](auto z, auto y) { return bce_from(z, y, decay_lane(z)); },
       [](auto z, auto y, auto) { return sigmoid(z) - y; },
       [](auto z, auto, auto) { return -z; })

FUSED(decay, 1, [](auto x) { return decay_lane(x); })
FUSED(sigmoid_of_decay, 2, [](auto x, auto e) { return sigmoid_from(x, e); })
FUSED(softplus_of_decay, 2, [](auto x, auto e) { return softplus_from(x, e); })
FUSED(bce_of_decay, 3, [](auto z, auto y, auto e) { return bce_from(z, y, e); })

#ifdef XTAPE_ISA_BASELINE
namespace xtape::detail {
namespace {

constexpr Expansion kExpansions[] = {{&bce_with_logits_op, &decay_op, &bce_of_decay_op, true},
                                     {&softplus_op, &decay_op, &softplus_of_decay_op, true},
                                     {&sigmoid_op, &decay_op, &sigmoid_of_decay_op, false}};

}  // namespace

std::span<const Expansion> expansions() { return kExpansions; }

}  // namespace xtape::detail

namespace xtape {
Var log_sigmoid(const Operand& x) {
  return detail::record_composite("log_sigmoid", [](const Var& v) {
    detail::check_floating("log_sigmoid", v);
    return -softplus(-v);
  }, x);
}
}  // namespace xtape
#endif
