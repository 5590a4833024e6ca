// Normalizations: deviations from the mean, over the root of the variance, by weight and bias.
#include <limits>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/neural/layer.hpp"
#include "ops/reduction.hpp"

namespace xtape {

namespace {

using detail::AxisSet;
using detail::fail;
using detail::Layer;
using detail::reshaped;

void check_epsilon(std::string_view op, double eps) {
  if (!(eps >= 0)) fail<ValueError>(op, "eps is ", eps, ", it must be 0 or more");
}

/// An operand of a layer, if it is given, must have this shape.
void check_shape(std::string_view op, std::string_view what, const std::optional<Var>& operand, const Shape& wanted,
                 const Shape& x) {
  if (operand && operand->shape() != wanted)
    fail<ShapeError>(op, what, " is ", operand->shape(), ", it must be ", wanted, ": x is ", x);
}

Var inverse_deviation(const Var& variance, double eps) { return 1 / sqrt(variance + eps); }

/// A mean, rounded to its elements where all are equal, so that their deviations from it are exactly 0; `over` reduces
/// x. What is rounded off has no gradient.
template <class Over>
Var center_of(const Var& x, const Var& mean, Over over) {
  if (x.size() == 0) return mean;
  const Var lowest = over(detail::min_op), highest = over(detail::max_op);
  return mean + stop_gradient(minimum(maximum(mean, lowest), highest) - mean);
}

/// Over the last axes, so many of them.
Var normalized_last(const Var& x, std::size_t axes, double eps) {
  AxisSet chosen;
  for (std::size_t i = 0; i < axes; ++i) chosen[x.rank() - 1 - i] = true;
  const Shape kept = detail::kept_shape(x.shape(), chosen);
  const auto over = [&](const detail::Op& op, const Var& v) { return reshaped(detail::reduced(op, v, chosen), kept); };
  const std::int64_t count = detail::reduced_size(x.shape(), chosen);
  const Var mean = over(detail::sum_op, x) / count;
  const Var deviations = x - center_of(x, mean, [&](const detail::Op& op) { return over(op, x); });
  const Var variance = over(detail::sum_op, square(deviations)) / count;
  return deviations * inverse_deviation(variance, eps);
}

/// x weight + bias, where these are given, with such a shape.
Var scaled(const Var& x, const std::optional<Var>& weight, const std::optional<Var>& bias, const Shape& shape) {
  const Var product = weight ? x * reshaped(*weight, shape) : x;
  return bias ? product + reshaped(*bias, shape) : product;
}

void check_last_axes(const Shape& x, const Shape& normalized) {
  const bool fits = normalized.rank() > 0 && normalized.rank() <= x.rank() &&
                    Shape(std::span(x.end() - normalized.rank(), normalized.rank())) == normalized;
  if (!fits) fail<ShapeError>("layer_norm", "the last axes of x ", x, " are not ", normalized);
}

/// (n, channels, ...) as (n, channels, rest).
Var by_channels(std::string_view op, const Var& x) {
  const Shape from = x.shape();
  if (from.rank() < 2) fail<ShapeError>(op, "x is ", from, ", it needs axes (n, channels, ...)");
  std::int64_t rest = 1;
  for (std::size_t axis = 2; axis < from.rank(); ++axis) rest *= from[axis];
  return reshaped(x, Shape{from[0], from[1], rest});
}

/// Over everything but the channels of (n, channels, rest): shape (channels, 1). In two steps, so that memory is read
/// in order.
Var over_channels(const detail::Op& op, const Var& x) {
  constexpr std::int64_t kLast[] = {0, 1}, kFirst[] = {1, 1};
  const Var by_image = detail::reduced(op, x, kLast);
  return reshaped(detail::reduced(op, by_image, kFirst), Shape{x.shape()[1], 1});
}

Var channel_means(const Var& x) { return over_channels(detail::sum_op, x) / (x.shape()[0] * x.shape()[2]); }

}  // namespace

Var layer_norm(const Operand& x, const Shape& normalized_shape, const std::optional<Operand>& weight,
               const std::optional<Operand>& bias, double eps) {
  const Layer layer("layer_norm", {&x, detail::given(weight), detail::given(bias)});
  const Shape from = layer[0].shape();
  check_last_axes(from, normalized_shape);
  check_shape("layer_norm", "weight", layer.optional(1), normalized_shape, from);
  check_shape("layer_norm", "bias", layer.optional(2), normalized_shape, from);
  check_epsilon("layer_norm", eps);
  const Var normalized = normalized_last(layer[0], normalized_shape.rank(), eps);
  return layer.result(scaled(normalized, layer.optional(1), layer.optional(2), normalized_shape));
}

Var group_norm(const Operand& x, std::int64_t num_groups, const std::optional<Operand>& weight,
               const std::optional<Operand>& bias, double eps) {
  const Layer layer("group_norm", {&x, detail::given(weight), detail::given(bias)});
  const Shape from = layer[0].shape();
  const Var images = by_channels("group_norm", layer[0]);
  const std::int64_t channels = from[1], rest = images.shape()[2];
  if (num_groups < 1 || channels % num_groups != 0)
    fail<ShapeError>("group_norm", "the channels of x ", from, " do not make ", num_groups, " groups");
  check_shape("group_norm", "weight", layer.optional(1), {channels}, from);
  check_shape("group_norm", "bias", layer.optional(2), {channels}, from);
  check_epsilon("group_norm", eps);
  const Var groups = reshaped(images, Shape{from[0], num_groups, channels / num_groups * rest});
  const Var normalized = reshaped(normalized_last(groups, 1, eps), images.shape());
  return layer.result(reshaped(scaled(normalized, layer.optional(1), layer.optional(2), {channels, 1}), from));
}

Var batch_norm(const Operand& x, const Operand& running_mean, const Operand& running_var,
               const std::optional<Operand>& weight, const std::optional<Operand>& bias, double eps) {
  const Layer layer("batch_norm", {&x, &running_mean, &running_var, detail::given(weight), detail::given(bias)});
  const Shape from = layer[0].shape();
  const Var images = by_channels("batch_norm", layer[0]);
  const Shape channels{from[1]}, column{from[1], 1};
  constexpr std::string_view kNames[] = {"x", "running_mean", "running_var", "weight", "bias"};
  for (std::size_t i = 1; i < 5; ++i) check_shape("batch_norm", kNames[i], layer.optional(i), channels, from);
  check_epsilon("batch_norm", eps);
  const Var scale = inverse_deviation(reshaped(layer[2], column), eps);
  const Var normalized = (images - reshaped(layer[1], column)) * scale;
  return layer.result(reshaped(scaled(normalized, layer.optional(3), layer.optional(4), column), from));
}

BatchNorm batch_norm_training(const Operand& x, const std::optional<Operand>& weight,
                              const std::optional<Operand>& bias, double eps) {
  const Layer layer("batch_norm_training", {&x, detail::given(weight), detail::given(bias)});
  const Shape from = layer[0].shape();
  const Var images = by_channels("batch_norm_training", layer[0]);
  const Shape channels{from[1]}, column{from[1], 1};
  check_shape("batch_norm_training", "weight", layer.optional(1), channels, from);
  check_shape("batch_norm_training", "bias", layer.optional(2), channels, from);
  check_epsilon("batch_norm_training", eps);
  const auto over = [&](const detail::Op& op) { return over_channels(op, images); };
  const Var mean = center_of(images, channel_means(images), over);
  const Var deviations = images - mean;
  const Var variance = channel_means(square(deviations));
  const Var normalized = deviations * inverse_deviation(variance, eps);
  const Var value = scaled(normalized, layer.optional(1), layer.optional(2), column);
  const auto count = static_cast<double>(from[0] * images.shape()[2]);
  // Of one element 0 / 0: there is no sample variance.
  const Var sample_variance =
      count == 1 ? variance * std::numeric_limits<double>::quiet_NaN() : variance * (count / (count - 1));
  return {layer.result(reshaped(value, from)), layer.result(reshaped(mean, channels)),
          layer.result(reshaped(variance, channels)), layer.result(reshaped(sample_variance, channels))};
}

}  // namespace xtape
