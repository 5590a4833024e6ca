// matmul: vectors, matrices and batches, brought to one primitive.
#include "ops/matmul.hpp"

#include <xtape/ops.hpp>

#include "ops/batching.hpp"
#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/reduction.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

namespace {

NodeId batch_matmul(const Batching& batching);

}  // namespace

/// y = a b: a gets g b^T, and b gets a^T g. The planner folds the transposes into the product.
constinit const Op matmul_op{.name = "matmul",
                             .kind = OpKind::matmul,
                             .vjp =
                                 [](Rule& rule) {
                                   const Var a = rule.x(0), b = rule.x(1);
                                   if (rule.wants(0))
                                     rule.give(0, matrix_product(rule.cotangent, matrix_transposed(b)));
                                   if (rule.wants(1))
                                     rule.give(1, matrix_product(matrix_transposed(a), rule.cotangent));
                                 },
                             .batch = batch_matmul};
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

// ---- Over a batch

/// (n, ..., m, k) by (..., k, p): the rows of all examples below each other.
Var rows_below_each_other(const Var& a, const Var& b) {
  const std::size_t matrix = a.rank() - 3;
  const int place = static_cast<int>(matrix);
  const Var moved = moveaxis(a, 0, place);
  Shape shape = moved.shape();
  const Shape merged = with_matrix(leading_axes(b.shape()), shape[matrix] * shape[matrix + 1], shape.back());
  const Var product = matrix_product(reshaped(moved, merged), b);
  shape[shape.rank() - 1] = b.shape().back();
  return moveaxis(reshaped(product, shape), place, 0);
}

/// Products of so few multiplications cost more by themselves than side by side, where operands may have to be copied.
constexpr std::int64_t kSmallProduct = std::int64_t{1} << 15;
/// So many rows or columns use a matrix that is loaded for them well enough.
constexpr std::int64_t kManyRows = 32;

/// For (m, k) by (k, p) with the same k by p matrix in each example.
bool pays_as_one(std::int64_t m, std::int64_t k, std::int64_t p) {
  return m == 1 || m * k * p < kSmallProduct || (m < kManyRows && k >= kManyRows);
}

/// Products with an inner extent of 1, and of rows with columns, as elementwise multiplications.
Var product_over_batch(const Var& a, const Var& b) {
  const Shape shape = a.shape();
  if (shape.back() == 1) return a * b;
  if (shape.back(1) != 1 || b.shape().back() != 1) return matrix_product(a, b);
  const std::int64_t attributes[] = {0, 1};
  const Var terms = a * matrix_transposed(b);
  return reshaped(reduced(sum_op, terms, attributes), with_matrix(leading_axes(shape), 1, 1));
}

/// A matrix that all examples share makes one product with the rows, or columns, of all.
NodeId batch_matmul(const Batching& batching) {
  const Var a = batching.x(0), b = batching.x(1);
  const std::int64_t m = shape_of(a).back(1), k = shape_of(a).back(), p = shape_of(b).back();
  const bool shared = batching.over[0] != batching.over[1] && k > 1;
  batching.shape();  // throws if it has too many axes
  if (shared && batching.over[0] && pays_as_one(m, k, p)) return VarAccess::node(rows_below_each_other(a, b));
  if (shared && batching.over[1] && pays_as_one(p, k, m)) {
    const Var turned = rows_below_each_other(matrix_transposed(b), matrix_transposed(a));
    return VarAccess::node(matrix_transposed(turned));
  }
  return VarAccess::node(product_over_batch(over_batch(batching, 0), over_batch(batching, 1)));
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
