// The part of a program that some nodes depend on.
#pragma once

#include <span>
#include <vector>

#include "tape/state.hpp"

namespace xtape::detail {

/// The nodes that the roots depend on, roots included, in ascending order. With `stop_at_values`, nodes that hold a
/// value count as leaves. Costs no more than the distance from the last root down to the first inner node found,
/// without recursion.
std::vector<NodeId> reachable(TapeState& state, std::span<const NodeId> roots, bool stop_at_values);

}  // namespace xtape::detail
