#include "ops/linear_algebra.hpp"

#include <algorithm>
#include <cstring>

namespace xtape::detail {

Shape leading(const Shape& shape, std::size_t without) {
  return Shape(std::span(shape.begin(), shape.rank() - without));
}

Shape with_axes(Shape leading, std::initializer_list<std::int64_t> extents) {
  for (std::int64_t extent : extents) leading.push_back(extent);
  return leading;
}

void check_matrix(std::string_view op, std::string_view role, const Var& x) {
  check_floating(op, x);
  if (x.rank() < 2) fail<ShapeError>(op, role, " must have two axes or more, is ", x.shape());
}

void check_square(std::string_view op, std::string_view role, const Var& x) {
  check_matrix(op, role, x);
  if (x.shape().back() != x.shape().back(1)) fail<ShapeError>(op, role, " must be square, is ", x.shape());
}

Var append_node(const Op& op, const Shape& shape, std::initializer_list<Var> inputs,
                std::initializer_list<std::int64_t> attributes) {
  std::vector<NodeId> nodes;
  for (const Var& input : inputs) nodes.push_back(VarAccess::node(input));
  TapeState& state = VarAccess::state(*inputs.begin());
  const DType dtype = state.program[nodes[0]].dtype;
  const std::span<const std::int64_t> values(attributes.begin(), attributes.size());
  return VarAccess::make(state, append(state, op, dtype, shape, nodes, values));
}

Var symmetric_part(const Var& a) {
  const Var half = a * 0.5;  // halves first: the sum of two large elements overflows
  return half + matrix_transposed(half);
}

Var lower_mirrored(const Var& x) {
  const Var half = lower_triangle(x, 1);
  return half + matrix_transposed(half);
}

Var with_unit_axes(const Var& x, std::size_t axes) {
  Shape shape = x.shape();
  for (std::size_t i = 0; i < axes; ++i) shape.push_back(1);
  return reshaped(x, shape);
}

Var identity_like(const Var& x, std::int64_t n) {
  TapeState& state = VarAccess::state(x);
  std::vector<double> elements(static_cast<std::size_t>(n * n));
  for (std::int64_t i = 0; i < n; ++i) elements[static_cast<std::size_t>(i * (n + 1))] = 1;
  const Var identity = VarAccess::make(state, record_array(state, Array::from(elements, {n, n}), state.rule_location));
  return cast(identity, x.dtype());
}

namespace {

/// One matrix for a stack of right sides, which stand side by side as columns.
Var solved_side_by_side(const Var& a, const Var& b, std::span<const std::int64_t> attributes, Solver one) {
  const std::size_t rank = b.rank();
  std::vector<std::size_t> order{rank - 2}, back;
  for (std::size_t axis = 0; axis + 2 < rank; ++axis) order.push_back(axis), back.push_back(axis + 1);
  order.push_back(rank - 1);
  back.insert(back.end(), {0, rank - 1});
  const Var moved = permuted(b, order);
  Shape shape = moved.shape();
  const Var columns = reshaped(moved, Shape{shape[0], stack_size(b.shape()) * b.shape().back()});
  const Var x = one(a, columns, attributes);
  shape[0] = x.shape()[0];
  return permuted(reshaped(x, shape), back);
}

}  // namespace

Var solved(std::string_view op, const Var& a, const Var& b, std::span<const std::int64_t> attributes, Solver one,
           Solver stack) {
  const bool vector = b.rank() == 1;
  if (b.rank() == 0 || b.shape().back(vector ? 0 : 1) != a.shape().back(1))
    fail<ShapeError>(op, "the rows differ: a is ", a.shape(), ", b is ", b.shape());
  const Var columns = vector ? with_unit_axes(b, 1) : b;
  const Var x = a.rank() == 2 ? solved_side_by_side(a, columns, attributes, one) : stack(a, columns, attributes);
  return vector ? reshaped(x, leading(x.shape(), 1)) : x;
}

NodeId batch_solution(const Batching& batching) {
  const std::size_t last = batching.inputs.size() - 1;
  if (std::ranges::count(batching.over, true) != 1 || !batching.over[last]) return over_leading_axis(batching);
  const auto with_columns = [](Shape shape, std::int64_t columns) {
    shape[shape.rank() - 1] = columns;
    return shape;
  };
  const Shape x = batching.state.program[batching.node].shape;
  const std::int64_t columns = batching.extent * x.back();
  const Var side_by_side = moveaxis(batching.x(last), 0, -2);
  std::vector<NodeId> inputs = batching.inputs;
  inputs[last] = VarAccess::node(reshaped(side_by_side, with_columns(batching.example_shape(last), columns)));
  const NodeId solutions = append_same(batching, with_columns(x, columns), inputs);
  Shape split = with_columns(x, batching.extent);
  split.push_back(x.back());
  return VarAccess::node(moveaxis(reshaped(VarAccess::make(batching.state, solutions), split), -2, 0));
}

std::int64_t stack_size(const Shape& shape, std::size_t without) {
  std::int64_t size = 1;
  for (std::size_t axis = 0; axis + without < shape.rank(); ++axis) size *= shape[axis];
  return size;
}

std::string which_matrix(const Shape& shape, std::int64_t index) {
  return to_string(shape) + (shape.rank() > 2 ? ", matrix " + std::to_string(index) + "," : "");
}

void copy_part(const Call& call, std::int64_t first, std::int64_t count) {
  const Shape& packed = call.inputs[0].shape;
  const std::size_t size = size_of(call.output.dtype), bytes = static_cast<std::size_t>(count) * size;
  if (bytes == 0) return;
  for (std::int64_t i = 0; i < stack_size(packed, 1); ++i)
    std::memcpy(call.output.data + static_cast<std::size_t>(i) * bytes,
                call.inputs[0].data + static_cast<std::size_t>(i * packed.back() + first) * size, bytes);
}

int lapack_extent(std::string_view op, std::int64_t extent) {
  if (extent > std::numeric_limits<int>::max()) fail<ShapeError>(op, "an extent of ", extent, " is too large");
  return static_cast<int>(extent);
}

}  // namespace xtape::detail
