// Gradients of a recording that is made once more: a tape that has been reset and records the same program again gets
// the nodes of a gradient as they were, and no rule runs.
#pragma once

#include <span>
#include <vector>

#include "tape/state.hpp"

namespace xtape::detail {

/// The nodes of the results, if the previous recording asked for the same gradient of the same program; else null.
const std::vector<NodeId>* replay_gradient(TapeState& state, NodeId y, NodeId cotangent,
                                           std::span<const NodeId> targets);

/// Remembers a gradient whose nodes begin at gradient.begin and were recorded just now, `user_rules` rules of custom
/// ops among them.
void remember_gradient(TapeState& state, RecordedGradient gradient, std::uint64_t user_rules);

}  // namespace xtape::detail
