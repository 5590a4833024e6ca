// Taylor coefficients of a recorded program along a line, by recurrences that come from the rules of reverse mode.
#pragma once

#include <span>
#include <vector>

#include "tape/state.hpp"

namespace xtape::detail {

/// The coefficients 0 to `order` of y as its arguments x, nodes, move to x + t d; kNoNode for what is zero whatever the
/// values. Coefficient 0 is y.
std::vector<NodeId> taylor_coefficients(TapeState& state, NodeId y, std::span<const NodeId> x,
                                        std::span<const NodeId> direction, int order);

}  // namespace xtape::detail
