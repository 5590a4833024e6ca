// Anomaly mode: where a value that is not finite comes from.
#pragma once

#include <span>

#include "tape/state.hpp"

namespace xtape::detail {

/// Throws NumericalError if one of these nodes, which hold values, has an element that is NaN, or infinite unless the
/// program says so itself by an infinite number: computes what they depend on again, op by op, and names the op that
/// the first such element comes from, or the leaf. The tape's nodes hold what they held.
void require_finite(TapeState& state, std::span<const NodeId> nodes);

}  // namespace xtape::detail
