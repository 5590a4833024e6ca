// Third pass: which values are computed together. Elementwise work over one space, and the reductions that end it,
// share a loop; products and opaque ops are steps of their own.
#pragma once

#include <vector>

#include "plan/layout.hpp"

namespace xtape::detail {

/// Values that one step computes.
struct Group {
  Step::Kind kind;
  Shape space;  ///< of a loop, without axes of extent 1
  std::vector<NodeId> nodes;
};

struct Fusion {
  std::vector<Group> groups;            ///< in an order of execution
  std::vector<std::uint32_t> group_of;  ///< for each node; kNoGroup for leaves, constants and views
  static constexpr std::uint32_t kNoGroup = ~std::uint32_t{0};
};

/// The shape without axes of extent 1: values of one squeezed shape have the same row-major order.
Shape squeezed(const Shape& shape);
/// The shape that an elementwise op or a reduction iterates over.
const Shape& iteration_shape(const Program& program, const Node& node);
/// (outer, reduced, inner) of a reduction.
ReductionShape reduction_shape(const Program& program, const Node& node);
/// Whether an operand of a loop over `space` that is computed in the same loop can be read from a register: an
/// elementwise value, read at the place where it was computed.
bool readable_in_loop(const Layout& layout, NodeId operand, const Shape& space);

Fusion fuse(const Layout& layout, const Options& options);

}  // namespace xtape::detail
