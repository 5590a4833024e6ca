// The float32 gradient of a program against that of the same program in float64.
#pragma once

#include "check/recorded.hpp"

namespace xtape::detail {

/// Compares the gradients at a point. Throws Refusal if they differ by more than rounding can do, and says in the
/// report where.
void compare_precisions(RecordedFunction& single, RecordedFunction& wide, std::span<const double> x,
                        const Derivative& own, const Derivative& exact, CheckReport& report);

}  // namespace xtape::detail
