// logsumexp, softmax and log_softmax, all without overflow.
#include "ops/logsumexp.hpp"

#include <limits>

#include <xtape/ops.hpp>

#include "ops/strong.hpp"

namespace xtape::detail {

namespace {

using Attributes = std::span<const std::int64_t>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// log(sum(exp(x - shift))). Its derivatives with respect to x take the shift as it is, whatever that depends on.
Var lower_excess(std::span<const Var> inputs, Attributes attributes) {
  const Var& x = inputs[0];
  const Var exponents = x - spread(inputs[1], x.shape(), attributes);
  return log(reduced(sum_op, exp(exponents), attributes));
}

/// The partials are exp(x - shift - y). Where y is infinite that is inf - inf: then k elements that are +inf get 1/k
/// each, and without one all get 0.
void excess_vjp(Rule& rule) {
  const Var x = rule.x(0);
  const Shape from = x.shape();
  const std::int64_t attributes[] = {rule.attributes()[0], rule.attributes()[1]};
  const Var y = spread(rule.y(), from, attributes);
  const Var infinite = cast(equal(x, kInfinity), x.dtype());
  const Var share = strong_divide(infinite, spread(reduced(sum_op, infinite, attributes), from, attributes));
  const Var exponents = x - spread(rule.x(1), from, attributes);
  const Var ordinary = exp(exponents - y);  // a statement each: the order of arguments is the compiler's
  const Var at_infinity = equal(abs(y), kInfinity);
  const Var partial = where(at_infinity, share, ordinary);
  rule.give(0, strong_multiply(spread(rule.cotangent, from, attributes), partial));
}

}  // namespace

extern constinit const Op logsumexp_excess_op;
constinit const Op logsumexp_excess_op{.name = "logsumexp_excess",
                                       .kind = OpKind::composite,
                                       .vjp = excess_vjp,
                                       .lower = lower_excess,
                                       .describe = describe_axes};
XTAPE_LIST_OP(logsumexp_excess_op);

namespace {

Var excess_over(const Var& shift, const Adjacent& block) {
  TapeState& state = VarAccess::state(shift);
  const NodeId inputs[] = {VarAccess::node(block.x), VarAccess::node(shift)};
  return VarAccess::make(state,
                         append(state, logsumexp_excess_op, shift.dtype(), shift.shape(), inputs, block.attributes));
}

}  // namespace

ShiftedLogSum shifted_logsumexp(const Var& x, const AxisSet& chosen) {
  if (reduced_size(x.shape(), chosen) == 0) {
    const Var nothing = reduced(sum_op, x, chosen);
    return {log(nothing), stop_gradient(nothing)};
  }
  const Adjacent block = adjacent(x, chosen);
  const Var largest = reduced(max_op, block.x, block.attributes);
  const Var shift = stop_gradient(where(isfinite(largest), largest, 0));
  return {excess_over(shift, block), shift};
}

namespace {

Var logsumexp_of(const Var& x, const AxisSet& chosen) {
  check_floating("logsumexp", x);
  const ShiftedLogSum parts = shifted_logsumexp(x, chosen);
  return parts.excess + parts.shift;
}

/// x less its largest element over the chosen axes, the exponentials of that, and their sums over these axes, which are
/// kept with extent 1.
struct Shifted {
  Var exponents, exponentials, sums;
};

Shifted shifted(std::string_view op, const Var& x, const AxisSet& chosen) {
  check_floating(op, x);
  const Shape kept = kept_shape(x.shape(), chosen);
  const bool empty = reduced_size(x.shape(), chosen) == 0;
  const auto shift = [&] {  // NaN where the largest is infinite, so that all results and gradients are
    const Var largest = stop_gradient(reduced(max_op, x, chosen));
    return broadcasted(reshaped(largest + (largest - largest), kept), x.shape());
  };
  const Var exponents = empty ? x : x - shift();
  const Var exponentials = exp(exponents);
  return {exponents, exponentials, reshaped(reduced(sum_op, exponentials, chosen), kept)};
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
    return parts.exponentials / detail::broadcasted(parts.sums, v.shape());
  });
}

Var log_softmax(const Operand& x, const Axes& axes) {
  return detail::record_reduction("log_softmax", x, axes, false, [](const Var& v, const detail::AxisSet& chosen) {
    const detail::Shifted parts = detail::shifted("log_softmax", v, chosen);
    return parts.exponents - detail::broadcasted(log(parts.sums), v.shape());
  });
}

}  // namespace xtape
