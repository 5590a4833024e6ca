// Loops by rows: over a space whose last axis is short, blocks are whole rows, and what is one element for each row,
// the reductions of rows and the elementwise work on these, is computed and read in the loop beside what has an element
// at each place. So a softmax, a layer norm or a cross-entropy and its gradient are one loop.
#pragma once

#include "plan/layout.hpp"

namespace xtape::detail {

/// Whether a loop over the space may be one by rows.
bool has_rows(const Shape& space);
/// The shape with one element for each row: `space` without its last axis.
Shape rows_of(const Shape& space);
/// Whether the node, in a loop over `space`, computes one element for each row of it.
bool computed_per_row(const Layout& layout, NodeId id, const Shape& space);
/// Whether `reader`, in a loop over `space`, could read its operand from that loop's values of rows: one element for
/// each row, and by another such value as it is, or at each place of its row.
bool reads_per_row(const Layout& layout, NodeId reader, NodeId operand, const Shape& space);

}  // namespace xtape::detail
