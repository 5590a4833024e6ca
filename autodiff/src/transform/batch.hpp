// A program over a batch: what was recorded for one example, for many at once.
#pragma once

#include <span>
#include <vector>

#include "tape/state.hpp"

namespace xtape::detail {

/// `outputs`, each with a new leading axis, of the program in which each of `inputs` (any nodes) is exchanged for its
/// batch, a node of shape [n, shape of the input...]. What depends on no input is computed once and broadcast where an
/// op needs it. Nodes are appended; those of one example are left behind, and if they were recorded on placeholders,
/// only the batch can be computed. Throws ShapeError where a tensor would have too many axes.
std::vector<NodeId> batched(TapeState& state, std::span<const NodeId> outputs, std::span<const NodeId> inputs,
                            std::span<const NodeId> batches);

}  // namespace xtape::detail
