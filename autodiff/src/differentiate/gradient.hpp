// Reverse-mode differentiation: one walk backwards over the program, which appends the program of the gradient.
#pragma once

#include <span>
#include <vector>

#include <xtape/tape.hpp>

#include "tape/state.hpp"

namespace xtape::detail {

/// The product of `cotangent`, of the shape and dtype of `y`, with the Jacobian of `y` for each target: nodes of the
/// target's shape and dtype, zeros where `y` does not depend on it. All of them are nodes of their own that nothing
/// recorded before depends on, so that they can be differentiated for.
std::vector<Var> vjp(TapeState& state, NodeId y, const Var& cotangent, std::span<const NodeId> targets);

/// The same for a scalar y with cotangent 1.
std::vector<Var> gradient(TapeState& state, NodeId y, std::span<const NodeId> targets);
/// Its nodes, as long as no other gradient is recorded.
std::span<const NodeId> gradient_nodes(TapeState& state, NodeId y, std::span<const NodeId> targets);

}  // namespace xtape::detail
