#include "ops/neural/windows.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>

#include "ops/batching.hpp"
#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

namespace {

/// One axis of an image and of the windows over it.
struct Axis {
  std::int64_t extent, kernel, windows, stride, padding, dilation;

  std::int64_t place(std::int64_t tap, std::int64_t window) const { return window * stride + tap * dilation - padding; }
  /// The windows begin(tap) ... end(tap) - 1 have this tap inside the image.
  std::int64_t begin(std::int64_t tap) const {
    const std::int64_t before = -place(tap, 0);
    return before <= 0 ? 0 : std::min(windows, (before - 1) / stride + 1);
  }
  std::int64_t end(std::int64_t tap) const {
    const std::int64_t rest = extent - place(tap, 0);
    return std::max(begin(tap), rest <= 0 ? 0 : std::min(windows, (rest - 1) / stride + 1));
  }
};

/// The attributes are the bits of the fill, then stride, padding and dilation of each axis.
struct Geometry {
  Axis rows, columns;
  std::int64_t planes = 1;

  Geometry(const Shape& image, const Shape& taps, std::span<const std::int64_t> attributes)
      : rows{image.back(1), taps.back(3), taps.back(1), attributes[1], attributes[2], attributes[3]},
        columns{image.back(0), taps.back(2), taps.back(0), attributes[4], attributes[5], attributes[6]} {
    for (std::size_t axis = 0; axis + 2 < image.rank(); ++axis) planes *= image[axis];
  }
};

constexpr std::int64_t kOutside = -1;

/// Calls visit(row of the image or kOutside, row of the taps, column tap) for all rows of the taps in order.
template <class Visit>
void for_each_row(const Geometry& geometry, Visit visit) {
  const Axis& rows = geometry.rows;
  std::int64_t row = 0;
  for (std::int64_t plane = 0; plane < geometry.planes; ++plane)
    for (std::int64_t row_tap = 0; row_tap < rows.kernel; ++row_tap)
      for (std::int64_t column_tap = 0; column_tap < geometry.columns.kernel; ++column_tap)
        for (std::int64_t window = 0; window < rows.windows; ++window) {
          const std::int64_t place = rows.place(row_tap, window);
          const bool inside = place >= 0 && place < rows.extent;
          visit(inside ? plane * rows.extent + place : kOutside, row++, column_tap);
        }
}

template <class T>
void read_windows(const Call& call) {
  const T* image = reinterpret_cast<const T*>(call.inputs[0].data);
  T* taps = reinterpret_cast<T*>(call.output.data);
  const Geometry geometry(call.inputs[0].shape, call.output.shape, call.attributes);
  const T fill = static_cast<T>(std::bit_cast<double>(call.attributes[0]));
  const Axis axis = geometry.columns;
  for_each_row(geometry, [&](std::int64_t from, std::int64_t to, std::int64_t tap) {
    T* row = taps + to * axis.windows;
    if (from == kOutside) {
      std::fill_n(row, axis.windows, fill);
      return;
    }
    const std::int64_t begin = axis.begin(tap), end = axis.end(tap);
    const T* source = image + from * axis.extent + axis.place(tap, begin);
    std::fill_n(row, begin, fill);
    if (axis.stride == 1) std::copy_n(source, end - begin, row + begin);
    else
      for (std::int64_t i = begin; i < end; ++i) row[i] = source[(i - begin) * axis.stride];
    std::fill(row + end, row + axis.windows, fill);
  });
}

template <class T>
void add_windows(const Call& call) {
  const T* taps = reinterpret_cast<const T*>(call.inputs[0].data);
  T* image = reinterpret_cast<T*>(call.output.data);
  const Geometry geometry(call.output.shape, call.inputs[0].shape, call.attributes);
  const Axis axis = geometry.columns;
  std::fill_n(image, call.output.shape.size(), T{0});
  for_each_row(geometry, [&](std::int64_t to, std::int64_t from, std::int64_t tap) {
    const std::int64_t begin = axis.begin(tap), count = axis.end(tap) - begin;
    if (to == kOutside || count == 0) return;
    const T* row = taps + from * axis.windows + begin;
    T* target = image + to * axis.extent + axis.place(tap, begin);
    if (axis.stride == 1)
      for (std::int64_t i = 0; i < count; ++i) target[i] += row[i];
    else
      for (std::int64_t i = 0; i < count; ++i) target[i * axis.stride] += row[i];
  });
}

std::vector<std::int64_t> window_attributes(const Windows& windows, double fill) {
  return {std::bit_cast<std::int64_t>(fill),
          windows.stride.height,
          windows.padding.height,
          windows.dilation.height,
          windows.stride.width,
          windows.padding.width,
          windows.dilation.width};
}

/// Those of a rule's node, without the fill, which is a constant.
std::vector<std::int64_t> linear_attributes(const Rule& rule) {
  const auto recorded = rule.attributes();
  std::vector<std::int64_t> attributes(recorded.begin(), recorded.end());
  attributes[0] = std::bit_cast<std::int64_t>(0.0);
  return attributes;
}

std::string describe_windows(std::span<const std::int64_t> attributes) {
  const auto pair = [&](std::size_t first) {
    return "[" + std::to_string(attributes[first]) + ", " + std::to_string(attributes[first + 3]) + "]";
  };
  return "stride=" + pair(1) + " padding=" + pair(2) + " dilation=" + pair(3);
}

}  // namespace

extern constinit const Op windows_op, windows_transpose_op;

constinit const Op windows_op{
    .name = "windows",
    .kind = OpKind::opaque,
    .vjp = [](Rule& rule) { give_transpose(rule, windows_transpose_op, linear_attributes(rule)); },
    .execute =
        [](const Call& call) {
          call.output.dtype == DType::float32 ? read_windows<float>(call) : read_windows<double>(call);
        },
    .batch = over_leading_axis,
    .copies = &windows_op,
    .describe = describe_windows};
XTAPE_LIST_OP(windows_op);

constinit const Op windows_transpose_op{.name = "windows_transpose",
                                        .kind = OpKind::opaque,
                                        .vjp = [](Rule& rule) { give_transpose(rule, windows_op); },
                                        .execute =
                                            [](const Call& call) {
                                              call.output.dtype == DType::float32 ? add_windows<float>(call)
                                                                                  : add_windows<double>(call);
                                            },
                                        .batch = over_leading_axis,
                                        .copies = &windows_op,
                                        .describe = describe_windows};
XTAPE_LIST_OP(windows_transpose_op);

namespace {

/// Far from where places in an image could overflow.
constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();

void check_range(std::string_view op, std::string_view what, const Pair& given, std::int64_t least) {
  for (std::int64_t number : {given.height, given.width})
    if (number < least || number > kMost)
      fail<ValueError>(op, what, " is ", number, ", it must be from ", least, " to ", kMost);
}

std::int64_t window_count(const Axis& axis, bool ceil_mode) {
  const std::int64_t room = axis.extent + 2 * axis.padding - axis.dilation * (axis.kernel - 1) - 1;
  const std::int64_t last = ceil_mode ? room + axis.stride - 1 : room;  // where the last window may begin
  if (last < 0) return 0;
  const std::int64_t count = last / axis.stride + 1;
  return ceil_mode && (count - 1) * axis.stride >= axis.extent + axis.padding ? count - 1 : count;
}

/// The shape with other last axes in place of so many.
Shape with_last_axes(const Shape& from, std::size_t replaced, std::initializer_list<std::int64_t> last) {
  Shape shape(std::span(from.begin(), from.rank() - replaced));
  for (std::int64_t extent : last) shape.push_back(extent);
  return shape;
}

bool is_identity(const Windows& windows) {
  const auto all = [](const Pair& pair, std::int64_t number) { return pair.height == number && pair.width == number; };
  return all(windows.kernel, 1) && all(windows.stride, 1) && all(windows.padding, 0);
}

}  // namespace

Var as_images(const Var& x, std::size_t axes, std::size_t kept) {
  const Shape from = x.shape();
  std::int64_t batch = 1;
  for (std::size_t axis = 0; axis + kept + axes < from.rank(); ++axis) batch *= from[axis];
  Shape shape{batch};
  for (std::size_t axis = kept; axis-- > 0;) shape.push_back(from.back(axes + axis));
  shape.push_back(axes == 2 ? from.back(1) : 1);
  shape.push_back(from.back());
  return reshaped(x, shape);
}

Pair extents_of(const Var& images) { return {images.shape().back(1), images.shape().back()}; }

void check_windows(std::string_view op, const Windows& windows) {
  check_range(op, "the kernel size", windows.kernel, 1);
  check_range(op, "the stride", windows.stride, 1);
  check_range(op, "the padding", windows.padding, 0);
  check_range(op, "the dilation", windows.dilation, 1);
}

Pair window_counts(std::string_view op, const Shape& shape, const Pair& extents, const Windows& windows,
                   bool ceil_mode) {
  check_windows(op, windows);
  const Pair &kernel = windows.kernel, &stride = windows.stride, &padding = windows.padding,
             &dilation = windows.dilation;
  const Axis rows{extents.height, kernel.height, 0, stride.height, padding.height, dilation.height};
  const Axis columns{extents.width, kernel.width, 0, stride.width, padding.width, dilation.width};
  const Pair counts(window_count(rows, ceil_mode), window_count(columns, ceil_mode));
  for (const auto& [axis, count] : {std::pair(rows, counts.height), std::pair(columns, counts.width)})
    if (count < 1)
      fail<ShapeError>(op, "a kernel of ", axis.kernel, " with dilation ", axis.dilation, " does not fit into ",
                       axis.extent, " with a padding of ", axis.padding, ": x is ", shape);
  return counts;
}

Var windows_of(const Var& image, const Windows& windows, const Pair& counts, double fill) {
  const Pair& kernel = windows.kernel;
  const Shape taps = with_last_axes(image.shape(), 2, {kernel.height, kernel.width, counts.height, counts.width});
  if (is_identity(windows)) return reshaped(image, taps);
  return append_unary(windows_op, image, taps, window_attributes(windows, fill));
}

Var image_of(const Var& taps, const Windows& windows, const Pair& extents) {
  const Shape image = with_last_axes(taps.shape(), 4, {extents.height, extents.width});
  if (is_identity(windows)) return reshaped(taps, image);
  return append_unary(windows_transpose_op, taps, image, window_attributes(windows, 0));
}

}  // namespace xtape::detail
