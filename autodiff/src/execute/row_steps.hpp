// What a loop by rows does between its instructions: rows to elements, and elements to rows.
#pragma once

#include "plan/plan.hpp"

namespace xtape::detail {

/// Reduces each of n / columns rows to an element, or copies each element to its row and up to kSpreadBeyond bytes
/// after the last. Reductions have the bits that
/// they have alone.
void run_row_step(const Loop::RowStep& step, const Slot* slots, std::int64_t columns, std::size_t n);

}  // namespace xtape::detail
