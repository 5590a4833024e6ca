// Second pass: how every value is addressed. Views fold into the strides of their readers; where a reader cannot take
// strides, a copy is inserted.
#pragma once

#include <vector>

#include "plan/lower.hpp"
#include "plan/plan.hpp"

namespace xtape::detail {

struct Layout {
  Program program;
  LargeVector<Access> accesses;  ///< for each node: itself contiguously, or what its view reads
  LargeVector<std::uint32_t> origins;
  std::vector<NodeId> leaves, outputs;
  std::vector<NodeId> after;  ///< for each node, one that must not come later, or kNoNode; empty if there is none
};

/// Row-major strides of a shape.
View contiguous_view(const Shape& shape);
/// Whether a view of this shape walks memory in row-major order without gaps, from its offset on.
bool is_contiguous(const View& view, const Shape& shape);
/// How BLAS could take the last two axes of a view: transposed or not, with which leading dimension; false if neither.
bool blas_operand(const View& view, const Shape& shape, bool& transposed, std::int64_t& leading);

Layout lay_out(Lowered lowered, const Options& options);

}  // namespace xtape::detail
