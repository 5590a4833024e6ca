#include "plan/row_loops.hpp"

#include <algorithm>

#include "plan/fuse.hpp"
#include "plan/taken_rows.hpp"

namespace xtape::detail {

namespace {

/// Elements of a row. A block is at least kPadding rows, and several of them must stay in the L1 or L2 cache.
constexpr std::int64_t kWidestRow = 128;
/// Spaces up to this size run as small loops, which know no rows.
constexpr std::int64_t kSmallSpace = 64;

/// Whether a view of this shape has the same element all along its last axis, and one after the other along the rest.
bool is_spread(const View& view, const Shape& shape) {
  std::int64_t expected = 0;
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    if (shape[axis] == 1) continue;
    if (view.strides[axis] != expected) return false;
    expected = expected == 0 ? 1 : expected * shape[axis];
  }
  return view.offset == 0;
}

}  // namespace

bool has_rows(const Shape& space) {
  return space.rank() >= 2 && space.back() <= kWidestRow && space.size() > kSmallSpace;
}

Shape rows_of(const Shape& space) {
  Shape result;
  for (std::size_t axis = 0; axis + 1 < space.rank(); ++axis) result.push_back(space[axis]);
  return result;
}

bool computed_per_row(const Layout& layout, NodeId id, const Shape& space) {
  const Node& node = layout.program[id];
  if (is_leaf(node)) return false;
  if (node.op->kind == OpKind::elementwise) return squeezed(node.shape) == rows_of(space);
  if (node.op->kind != OpKind::reduction || loop_space(layout, id) != space) return false;
  const ReductionShape shape = reduction_shape(layout.program, node);
  return shape.inner == 1 && shape.reduced == space.back();
}

bool reads_per_row(const Layout& layout, NodeId reader, NodeId operand, const Shape& space) {
  if (!has_rows(space) || layout.program[reader].op == &taken_elements_op) return false;
  const Access& access = layout.accesses[operand];
  if (!computed_per_row(layout, access.base, space)) return false;
  const Shape& shape = layout.program[operand].shape;
  const Node& node = layout.program[reader];
  if (node.op->kind == OpKind::elementwise && squeezed(node.shape) == rows_of(space))
    return access.view.offset == 0 && is_contiguous(access.view, shape);
  const bool each_place = node.op->kind == OpKind::elementwise || node.op->kind == OpKind::reduction;
  return each_place && squeezed(shape) == space && is_spread(access.view, shape);
}

}  // namespace xtape::detail
