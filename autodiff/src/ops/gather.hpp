// Picking elements along an axis, for losses.
#pragma once

#include <xtape/tape.hpp>

namespace xtape::detail {

/// take_along_axis along the last axis, in which negative indices are out of range too.
Var picked_classes(const Var& x, const Var& classes);

}  // namespace xtape::detail
