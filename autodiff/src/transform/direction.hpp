// The length of a direction, which must be positive and finite.
#pragma once

#include <span>

#include <xtape/tape.hpp>

namespace xtape::detail {

/// The norm of all tensors together. When it is computed, throws ValueError unless it is positive and finite.
Var length_of(std::span<const Var> direction);

}  // namespace xtape::detail
