// norm, of any order, without overflow.
#include <cmath>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/norm.hpp"
#include "ops/strong.hpp"

namespace xtape::detail {

namespace {

using Attributes = std::span<const std::int64_t>;

/// The extreme magnitude to divide by, or 1 where that is 0, infinite or NaN.
Var scale_of(const Var& magnitudes, const Op& extremum, Attributes attributes) {
  const Var extreme = stop_gradient(reduced(extremum, magnitudes, attributes));
  const Var positive = greater(extreme, 0);
  const Var usable = logical_and(positive, isfinite(extreme));
  return where(usable, extreme, 1);
}

Var lower_norm2(std::span<const Var> inputs, Attributes attributes) {
  const Var& x = inputs[0];
  const Var scale = scale_of(abs(x), max_op, attributes);
  const Var scaled = x / spread(scale, x.shape(), attributes);
  return scale * sqrt(reduced(sum_op, square(scaled), attributes));
}

/// The partials are x / y, and 0 for the zero vector.
void norm2_vjp(Rule& rule) {
  const Var x = rule.x();
  const Shape from = x.shape();
  const std::int64_t attributes[] = {rule.attributes()[0], rule.attributes()[1]};
  const Var partial = strong_divide(x, spread(rule.y(), from, attributes));
  rule.give(0, strong_multiply(spread(rule.cotangent, from, attributes), partial));
}

}  // namespace

constinit const Op norm2_op{
    .name = "norm2", .kind = OpKind::composite, .vjp = norm2_vjp, .lower = lower_norm2, .describe = describe_axes};
XTAPE_LIST_OP(norm2_op);

namespace {

/// sum(|x|^p)^(1/p). It is homogeneous, so the scale counts as a constant.
Var norm_p(const Adjacent& block, double order) {
  const Var magnitudes = abs(block.x);
  const Var scale = scale_of(magnitudes, order > 0 ? max_op : min_op, block.attributes);
  const Var scaled = magnitudes / spread(scale, block.x.shape(), block.attributes);
  const Var sum = reduced(sum_op, power(scaled, order), block.attributes);
  return scale * power(sum, 1 / order);
}

Var norm_of(const Var& x, double order, const AxisSet& chosen) {
  check_floating("norm", x);
  if (std::isnan(order)) fail<ValueError>("norm", "the order is NaN");
  if (std::isinf(order) && reduced_size(x.shape(), chosen) == 0)
    fail<ShapeError>("norm", "there is no element to choose from in ", x.shape());
  if (order == 0) return reduced(sum_op, cast(cast(x, DType::boolean), x.dtype()), chosen);
  if (order == 1) return reduced(sum_op, abs(x), chosen);
  if (std::isinf(order)) return reduced(order > 0 ? max_op : min_op, abs(x), chosen);
  const Adjacent block = adjacent(x, chosen);
  return order == 2 ? reduced(norm2_op, block.x, block.attributes) : norm_p(block, order);
}

}  // namespace

}  // namespace xtape::detail

namespace xtape {

Var norm(const Operand& x, double ord, const Axes& axes, bool keepdims) {
  return detail::record_reduction("norm", x, axes, keepdims, [ord](const Var& v, const detail::AxisSet& chosen) {
    return detail::norm_of(v, ord, chosen);
  });
}

}  // namespace xtape
