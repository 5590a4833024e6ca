// The products that are plain functions of matrix products: dot, vdot, inner, outer, tensordot, kron and cross.
#include <algorithm>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/matmul.hpp"
#include "ops/record.hpp"
#include "ops/view.hpp"

namespace xtape {

using detail::fail;
using detail::permuted;
using detail::reshaped;

namespace {

using AxisList = std::vector<std::size_t>;

AxisList without(std::size_t rank, const AxisList& axes) {
  AxisList rest;
  for (std::size_t axis = 0; axis < rank; ++axis)
    if (std::ranges::find(axes, axis) == axes.end()) rest.push_back(axis);
  return rest;
}

AxisList joined(AxisList first, const AxisList& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::int64_t size_along(const Shape& shape, const AxisList& axes) {
  std::int64_t size = 1;
  for (std::size_t axis : axes) size *= shape[axis];
  return size;
}

/// The sum of products over pairs of axes, as one matrix product: (free of a, axes) @ (axes, free of b).
Var contracted(std::string_view op, const Var& a, const AxisList& a_axes, const Var& b, const AxisList& b_axes) {
  const Shape a_shape = a.shape(), b_shape = b.shape();
  detail::check_floating(op, a);
  for (std::size_t i = 0; i < a_axes.size(); ++i)
    if (a_shape[a_axes[i]] != b_shape[b_axes[i]])
      fail<ShapeError>(op, "axis ", a_axes[i], " of a ", a_shape, " and axis ", b_axes[i], " of b ", b_shape,
                       " differ in extent");
  const AxisList a_free = without(a_shape.rank(), a_axes), b_free = without(b_shape.rank(), b_axes);
  const std::int64_t k = size_along(a_shape, a_axes);
  const Var left = a.rank() == 0 ? a : permuted(a, joined(a_free, a_axes));
  const Var right = b.rank() == 0 ? b : permuted(b, joined(b_axes, b_free));
  const Var rows = reshaped(left, Shape{size_along(a_shape, a_free), k});
  const Var columns = reshaped(right, Shape{k, size_along(b_shape, b_free)});
  detail::check_rank(op, a_shape, a_free.size() + b_free.size());
  Shape shape;
  for (std::size_t axis : a_free) shape.push_back(a_shape[axis]);
  for (std::size_t axis : b_free) shape.push_back(b_shape[axis]);
  return reshaped(detail::matrix_product(rows, columns), shape);
}

/// A product in which a scalar operand multiplies.
Var product_over_axes(std::string_view op, const Var& a, const Var& b, std::size_t b_from_end) {
  if (a.rank() == 0 || b.rank() == 0) {
    detail::check_floating(op, a);
    return a * b;
  }
  const std::size_t b_axis = b.rank() - 1 - std::min(b_from_end, b.rank() - 1);
  return contracted(op, a, {a.rank() - 1}, b, {b_axis});
}

AxisList axis_list(const Var& x, const std::vector<int>& axes) {
  AxisList result;
  for (int axis : axes) {
    const std::size_t at = detail::normalized_axis("tensordot", axis, x.rank());
    if (std::ranges::find(result, at) != result.end()) fail<ShapeError>("tensordot", "axis ", axis, " is given twice");
    result.push_back(at);
  }
  return result;
}

Shape with_leading_ones(const Shape& shape, std::size_t rank) {
  Shape result;
  for (std::size_t axis = shape.rank(); axis < rank; ++axis) result.push_back(1);
  for (std::int64_t extent : shape) result.push_back(extent);
  return result;
}

/// Axis i of a becomes an axis pair (a's, b's); pairs in which either has extent 1 need one axis only, so that the rank
/// stays small.
Var kronecker(const Var& a, const Var& b) {
  detail::check_floating("kron", a);
  const std::size_t rank = std::max(a.rank(), b.rank());
  const Shape a_shape = with_leading_ones(a.shape(), rank), b_shape = with_leading_ones(b.shape(), rank);
  const auto long_axes = [](const Shape& shape) { return std::ranges::count_if(shape, [](auto e) { return e != 1; }); };
  if (const auto axes = static_cast<std::size_t>(long_axes(a_shape) + long_axes(b_shape)); axes > Shape::kMaxRank)
    fail<ShapeError>("kron", axes, " axes with more than one element, the most in both are ", Shape::kMaxRank,
                     ": a is ", a.shape(), ", b is ", b.shape());
  Shape left, right, result;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    result.push_back(a_shape[axis] * b_shape[axis]);
    if (a_shape[axis] != 1) left.push_back(a_shape[axis]), right.push_back(1);
    if (b_shape[axis] != 1) left.push_back(1), right.push_back(b_shape[axis]);
  }
  const Var x = reshaped(a, left), y = reshaped(b, right);
  return reshaped(x * y, result);
}

/// The axis moved to the end.
Var with_last(const Var& x, int axis) {
  const std::size_t at = detail::normalized_axis("cross", axis, x.rank());
  return permuted(x, joined(without(x.rank(), {at}), {at}));
}

Var cross_product(const Var& a, const Var& b, int axis) {
  detail::check_floating("cross", a);
  if (a.rank() == 0 || b.rank() == 0)
    fail<ShapeError>("cross", "a scalar is no operand: a is ", a.shape(), ", b is ", b.shape());
  const Var x = with_last(a, axis), y = with_last(b, axis);
  if (x.shape().back() != 3 || y.shape().back() != 3)
    fail<ShapeError>("cross", "axis ", axis, " must have extent 3: a is ", a.shape(), ", b is ", b.shape());
  const auto component = [](const Var& v, std::int64_t i) { return detail::sliced(v, v.rank() - 1, i % 3, 1); };
  std::vector<Var> parts;
  for (std::int64_t i = 0; i < 3; ++i) {
    const Var x1 = component(x, i + 1), x2 = component(x, i + 2), y1 = component(y, i + 1), y2 = component(y, i + 2);
    const Var first = x1 * y2, second = x2 * y1;
    parts.push_back(first - second);
  }
  const Var result = concatenate(parts, -1);
  const std::size_t rank = result.rank(), to = detail::normalized_axis("cross", axis, rank);
  AxisList order = without(rank, {rank - 1});
  order.insert(order.begin() + static_cast<std::ptrdiff_t>(to), rank - 1);
  return permuted(result, order);
}

}  // namespace

Var dot(const Operand& a, const Operand& b) {
  return detail::record_composite(
      "dot", [](const Var& x, const Var& y) { return product_over_axes("dot", x, y, 1); }, a, b);
}

Var vdot(const Operand& a, const Operand& b) {
  return detail::record_composite(
      "vdot",
      [](const Var& x, const Var& y) {
        if (x.size() != y.size()) fail<ShapeError>("vdot", "the sizes differ: a is ", x.shape(), ", b is ", y.shape());
        const Var all_of_x = reshaped(x, Shape{x.size()}), all_of_y = reshaped(y, Shape{y.size()});
        return contracted("vdot", all_of_x, {0}, all_of_y, {0});
      },
      a, b);
}

Var inner(const Operand& a, const Operand& b) {
  return detail::record_composite(
      "inner", [](const Var& x, const Var& y) { return product_over_axes("inner", x, y, 0); }, a, b);
}

Var outer(const Operand& a, const Operand& b) {
  return detail::record_composite(
      "outer",
      [](const Var& x, const Var& y) {
        detail::check_floating("outer", x);
        const Var column = reshaped(x, Shape{x.size(), 1}), row = reshaped(y, Shape{1, y.size()});
        return column * row;
      },
      a, b);
}

Var tensordot(const Operand& a, const Operand& b, int axes) {
  return detail::record_composite(
      "tensordot",
      [axes](const Var& x, const Var& y) {
        const std::size_t count = axes < 0 ? Shape::kMaxRank + 1 : static_cast<std::size_t>(axes);
        if (count > x.rank() || count > y.rank())
          fail<ShapeError>("tensordot", "there are no ", axes, " axes in both: a is ", x.shape(), ", b is ", y.shape());
        AxisList last, first;
        for (std::size_t i = 0; i < count; ++i) last.push_back(x.rank() - count + i), first.push_back(i);
        return contracted("tensordot", x, last, y, first);
      },
      a, b);
}

Var tensordot(const Operand& a, const Operand& b, const std::vector<int>& a_axes, const std::vector<int>& b_axes) {
  return detail::record_composite(
      "tensordot",
      [&](const Var& x, const Var& y) {
        if (a_axes.size() != b_axes.size())
          fail<ShapeError>("tensordot", a_axes.size(), " axes of a ", x.shape(), " and ", b_axes.size(), " of b ",
                           y.shape(), " make no pairs");
        return contracted("tensordot", x, axis_list(x, a_axes), y, axis_list(y, b_axes));
      },
      a, b);
}

Var kron(const Operand& a, const Operand& b) { return detail::record_composite("kron", kronecker, a, b); }

Var cross(const Operand& a, const Operand& b, int axis) {
  return detail::record_composite(
      "cross", [axis](const Var& x, const Var& y) { return cross_product(x, y, axis); }, a, b);
}

}  // namespace xtape
