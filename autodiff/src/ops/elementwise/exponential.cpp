// exp, log and what is made of them.
#include "ops/elementwise.hpp"

#include "kernels/isa/exp_log.hpp"

#ifdef XTAPE_ISA_BASELINE
#include "ops/partials.hpp"
#endif

namespace xtape::detail::XTAPE_ISA {

/// (tanh(x) / x - 1) / x^2 as a polynomial in x^2, for |x| < kSmallTanh: a minimax fit.
inline constexpr float kSmallTanh = 0.625F;
inline constexpr float kTanh[] = {-0x1.555532p-2F, 0x1.110726p-3F, -0x1.b83c5ap-5F, 0x1.52269ap-6F, -0x1.75e1cap-8F};

/// float32: the polynomial, or 1 - 2 / (1 + exp(2 |x|)), whose subtraction costs little where y is above 1/2.
inline xs::batch<float> tanh_lane(const xs::batch<float>& x) {
  using V = xs::batch<float>;
  const V size = xs::abs(x), square = x * x;
  const V small = fused(square * polynomial(square, kTanh), size, size);
  const Reduced<V> a = reduced(xs::min(V(20), size + size));
  const V e = scaled(V(1) + fused(a.r * a.r, polynomial(a.r, Constants<float>::kExp), a.r), a.k);
  return xs::select(size < V(kSmallTanh), small, V(1) - V(2) / (V(1) + e)) | (x & V(-0.0F));
}

/// float64: y = t / (2 + t) with t = exp(2 |x|) - 1, corrected for the rounding of t and 2 + t where that
/// counts: 1 / (2 + t) is (1 - y) / 2.
inline xs::batch<double> tanh_lane(const xs::batch<double>& x) {
  using V = xs::batch<double>;
  const V half(0.5), sign(-0.0);
  const Pair<V> t = bounded_expm1(xs::min(V(40), V(2) * xs::abs(x)));
  const V sum = V(2) + t.high;
  const V y = t.high / sum;
  const V lost = t.low - y * (t.high - (sum - V(2)));
  return fused(xs::select(t.high < V(2), lost, V(0)), half - half * y, y) | (x & sign);
}

/// 1 / (1 + e) or e / (1 + e) with e = exp(-|x|), which never overflows.
template <class V>
inline V sigmoid_lane(const V& x) {
  const V e = exp_lane(-xs::abs(x));
  return xs::select(x < V(0), e, V(1)) / (V(1) + e);
}

/// log(1 + exp(-|x|))
template <class V>
inline V softplus_tail(const V& x) {
  return fraction_log1p(exp_lane(-xs::abs(x)));
}

/// max(z, 0) - z y is z (1 - y) or -z y, without cancellation and without inf - inf.
template <class V>
inline V bce_lane(const V& z, const V& y) {
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
      [](auto x) { return log1p_lane(x); },
      [](auto x, auto) { return 1 / (1 + x); })

UNARY(tanh,
      [](auto x) { return tanh_lane(x); },
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

#ifdef XTAPE_ISA_BASELINE
namespace xtape {
Var log_sigmoid(const Operand& x) {
  return detail::record_composite("log_sigmoid", [](const Var& v) {
    detail::check_floating("log_sigmoid", v);
    return -softplus(-v);
  }, x);
}
}  // namespace xtape
#endif
