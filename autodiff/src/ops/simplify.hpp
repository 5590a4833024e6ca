// What is simplified while a rule or a composite records. Only literals are looked at, never other values, and only in
// ways that keep every bit.
#pragma once

#include <span>

#include "ops/op.hpp"
#include "tape/state.hpp"

namespace xtape::detail {

/// A node with the value of the elementwise op on these inputs, or kNoNode if nothing is simpler. The node may have a
/// shape that is still to be broadcast to the op's.
NodeId simplified(TapeState& state, const Op& op, std::span<const NodeId> inputs, DType dtype);

}  // namespace xtape::detail
