// Convolutions as products of matrices: the weights, a row for each output channel, by the windows of the image, a
// column for each place. One spatial axis is two, of which the first has one place.
#include <algorithm>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/neural/layer.hpp"
#include "ops/neural/windows.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

namespace {

/// The first two axes of weight are (out, in / groups), or (in, out / groups) if transposed.
void check_operands(std::string_view op, const Layer& layer, std::size_t axes, std::int64_t groups, bool transposed) {
  const Shape x = layer[0].shape(), weight = layer[1].shape();
  if (x.rank() < axes + 1) fail<ShapeError>(op, "x is ", x, ", it needs ", axes + 1, " axes or more");
  if (weight.rank() != axes + 2) fail<ShapeError>(op, "weight is ", weight, ", it must have ", axes + 2, " axes");
  if (groups < 1) fail<ValueError>(op, "the number of groups is ", groups, ", it must be 1 or more");
  if (groups > std::max<std::int64_t>(weight[0], 1) || weight[0] % groups != 0)
    fail<ShapeError>(op, "the first axis of weight ", weight, " is not divisible by ", groups, " groups");
  const std::int64_t channels = x.back(axes), of_weight = transposed ? weight[0] : weight[1] * groups;
  if (channels != of_weight)
    fail<ShapeError>(op, "x has ", channels, " channels, weight takes ", of_weight, ": x is ", x, ", weight is ",
                     weight, ", with ", groups, " groups");
  const std::int64_t out = transposed ? weight[1] * groups : weight[0];
  if (const auto& bias = layer.optional(2); bias && bias->shape() != Shape{out})
    fail<ShapeError>(op, "bias is ", bias->shape(), ", it must be ", Shape{out}, ": weight is ", weight);
}

/// Images with the batch axes of x and its number of spatial axes, plus bias.
Var finished(const Layer& layer, const Var& images, std::size_t axes) {
  const Shape x = layer[0].shape(), shape = images.shape();
  const Var sum = layer.optional(2) ? images + reshaped(*layer.optional(2), Shape{shape[1], 1, 1}) : images;
  Shape result(std::span(x.begin(), x.rank() - axes - 1));
  result.push_back(shape[1]);
  if (axes == 2) result.push_back(shape[2]);
  result.push_back(shape[3]);
  return reshaped(sum, result);
}

/// A matrix for each group by the stack of matrices for each image and group.
Var grouped_product(const Var& weights, const Var& columns, std::int64_t groups) {
  if (groups > 1) return matmul(weights, columns);
  const Shape from = columns.shape(), matrix = weights.shape();
  const Var left = reshaped(weights, Shape{matrix[1], matrix[2]});
  const Var right = reshaped(columns, Shape{from[0], from[2], from[3]});
  return matmul(left, right);
}

/// The windows of a stride of 1 that leave as many places as there are. Only their padding before is said; that after
/// them is what the places need.
Windows with_same_padding(std::string_view op, Windows windows) {
  check_windows(op, windows);
  const Pair &kernel = windows.kernel, &dilation = windows.dilation;
  if (windows.stride.height != 1 || windows.stride.width != 1)
    fail<ValueError>(op, "Padding::same is for a stride of 1, the stride is ", windows.stride.height, " by ",
                     windows.stride.width);
  windows.padding = {dilation.height * (kernel.height - 1) / 2, dilation.width * (kernel.width - 1) / 2};
  return windows;
}

/// x by weight, and bias if there is one.
Var convolution(std::string_view op, const Layer& layer, std::size_t axes, Windows windows, std::int64_t groups,
                Padding padding = Padding::valid) {
  check_operands(op, layer, axes, groups, false);
  const Var images = as_images(layer[0], axes, 1);
  const Var weight = as_images(layer[1], axes, 1);  // (out, in / groups, kernel height, kernel width)
  const Shape shape = weight.shape();
  windows.kernel = extents_of(weight);
  const bool same = padding == Padding::same;
  if (same) windows = with_same_padding(op, windows);
  const Pair extents = extents_of(images);
  const Pair counts = same ? extents : window_counts(op, layer[0].shape(), extents, windows);
  const std::int64_t batch = images.shape()[0], out = shape[0];
  const std::int64_t taps = shape[1] * shape[2] * shape[3], places = counts.height * counts.width;
  const Var columns = reshaped(windows_of(images, windows, counts), Shape{batch, groups, taps, places});
  const Var weights = reshaped(weight, Shape{groups, out / groups, taps});
  const Var product = grouped_product(weights, columns, groups);
  return finished(layer, reshaped(product, Shape{batch, out, counts.height, counts.width}), axes);
}

/// How large an image's axis was, of which a convolution left `count` places.
std::int64_t extent_before(std::int64_t count, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                           std::int64_t dilation, std::int64_t output_padding) {
  return (count - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1;
}

Pair extents_before(const Pair& counts, const Windows& windows, const Pair& output_padding) {
  const Pair &kernel = windows.kernel, &stride = windows.stride, &padding = windows.padding,
             &dilation = windows.dilation;
  return {extent_before(counts.height, kernel.height, stride.height, padding.height, dilation.height,
                        output_padding.height),
          extent_before(counts.width, kernel.width, stride.width, padding.width, dilation.width, output_padding.width)};
}

void check_output_padding(std::string_view op, std::int64_t given, std::int64_t stride, std::int64_t dilation) {
  if (given < 0 || (given >= stride && given >= dilation))
    fail<ValueError>(op, "output_padding is ", given, ", it must be at least 0 and less than the stride ", stride,
                     " or the dilation ", dilation);
}

Var transposed_convolution(std::string_view op, const Layer& layer, std::size_t axes, Windows windows,
                           const Pair& output_padding, std::int64_t groups) {
  check_operands(op, layer, axes, groups, true);
  const Var counts_images = as_images(layer[0], axes, 1);
  const Var weight = as_images(layer[1], axes, 1);  // (in, out / groups, kernel height, kernel width)
  const Shape shape = weight.shape();
  windows.kernel = extents_of(weight);
  check_windows(op, windows);
  check_output_padding(op, output_padding.height, windows.stride.height, windows.dilation.height);
  check_output_padding(op, output_padding.width, windows.stride.width, windows.dilation.width);
  const Pair counts = extents_of(counts_images);
  const Pair extents = extents_before(counts, windows, output_padding);
  if (extents.height < 1 || extents.width < 1)
    fail<ShapeError>(op, "no place is left of x ", layer[0].shape(), " with weight ", layer[1].shape());
  const std::int64_t batch = counts_images.shape()[0], in = shape[0], places = counts.height * counts.width;
  const std::int64_t taps = shape[1] * shape[2] * shape[3];
  const Var weights = matrix_transposed(reshaped(weight, Shape{groups, in / groups, taps}));
  const Var columns = reshaped(counts_images, Shape{batch, groups, in / groups, places});
  const Var product = grouped_product(weights, columns, groups);
  const Shape split{batch, shape[1] * groups, shape[2], shape[3], counts.height, counts.width};
  return finished(layer, image_of(reshaped(product, split), windows, extents), axes);
}

}  // namespace

}  // namespace xtape::detail

namespace xtape {

using detail::given;
using detail::Layer;
using detail::Windows;

Var conv1d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias, std::int64_t stride,
           std::int64_t padding, std::int64_t dilation, std::int64_t groups) {
  const Layer layer("conv1d", {&x, &weight, given(bias)});
  const Windows windows{1, {1, stride}, {0, padding}, {1, dilation}};
  return layer.result(detail::convolution("conv1d", layer, 1, windows, groups));
}

Var conv1d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias, std::int64_t stride,
           Padding padding, std::int64_t dilation, std::int64_t groups) {
  const Layer layer("conv1d", {&x, &weight, given(bias)});
  const Windows windows{1, {1, stride}, 0, {1, dilation}};
  return layer.result(detail::convolution("conv1d", layer, 1, windows, groups, padding));
}

Var conv2d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias, Pair stride, Pair padding,
           Pair dilation, std::int64_t groups) {
  const Layer layer("conv2d", {&x, &weight, given(bias)});
  return layer.result(detail::convolution("conv2d", layer, 2, {1, stride, padding, dilation}, groups));
}

Var conv2d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias, Pair stride, Padding padding,
           Pair dilation, std::int64_t groups) {
  const Layer layer("conv2d", {&x, &weight, given(bias)});
  return layer.result(detail::convolution("conv2d", layer, 2, {1, stride, 0, dilation}, groups, padding));
}

Var conv_transpose1d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias, std::int64_t stride,
                     std::int64_t padding, std::int64_t output_padding, std::int64_t groups, std::int64_t dilation) {
  const Layer layer("conv_transpose1d", {&x, &weight, given(bias)});
  const Windows windows{1, {1, stride}, {0, padding}, {1, dilation}};
  return layer.result(
      detail::transposed_convolution("conv_transpose1d", layer, 1, windows, {0, output_padding}, groups));
}

Var conv_transpose2d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias, Pair stride,
                     Pair padding, Pair output_padding, std::int64_t groups, Pair dilation) {
  const Layer layer("conv_transpose2d", {&x, &weight, given(bias)});
  const Windows windows{1, stride, padding, dilation};
  return layer.result(detail::transposed_convolution("conv_transpose2d", layer, 2, windows, output_padding, groups));
}

}  // namespace xtape
