// Pooling: reductions over the taps of windows. One spatial axis is two, of which the first has one place.
#include <algorithm>
#include <limits>
#include <vector>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/neural/layer.hpp"
#include "ops/neural/windows.hpp"
#include "ops/reduction.hpp"

namespace xtape {

namespace {

using detail::fail;
using detail::Layer;
using detail::reshaped;
using detail::Windows;

/// What pooling knows of its operand: images, and the windows over them.
struct Pool {
  std::string_view op;
  std::size_t axes;  ///< that are pooled over
  Windows windows;
  bool ceil_mode;
};

void check_padding(std::string_view op, std::int64_t padding, std::int64_t kernel, std::int64_t dilation) {
  const std::int64_t reach = dilation * (kernel - 1) + 1;
  if (padding > reach / 2)
    fail<ValueError>(op, "the padding is ", padding, ", it must be at most half of a window of ", reach);
}

/// (..., height, width) or (..., length) as (images, height, width).
Var as_image(const Pool& pool, const Var& x) {
  if (x.rank() < pool.axes) fail<ShapeError>(pool.op, "x is ", x.shape(), ", it needs ", pool.axes, " axes or more");
  return detail::as_images(x, pool.axes, 0);
}

Pair counts_of(const Pool& pool, const Var& image, const Shape& given) {
  const Windows& windows = pool.windows;
  const Pair counts = detail::window_counts(pool.op, given, detail::extents_of(image), windows, pool.ceil_mode);
  check_padding(pool.op, windows.padding.height, windows.kernel.height, windows.dilation.height);
  check_padding(pool.op, windows.padding.width, windows.kernel.width, windows.dilation.width);
  return counts;
}

/// A reduction over the taps: (images, rows, columns).
Var reduced_taps(const detail::Op& op, const Var& taps) {
  constexpr std::int64_t kTapAxes[] = {2, 2};
  return detail::reduced(op, taps, kTapAxes);
}

/// Images with the axes of x before those that were pooled.
Var finished(const Pool& pool, const Var& images, const Var& x) {
  const Shape from = x.shape();
  Shape shape(std::span(from.begin(), from.rank() - pool.axes));
  if (pool.axes == 2) shape.push_back(images.shape()[1]);
  shape.push_back(images.shape()[2]);
  return reshaped(images, shape);
}

Var max_pooled(const Pool& pool, const Var& x) {
  const Var image = as_image(pool, x);
  const Pair counts = counts_of(pool, image, x.shape());
  const Var taps = detail::windows_of(image, pool.windows, counts, -std::numeric_limits<double>::infinity());
  return finished(pool, reduced_taps(detail::max_op, taps), x);
}

/// How many elements the windows on an axis have: of the input, or of the padded input.
std::vector<double> window_sizes(std::int64_t extent, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                                 std::int64_t count, bool padded) {
  std::vector<double> sizes;
  for (std::int64_t begin = -padding; count > 0; begin += stride, --count) {
    const std::int64_t end = std::min(begin + kernel, extent + padding);
    sizes.push_back(
        static_cast<double>(padded ? end - begin : std::min(end, extent) - std::max<std::int64_t>(begin, 0)));
  }
  return sizes;
}

/// The number of elements of each window: (rows, columns), or a number if all have as many.
Operand window_areas(const Pool& pool, const Var& image, const Pair& counts, bool padded) {
  const Windows& w = pool.windows;
  const Shape shape = image.shape();
  const auto rows =
      window_sizes(shape.back(1), w.kernel.height, w.stride.height, w.padding.height, counts.height, padded);
  const auto columns =
      window_sizes(shape.back(), w.kernel.width, w.stride.width, w.padding.width, counts.width, padded);
  std::vector<double> areas;
  for (double row : rows)
    for (double column : columns) areas.push_back(row * column);
  if (std::ranges::all_of(areas, [&](double area) { return area == areas[0]; })) return areas[0];
  const Array array = Array::from(areas, {counts.height, counts.width});
  if (image.dtype() == DType::float64) return array;
  const std::vector<float> single(areas.begin(), areas.end());
  return Array::from(single, {counts.height, counts.width});
}

Var average_pooled(const Pool& pool, const Var& x, bool count_include_pad) {
  const Var image = as_image(pool, x);
  const Pair counts = counts_of(pool, image, x.shape());
  const Var sums = reduced_taps(detail::sum_op, detail::windows_of(image, pool.windows, counts));
  return finished(pool, sums / window_areas(pool, image, counts, count_include_pad), x);
}

}  // namespace

Var max_pool1d(const Operand& x, std::int64_t kernel_size, std::int64_t stride, std::int64_t padding,
               std::int64_t dilation, bool ceil_mode) {
  const Layer layer("max_pool1d", {&x});
  const Windows windows{{1, kernel_size}, {1, stride}, {0, padding}, {1, dilation}};
  return layer.result(max_pooled({"max_pool1d", 1, windows, ceil_mode}, layer[0]));
}

Var max_pool2d(const Operand& x, Pair kernel_size, Pair stride, Pair padding, Pair dilation, bool ceil_mode) {
  const Layer layer("max_pool2d", {&x});
  return layer.result(max_pooled({"max_pool2d", 2, {kernel_size, stride, padding, dilation}, ceil_mode}, layer[0]));
}

Var avg_pool1d(const Operand& x, std::int64_t kernel_size, std::int64_t stride, std::int64_t padding, bool ceil_mode,
               bool count_include_pad) {
  const Layer layer("avg_pool1d", {&x});
  const Windows windows{{1, kernel_size}, {1, stride}, {0, padding}};
  return layer.result(average_pooled({"avg_pool1d", 1, windows, ceil_mode}, layer[0], count_include_pad));
}

Var avg_pool2d(const Operand& x, Pair kernel_size, Pair stride, Pair padding, bool ceil_mode, bool count_include_pad) {
  const Layer layer("avg_pool2d", {&x});
  const Windows windows{kernel_size, stride, padding};
  return layer.result(average_pooled({"avg_pool2d", 2, windows, ceil_mode}, layer[0], count_include_pad));
}

}  // namespace xtape
