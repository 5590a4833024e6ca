// Between layout and fusion: rows that are taken by indices, and only multiplied row by row, are read where they stand.
// Nothing is gathered: one call checks the indices, and the loop of the products reads row places[i] at its place i.
#pragma once

#include "plan/layout.hpp"

namespace xtape::detail {

/// The planner's own ops: row products of a contiguous matrix, of which the rows are read that the third input names.
/// Inputs: matrix, vector, places.
extern const Op taken_row_dots_op, taken_row_sums_op;
/// Elements of a vector, the first input, at places, the second.
extern const Op taken_elements_op;

/// The layout without copies of taken rows that only row products read. Vectors taken by the same indices, as the
/// labels of a mini-batch are, are read element by element then. The same bits: only where operands come from changes.
Layout with_rows_where_they_stand(Layout layout);

}  // namespace xtape::detail
