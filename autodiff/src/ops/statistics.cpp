// var, std, median and quantile.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/norm.hpp"
#include "ops/reduction.hpp"
#include "ops/strong.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

namespace {

using Attributes = std::span<const std::int64_t>;

/// `exact` in value where x is finite, x in its derivatives.
Var corrected(const Var& x, const Var& exact) {
  const Var difference = exact - x;
  return x + stop_gradient(where(isfinite(x), difference, 0));
}

/// The power of 2 above x, to divide by without rounding.
double power_above(double x) {
  int exponent = 0;
  std::frexp(x, &exponent);
  return std::ldexp(1.0, exponent);
}

/// x less its mean. The sum is one of x / 2^k with 2^k > n: it has the same bits, and does not overflow. Where all
/// elements are equal, the mean is rounded to them, so that their deviations are exactly 0.
Var deviations(const Var& x, Attributes attributes) {
  const Shape shape = x.shape();
  const auto size = static_cast<double>(reduced_size(shape, attributes));
  const double power = power_above(size);
  const Var share = reduced(sum_op, x * (1 / power), attributes);
  const Var mean = share / (size / power);
  const Var lowest = reduced(min_op, x, attributes);
  const Var highest = reduced(max_op, x, attributes);
  const Var nearest = minimum(maximum(mean, lowest), highest);
  return x - spread(corrected(mean, nearest), shape, attributes);
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
  const double root = std::sqrt(static_cast<double>(freedom)), power = power_above(root);
  const Var scaled = deviations(block.x, block.attributes) * (1 / power);
  return reduced(norm2_op, scaled, block.attributes) / (root / power);
}

/// The weighted mean of two values, which rounding does not take beyond them.
Var between(const Var& lower, const Var& upper, double weight) {
  const Var lower_part = (1 - weight) * lower;
  const Var mean = lower_part + weight * upper;
  return corrected(mean, minimum(maximum(mean, lower), upper));
}

/// The element at a fractional position of each row, the weighted mean of the two beside it; NaN if any is.
Var interpolated(const Var& sorted, double position) {
  const std::size_t axis = sorted.rank() - 1;
  const std::int64_t last = sorted.shape()[axis] - 1;
  const std::int64_t below = std::min(static_cast<std::int64_t>(position), last);
  const double weight = position - static_cast<double>(below);
  const Var lower = sliced(sorted, axis, below, 1);
  const Var largest = sliced(sorted, axis, last, 1);
  const Var element = weight == 0 ? lower : between(lower, sliced(sorted, axis, below + 1, 1), weight);
  return where(equal(largest, largest), element, largest);
}

void check_probability(std::string_view op, double q) {
  if (!(q >= 0 && q <= 1)) fail<ValueError>(op, "q must be in [0, 1], is ", q);
}

/// The rows that quantiles are taken of, in ascending order.
Var sorted_rows(std::string_view op, const Var& x, const AxisSet& chosen) {
  check_floating(op, x);
  const Var rows = merged_last(x, chosen);
  if (rows.shape().back() == 0) fail<ShapeError>(op, "there is no element to choose from in ", x.shape());
  return sort(rows);
}

Var quantile_of(const Var& sorted, double q) {
  const Shape shape = sorted.shape();
  const double position = q * static_cast<double>(shape.back() - 1);
  return reshaped(interpolated(sorted, position), Shape(std::span(shape.begin(), shape.rank() - 1)));
}

Var record_quantile(std::string_view op, const Operand& x, double q, const Axes& axes, bool keepdims) {
  check_probability(op, q);
  return record_reduction(op, x, axes, keepdims, [=](const Var& v, const AxisSet& chosen) {
    return quantile_of(sorted_rows(op, v, chosen), q);
  });
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
  return detail::record_quantile("median", x, 0.5, axes, keepdims);
}

Var quantile(const Operand& x, double q, const Axes& axes, bool keepdims) {
  return detail::record_quantile("quantile", x, q, axes, keepdims);
}

Var quantile(const Operand& x, const std::vector<double>& q, const Axes& axes, bool keepdims) {
  if (q.empty()) detail::fail<ValueError>("quantile", "there is no q");
  for (double one : q) detail::check_probability("quantile", one);
  return detail::record_composite(
      "quantile",
      [&](const Var& v) {
        const detail::AxisSet chosen = detail::chosen_axes("quantile", axes, v.rank());
        const Var sorted = detail::sorted_rows("quantile", v, chosen);
        const Shape kept = detail::kept_shape(v.shape(), chosen);
        std::vector<Var> quantiles;
        for (double one : q) {
          const Var result = detail::quantile_of(sorted, one);
          quantiles.push_back(keepdims ? detail::reshaped(result, kept) : result);
        }
        return stack(quantiles);
      },
      x);
}

}  // namespace xtape
