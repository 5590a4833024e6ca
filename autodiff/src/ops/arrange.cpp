// moveaxis, swapaxes, flip, roll, tile, repeat and split: elements in another order, or several times.
#include <numeric>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/reduction.hpp"
#include "ops/view.hpp"

namespace xtape {

using detail::fail;

namespace {

using Extents = std::vector<std::int64_t>;

Var moved(const Var& x, const std::vector<int>& source, const std::vector<int>& destination) {
  if (source.size() != destination.size())
    fail<ShapeError>("moveaxis", source.size(), " axes to move, ", destination.size(), " destinations");
  const std::size_t rank = x.rank();
  const detail::AxisSet from = detail::chosen_axes("moveaxis", Axes(source), rank);
  const detail::AxisSet to = detail::chosen_axes("moveaxis", Axes(destination), rank);
  std::vector<std::size_t> order(rank);
  for (std::size_t i = 0; i < source.size(); ++i)
    order[detail::normalized_axis("moveaxis", destination[i], rank)] =
        detail::normalized_axis("moveaxis", source[i], rank);
  for (std::size_t axis = 0, next = 0; axis < rank; ++axis) {
    if (to[axis]) continue;
    while (from[next]) ++next;
    order[axis] = next++;
  }
  return detail::permuted(x, order);
}

Var flipped(const Var& x, const detail::AxisSet& chosen) {
  const Shape shape = x.shape();
  Extents attributes;
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    const bool turned = chosen[axis] && shape[axis] > 0;
    attributes.push_back(turned ? shape[axis] - 1 : 0);
    attributes.push_back(turned ? -1 : 1);
  }
  return detail::append_unary(detail::slice_op, x, shape, attributes);
}

Var rolled(const Var& x, std::int64_t shift, std::size_t axis) {
  const std::int64_t extent = x.shape()[axis];
  const std::int64_t on = extent == 0 ? 0 : ((shift % extent) + extent) % extent;
  if (on == 0) return x;
  const Var back = detail::sliced(x, axis, extent - on, on);
  const Var front = detail::sliced(x, axis, 0, extent - on);
  return concatenate({back, front}, static_cast<int>(axis));
}

/// The shape with so many times the elements of an axis.
Shape enlarged(std::string_view op, const Shape& from, std::size_t axis, std::int64_t times) {
  Shape shape = from;
  if (__builtin_mul_overflow(from[axis], times, &shape[axis]) || !shape.addressable())
    fail<ShapeError>(op, from, " would have too many elements with axis ", axis, " ", times, " times");
  return shape;
}

/// x with every stretch of its elements behind the first `axes` axes so many times in a row, in the given shape.
Var copies(const Var& x, std::size_t axes, std::int64_t times, const Shape& shape) {
  if (times == 1) return x;
  const Shape from = x.shape();
  std::int64_t stretches = 1, stretch = 1;
  for (std::size_t axis = 0; axis < from.rank(); ++axis) (axis < axes ? stretches : stretch) *= from[axis];
  const Var apart = detail::reshaped(x, {stretches, 1, stretch});
  return detail::reshaped(detail::broadcasted(apart, {stretches, times, stretch}), shape);
}

void check_repetitions(std::string_view op, const Extents& repetitions) {
  for (std::int64_t times : repetitions)
    if (times < 0) fail<ValueError>(op, "the repetitions must not be negative, are ", detail::text(repetitions));
}

Var tiled(const Var& x, const Extents& repetitions) {
  check_repetitions("tile", repetitions);
  Shape shape = x.shape();
  Extents times = repetitions, extents(shape.begin(), shape.end());
  const std::size_t rank = std::max(times.size(), extents.size());
  times.insert(times.begin(), rank - times.size(), 1);
  extents.insert(extents.begin(), rank - extents.size(), 1);
  shape = Shape(std::span<const std::int64_t>(extents));
  Var result = detail::reshaped(x, shape);
  for (std::size_t axis = rank; axis-- > 0;) {
    shape = enlarged("tile", shape, axis, times[axis]);
    result = copies(result, axis, times[axis], shape);
  }
  return result;
}

Var repeated(const Var& x, const Extents& repetitions, std::size_t axis) {
  const std::int64_t extent = x.shape()[axis];
  check_repetitions("repeat", repetitions);
  if (std::ssize(repetitions) != extent)
    fail<ShapeError>("repeat", repetitions.size(), " numbers for axis ", axis, " of ", x.shape());
  Extents positions;
  std::int64_t position = 0;
  for (std::int64_t times : repetitions) {
    enlarged("repeat", x.shape(), axis, times);
    positions.insert(positions.end(), static_cast<std::size_t>(times), position++);
  }
  return take(x, Array::from(positions), static_cast<int>(axis));
}

/// Along an axis, or without one along that of all elements: `body(x, axis)`.
template <class Body>
Var record_along(std::string_view op, const Operand& x, std::optional<int> axis, Body body) {
  return detail::record_composite(
      op,
      [&](const Var& v) {
        const Var line = axis ? v : detail::reshaped(v, {v.size()});
        return body(line, detail::normalized_axis(op, axis.value_or(0), line.rank()));
      },
      x);
}

Var part(const Operand& x, int axis, const Slice& piece) {
  return detail::record_composite(
      "split",
      [&](const Var& v) {
        std::vector<Slice> slices(detail::normalized_axis("split", axis, v.rank()));
        slices.push_back(piece);
        return slice(v, std::span<const Slice>(slices));
      },
      x);
}

}  // namespace

Var moveaxis(const Operand& x, const std::vector<int>& source, const std::vector<int>& destination) {
  return detail::record_composite(
      "moveaxis", [&](const Var& v) { return moved(v, source, destination); }, x);
}

Var swapaxes(const Operand& x, int axis1, int axis2) {
  return detail::record_composite(
      "swapaxes",
      [&](const Var& v) {
        std::vector<std::size_t> order(v.rank());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::swap(order[detail::normalized_axis("swapaxes", axis1, v.rank())],
                  order[detail::normalized_axis("swapaxes", axis2, v.rank())]);
        return detail::permuted(v, order);
      },
      x);
}

Var flip(const Operand& x, const Axes& axes) {
  return detail::record_composite(
      "flip", [&](const Var& v) { return flipped(v, detail::chosen_axes("flip", axes, v.rank())); }, x);
}

Var roll(const Operand& x, std::int64_t shift, std::optional<int> axis) {
  return detail::record_composite(
      "roll",
      [&](const Var& v) {
        const Var line = axis ? v : detail::reshaped(v, {v.size()});
        const std::size_t at = detail::normalized_axis("roll", axis.value_or(0), line.rank());
        return detail::reshaped(rolled(line, shift, at), v.shape());
      },
      x);
}

Var roll(const Operand& x, const std::vector<std::int64_t>& shifts, const std::vector<int>& axes) {
  return detail::record_composite(
      "roll",
      [&](const Var& v) {
        if (shifts.size() != axes.size() && shifts.size() != 1)
          fail<ShapeError>("roll", shifts.size(), " shifts for ", axes.size(), " axes of ", v.shape());
        Var result = v;
        for (std::size_t i = 0; i < axes.size(); ++i) {
          const std::size_t axis = detail::normalized_axis("roll", axes[i], v.rank());
          result = rolled(result, shifts[shifts.size() == 1 ? 0 : i], axis);
        }
        return result;
      },
      x);
}

Var tile(const Operand& x, const std::vector<std::int64_t>& repetitions) {
  return detail::record_composite(
      "tile", [&](const Var& v) { return tiled(v, repetitions); }, x);
}

Var repeat(const Operand& x, std::int64_t repetitions, std::optional<int> axis) {
  return record_along("repeat", x, axis, [&](const Var& v, std::size_t at) {
    check_repetitions("repeat", {repetitions});
    return copies(v, at + 1, repetitions, enlarged("repeat", v.shape(), at, repetitions));
  });
}

Var repeat(const Operand& x, const std::vector<std::int64_t>& repetitions, std::optional<int> axis) {
  return record_along("repeat", x, axis, [&](const Var& v, std::size_t at) { return repeated(v, repetitions, at); });
}

std::vector<Var> split(const Operand& x, const std::vector<std::int64_t>& positions, int axis) {
  std::vector<Var> parts;
  std::int64_t first = 0;
  for (std::int64_t position : positions) {
    parts.push_back(part(x, axis, Slice(first, position)));
    first = position;
  }
  parts.push_back(part(x, axis, Slice(first, Slice::kNone)));
  return parts;
}

std::vector<Var> split(const Operand& x, std::initializer_list<std::int64_t> positions, int axis) {
  return split(x, std::vector<std::int64_t>(positions), axis);
}

std::vector<Var> split(const Operand& x, int parts, int axis) {
  const Shape shape = part(x, axis, Slice()).shape();
  const std::int64_t extent = shape[detail::normalized_axis("split", axis, shape.rank())];
  if (parts < 1 || extent % parts != 0)
    fail<ValueError>("split", "axis ", axis, " of ", shape, " cannot be split into ", parts, " equal parts");
  std::vector<std::int64_t> positions;
  for (int i = 1; i < parts; ++i) positions.push_back(i * (extent / parts));
  return split(x, positions, axis);
}

}  // namespace xtape
