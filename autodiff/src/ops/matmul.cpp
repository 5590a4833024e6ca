// matmul: vectors, matrices and batches, brought to one primitive.
#include "ops/matmul.hpp"

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

/// y = a b: a gets g b^T, and b gets a^T g. The planner folds the transposes into the product.
constinit const Op matmul_op{.name = "matmul", .kind = OpKind::matmul, .vjp = [](Rule& rule) {
                               const Var a = rule.x(0), b = rule.x(1);
                               if (rule.wants(0)) rule.give(0, matrix_product(rule.cotangent, matrix_transposed(b)));
                               if (rule.wants(1)) rule.give(1, matrix_product(matrix_transposed(a), rule.cotangent));
                             }};
XTAPE_LIST_OP(matmul_op);

Var matrix_product(const Var& a, const Var& b) {
  TapeState& state = VarAccess::state(a);
  Shape shape = shape_of(a);
  shape[shape.rank() - 1] = shape_of(b).back();
  const NodeId inputs[] = {VarAccess::node(a), VarAccess::node(b)};
  return VarAccess::make(state, append(state, matmul_op, state.program[inputs[0]].dtype, shape, inputs));
}

namespace {

Shape leading_axes(const Shape& shape) { return Shape(std::span(shape.begin(), shape.rank() - 2)); }

Shape with_matrix(Shape leading, std::int64_t rows, std::int64_t columns) {
  leading.push_back(rows);
  leading.push_back(columns);
  return leading;
}

/// A matrix on the right of a stack: all rows of the stack make one matrix.
Var times_matrix(const Var& a, const Var& b) {
  const Shape shape = a.shape();
  const std::int64_t k = shape.back();
  std::int64_t rows = 1;
  for (std::size_t axis = 0; axis + 1 < shape.rank(); ++axis) rows *= shape[axis];
  Shape result = shape;
  result[shape.rank() - 1] = b.shape().back();
  return reshaped(matrix_product(reshaped(a, Shape{rows, k}), b), result);
}

/// Both of rank 2 or more.
Var stacked_product(const Var& a, const Var& b) {
  const Shape &a_shape = shape_of(a), &b_shape = shape_of(b);
  if (b_shape.rank() == 2) return a_shape.rank() == 2 ? matrix_product(a, b) : times_matrix(a, b);
  const Shape leading = broadcast_shapes("matmul", leading_axes(a_shape), leading_axes(b_shape));
  const Shape a_wanted = with_matrix(leading, a_shape.back(1), a_shape.back());
  const Shape b_wanted = with_matrix(leading, b_shape.back(1), b_shape.back());
  return matrix_product(broadcasted(a, a_wanted), broadcasted(b, b_wanted));
}

Shape without_axis(const Shape& shape, std::size_t from_end) {
  Shape result;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis)
    if (axis != shape.rank() - 1 - from_end) result.push_back(shape[axis]);
  return result;
}

void check_matmul(const Var& a, const Var& b) {
  const Shape &a_shape = shape_of(a), &b_shape = shape_of(b);
  check_floating("matmul", a);
  if (a_shape.rank() == 0 || b_shape.rank() == 0)
    fail<ShapeError>("matmul", "a scalar is no operand: a is ", a_shape, ", b is ", b_shape);
  if (a_shape.back() != b_shape.back(b_shape.rank() == 1 ? 0 : 1))
    fail<ShapeError>("matmul", "inner dimensions differ: a is ", a_shape, ", b is ", b_shape);
  for (std::size_t i = 2; i < a_shape.rank() && i < b_shape.rank(); ++i)
    if (a_shape.back(i) != b_shape.back(i) && a_shape.back(i) != 1 && b_shape.back(i) != 1)
      fail<ShapeError>("matmul", "leading axes do not broadcast: a is ", a_shape, ", b is ", b_shape);
}

/// A vector is a row on the left and a column on the right, and its axis goes.
Var any_product(const Var& a, const Var& b) {
  check_matmul(a, b);
  const bool row = shape_of(a).rank() == 1, column = shape_of(b).rank() == 1;
  Var product =
      stacked_product(row ? reshaped(a, Shape{1, a.size()}) : a, column ? reshaped(b, Shape{b.size(), 1}) : b);
  if (column) product = reshaped(product, without_axis(product.shape(), 0));
  if (row) product = reshaped(product, without_axis(product.shape(), column ? 0 : 1));
  return product;
}

}  // namespace

}  // namespace xtape::detail

namespace xtape {

Var matmul(const Operand& a, const Operand& b) { return detail::record_composite("matmul", detail::any_product, a, b); }

}  // namespace xtape
