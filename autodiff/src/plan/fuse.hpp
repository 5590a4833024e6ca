// Third pass: which values are computed together. Elementwise work over one space, the products of a matrix's rows with
// a vector, and the reductions that end them share a loop; other products and opaque ops are steps of their own.
#pragma once

#include <optional>
#include <vector>

#include "plan/layout.hpp"

namespace xtape::detail {

/// Values that one step computes.
struct Group {
  Step::Kind kind;
  Shape space;  ///< of a loop, without axes of extent 1
  std::vector<NodeId> nodes;
  bool by_rows = false;  ///< a loop in which values of rows are read, see plan/row_loops.hpp
};

struct Fusion {
  LargeVector<Group> groups;            ///< in an order of execution
  std::vector<std::uint32_t> group_of;  ///< for each node; kNoGroup for leaves, constants and views
  static constexpr std::uint32_t kNoGroup = ~std::uint32_t{0};
};

/// The shape without axes of extent 1: values of one squeezed shape have the same row-major order.
Shape squeezed(const Shape& shape);
/// Whether `squeezed(shape)` is `space`.
inline bool squeezes_to(const Shape& shape, const Shape& space) {
  std::size_t kept = 0;
  for (const std::int64_t extent : shape)
    if (extent != 1 && (kept == space.rank() || space[kept++] != extent)) return false;
  return kept == space.rank();
}
/// The space of the loop that computes a node, without axes of extent 1; nothing if the node is no part of a loop.
std::optional<Shape> loop_space(const Layout& layout, NodeId id);
/// (outer, reduced, inner) of a reduction.
ReductionShape reduction_shape(const Program& program, const Node& node);
/// Whether `reader`, in a loop over `space`, can read its operand from a register of that loop: a value with an element
/// at each place of it, read at the place where it was computed, or one with an element for each row, read in that row.
bool readable_in_loop(const Layout& layout, NodeId reader, NodeId operand, const Shape& space);

Fusion fuse(const Layout& layout, const Options& options);

}  // namespace xtape::detail
