// var, std, median and quantile.
#include <algorithm>
#include <cmath>
#include <limits>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/norm.hpp"
#include "ops/reduction.hpp"
#include "ops/strong.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

namespace {

using Attributes = std::span<const std::int64_t>;

/// x less its mean. Where all elements are equal, the mean is rounded to them, so that their deviations are exactly 0.
Var deviations(const Var& x, Attributes attributes) {
  const Shape shape = x.shape();
  const Var mean = reduced(sum_op, x, attributes) / reduced_size(shape, attributes);
  const Var lowest = reduced(min_op, x, attributes);
  const Var highest = reduced(max_op, x, attributes);
  const Var nearest = minimum(maximum(mean, lowest), highest);
  const Var center = mean + stop_gradient(nearest - mean);
  return x - spread(center, shape, attributes);
}

Var lower_squared_deviations(std::span<const Var> inputs, Attributes attributes) {
  return reduced(sum_op, square(deviations(inputs[0], attributes)), attributes);
}

/// The mean is where the sum of squares is least, so that it adds nothing to the first derivative.
void squared_deviations_vjp(Rule& rule) {
  const Var x = rule.x();
  const std::int64_t attributes[] = {rule.attributes()[0], rule.attributes()[1]};
  const Var partial = 2 * deviations(x, attributes);
  rule.give(0, strong_multiply(spread(rule.cotangent, x.shape(), attributes), partial));
}

}  // namespace

extern constinit const Op squared_deviations_op;
constinit const Op squared_deviations_op{.name = "squared_deviations",
                                         .kind = OpKind::composite,
                                         .vjp = squared_deviations_vjp,
                                         .lower = lower_squared_deviations,
                                         .describe = describe_axes};
XTAPE_LIST_OP(squared_deviations_op);

namespace {

/// NaN, and a gradient of NaN.
Var undefined(const Var& x, const AxisSet& chosen) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  return reduced(sum_op, x * kNaN, chosen) + kNaN;
}

Var var_of(const Var& x, int ddof, const AxisSet& chosen) {
  check_floating("var", x);
  const std::int64_t freedom = reduced_size(x.shape(), chosen) - ddof;
  if (freedom <= 0) return undefined(x, chosen);
  const Adjacent block = adjacent(x, chosen);
  return reduced(squared_deviations_op, block.x, block.attributes) / freedom;
}

Var std_of(const Var& x, int ddof, const AxisSet& chosen) {
  check_floating("std", x);
  const std::int64_t freedom = reduced_size(x.shape(), chosen) - ddof;
  if (freedom <= 0) return undefined(x, chosen);
  const Adjacent block = adjacent(x, chosen);
  const Var length = reduced(norm2_op, deviations(block.x, block.attributes), block.attributes);
  return length / std::sqrt(static_cast<double>(freedom));
}

/// The element at a fractional position of each row, the weighted mean of the two beside it; NaN if any is.
Var interpolated(const Var& sorted, double position) {
  const std::size_t axis = sorted.rank() - 1;
  const std::int64_t last = sorted.shape()[axis] - 1;
  const std::int64_t below = std::min(static_cast<std::int64_t>(position), last);
  const double weight = position - static_cast<double>(below);
  const Var lower = sliced(sorted, axis, below, 1);
  const Var largest = sliced(sorted, axis, last, 1);
  if (weight == 0) return where(equal(largest, largest), lower, largest);
  const Var upper = sliced(sorted, axis, below + 1, 1);
  const Var lower_part = (1 - weight) * lower;
  const Var upper_part = weight * upper;
  return where(equal(largest, largest), lower_part + upper_part, largest);
}

Var quantile_of(std::string_view op, const Var& x, double q, const AxisSet& chosen) {
  check_floating(op, x);
  if (!(q >= 0 && q <= 1)) fail<ValueError>(op, "q must be in [0, 1], is ", q);
  const Var rows = merged_last(x, chosen);
  const Shape shape = rows.shape();
  if (shape.back() == 0) fail<ShapeError>(op, "there is no element to choose from in ", x.shape());
  const double position = q * static_cast<double>(shape.back() - 1);
  return reshaped(interpolated(sort(rows), position), Shape(std::span(shape.begin(), shape.rank() - 1)));
}

}  // namespace

}  // namespace xtape::detail

namespace xtape {

Var var(const Operand& x, const Axes& axes, int ddof, bool keepdims) {
  return detail::record_reduction("var", x, axes, keepdims, [ddof](const Var& v, const detail::AxisSet& chosen) {
    return detail::var_of(v, ddof, chosen);
  });
}

Var std(const Operand& x, const Axes& axes, int ddof, bool keepdims) {
  return detail::record_reduction("std", x, axes, keepdims, [ddof](const Var& v, const detail::AxisSet& chosen) {
    return detail::std_of(v, ddof, chosen);
  });
}

Var median(const Operand& x, const Axes& axes, bool keepdims) {
  return detail::record_reduction("median", x, axes, keepdims, [](const Var& v, const detail::AxisSet& chosen) {
    return detail::quantile_of("median", v, 0.5, chosen);
  });
}

Var quantile(const Operand& x, double q, const Axes& axes, bool keepdims) {
  return detail::record_reduction("quantile", x, axes, keepdims, [q](const Var& v, const detail::AxisSet& chosen) {
    return detail::quantile_of("quantile", v, q, chosen);
  });
}

}  // namespace xtape
