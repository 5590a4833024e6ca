// The length of a direction, which must be positive and finite.
#pragma once

#include <span>

#include "tape/state.hpp"

namespace xtape::detail {

/// The norm of all tensors together, float64 if their dtypes differ. When it is computed, throws ValueError that names
/// the location unless it is positive and finite.
Var length_of(std::span<const Var> direction, Location location);

}  // namespace xtape::detail
