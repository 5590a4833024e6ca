#include "plan/row_products.hpp"

#include "plan/taken_rows.hpp"

namespace xtape::detail {

namespace {

/// The vector, or the sums, must stay in the L1 cache beside the row that streams by; longer rows are left to BLAS.
constexpr std::int64_t kWidestRow = 16384;  // bytes

struct Strides {
  std::int64_t row, column;
};

Strides strides_of(const Layout& layout, NodeId value) {
  const View& view = layout.accesses[value].view;
  return {view.strides[0], view.strides[1]};
}

/// A product of rows that are read by their numbers: such nodes are made of row products only.
RowProduct of_taken_rows(const Layout& layout, const Node& node, RowProduct::Form form) {
  const auto inputs = layout.program.inputs(node);
  const bool dots = form == RowProduct::Form::dots;
  const std::int64_t columns = (dots ? layout.program[inputs[1]] : node).shape.size();
  return {form, inputs[0], inputs[1], layout.program[inputs[2]].shape.size(), columns, columns, inputs[2]};
}

}  // namespace

std::optional<RowProduct> as_row_product(const Layout& layout, NodeId id) {
  const Program& program = layout.program;
  const Node& node = program[id];
  if (node.op->kind != OpKind::matmul || node.shape.rank() != 2 || is_leaf(node)) return std::nullopt;
  if (node.op == &taken_row_dots_op) return of_taken_rows(layout, node, RowProduct::Form::dots);
  if (node.op == &taken_row_sums_op) return of_taken_rows(layout, node, RowProduct::Form::sums);
  const bool right = node.shape[1] == 1;
  if (right == (node.shape[0] == 1)) return std::nullopt;
  // As matrix (m, k) times vector (k): a row vector times b is b transposed times a column.
  const auto inputs = program.inputs(node);
  const NodeId matrix = inputs[right ? 0 : 1], vector = inputs[right ? 1 : 0];
  const std::int64_t m = node.shape.size(), k = program[inputs[0]].shape[1];
  const Strides stored = strides_of(layout, matrix);
  const Strides by = right ? stored : Strides{stored.column, stored.row};
  RowProduct product{};
  if (by.column == 1) product = {RowProduct::Form::dots, matrix, vector, m, k, by.row};
  else if (by.row == 1) product = {RowProduct::Form::sums, matrix, vector, k, m, by.column};
  else return std::nullopt;
  const auto bytes = static_cast<std::int64_t>(size_of(node.dtype)) * product.columns;
  const bool fits =
      product.rows > 1 && product.columns > 1 && product.leading >= product.columns && bytes <= kWidestRow;
  const bool readable =
      product.form == RowProduct::Form::sums || is_contiguous(layout.accesses[vector].view, program[vector].shape);
  return fits && readable ? std::optional(product) : std::nullopt;
}

}  // namespace xtape::detail
