// Nodes as text, as dumps write them.
#pragma once

#include <string>

#include "tape/state.hpp"

namespace xtape::detail {

/// Whether the node is a literal that stands in the lines that use it.
bool is_inline_literal(const Node& node);
/// "sum(%6, axes=[-1])"
std::string expression(const TapeState& state, NodeId id);

}  // namespace xtape::detail
