// logsumexp, softmax and log_softmax, all without overflow.
#include <limits>

#include <xtape/ops.hpp>

#include "ops/reduction.hpp"
#include "ops/strong.hpp"

namespace xtape::detail {

namespace {

using Attributes = std::span<const std::int64_t>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// log(sum(exp(x - m))) + m with m the largest element, or 0 where that is infinite or NaN.
Var lower_logsumexp(std::span<const Var> inputs, Attributes attributes) {
  const Var& x = inputs[0];
  const Var largest = reduced(max_op, x, attributes);
  const Var shift = where(isfinite(largest), largest, 0);
  return log(reduced(sum_op, exp(x - spread(shift, x.shape(), attributes)), attributes)) + shift;
}

/// The partials are exp(x - y). Where y is infinite that is inf - inf: then k elements that are +inf get 1/k each, and
/// without one all get 0.
void logsumexp_vjp(Rule& rule) {
  const Var x = rule.x();
  const Shape from = x.shape();
  const std::int64_t attributes[] = {rule.attributes()[0], rule.attributes()[1]};
  const Var y = spread(rule.y(), from, attributes);
  const Var infinite = cast(equal(x, kInfinity), x.dtype());
  const Var share = strong_divide(infinite, spread(reduced(sum_op, infinite, attributes), from, attributes));
  const Var ordinary = exp(x - y);  // a statement each: the order of arguments is the compiler's
  const Var at_infinity = equal(abs(y), kInfinity);
  const Var partial = where(at_infinity, share, ordinary);
  rule.give(0, strong_multiply(spread(rule.cotangent, from, attributes), partial));
}

}  // namespace

extern constinit const Op logsumexp_op;
constinit const Op logsumexp_op{.name = "logsumexp",
                                .kind = OpKind::composite,
                                .vjp = logsumexp_vjp,
                                .lower = lower_logsumexp,
                                .describe = describe_axes};
XTAPE_LIST_OP(logsumexp_op);

namespace {

Var logsumexp_of(const Var& x, const AxisSet& chosen) {
  check_floating("logsumexp", x);
  const bool empty = reduced_size(x.shape(), chosen) == 0;
  return empty ? log(reduced(sum_op, x, chosen)) : reduced(logsumexp_op, x, chosen);
}

/// x less its largest element over the chosen axes, the exponentials of that, and their sums, all in the shape of x.
struct Shifted {
  Var exponents, exponentials, sums;
};

Shifted shifted(std::string_view op, const Var& x, const AxisSet& chosen) {
  check_floating(op, x);
  const Shape kept = kept_shape(x.shape(), chosen);
  const auto again = [&](const Var& value) { return broadcasted(reshaped(value, kept), x.shape()); };
  const bool empty = reduced_size(x.shape(), chosen) == 0;
  const auto shift = [&] {  // NaN where the largest is infinite, so that all results and gradients are
    const Var largest = stop_gradient(reduced(max_op, x, chosen));
    return again(largest + (largest - largest));
  };
  const Var exponents = empty ? x : x - shift();
  const Var exponentials = exp(exponents);
  return {exponents, exponentials, again(reduced(sum_op, exponentials, chosen))};
}

}  // namespace

}  // namespace xtape::detail

namespace xtape {

Var logsumexp(const Operand& x, const Axes& axes, bool keepdims) {
  return detail::record_reduction("logsumexp", x, axes, keepdims, detail::logsumexp_of);
}

Var softmax(const Operand& x, const Axes& axes) {
  return detail::record_reduction("softmax", x, axes, false, [](const Var& v, const detail::AxisSet& chosen) {
    const detail::Shifted parts = detail::shifted("softmax", v, chosen);
    return parts.exponentials / parts.sums;
  });
}

Var log_softmax(const Operand& x, const Axes& axes) {
  return detail::record_reduction("log_softmax", x, axes, false, [](const Var& v, const detail::AxisSet& chosen) {
    const detail::Shifted parts = detail::shifted("log_softmax", v, chosen);
    return parts.exponents - log(parts.sums);
  });
}

}  // namespace xtape
