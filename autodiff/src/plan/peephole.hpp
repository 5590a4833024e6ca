// Second half of lowering: ops that stand together in one of the rewrites of ops/fused.hpp become one op. This changes
// rounding, so it comes first and depends on the program alone, and Options::rounding_passes turns it off.
#pragma once

#include "ops/fused.hpp"
#include "plan/lower.hpp"

namespace xtape::detail {

/// The same program with fewer instructions. A value that others read too, or that is an output, is not taken in.
Lowered peephole(Lowered lowered);

/// Whether the rewrite is well-formed and all of its ops are linked in; others never apply.
bool is_usable(const Rewrite& rewrite);

}  // namespace xtape::detail
