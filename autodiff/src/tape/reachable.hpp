// The part of a program that some nodes depend on.
#pragma once

#include <span>
#include <vector>

#include "tape/state.hpp"

namespace xtape::detail {

/// Writes the nodes that the roots depend on, roots included, into `nodes`: first the leaves, then the others, each in
/// ascending order, so that inputs stand before their readers. With `stop_at_values`, nodes that hold a value count as
/// leaves. Costs no more than the distance from the last root down to the first inner node found, without recursion.
void reachable(TapeState& state, std::span<const NodeId> roots, bool stop_at_values, std::vector<NodeId>& nodes);

}  // namespace xtape::detail
