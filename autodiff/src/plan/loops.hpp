// Fourth pass: a group of nodes as a loop: its streams, registers and instructions.
#pragma once

#include <vector>

#include "plan/fuse.hpp"
#include "plan/plan.hpp"

namespace xtape::detail {

/// For each node, whether it needs memory: it is an output, or read outside the registers of its own loop.
std::vector<bool> materialized_nodes(const Layout& layout, const Fusion& fusion);

Loop build_loop(const Layout& layout, const Group& group, std::uint32_t group_index, const Fusion& fusion,
                const std::vector<bool>& materialized, InstructionSet set);

}  // namespace xtape::detail
