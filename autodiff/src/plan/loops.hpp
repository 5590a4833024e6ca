// Fourth pass: a group of nodes as a loop: its streams, registers and instructions.
#pragma once

#include <vector>

#include "plan/fuse.hpp"
#include "plan/plan.hpp"

namespace xtape::detail {

/// For each node, whether it needs memory: it is an output, or read outside the registers of its own loop.
std::vector<bool> materialized_nodes(const Layout& layout, const Fusion& fusion);

/// What the loops of a program are built from.
struct LoopSources {
  const Layout& layout;
  const Fusion& fusion;
  const std::vector<bool>& materialized;
  /// By node, of the loop at hand: the operand that it computes, and the last way in which it is read from outside, one
  /// of those that the builder lists.
  std::vector<std::uint32_t> computed, outside;
};
LoopSources loop_sources(const Layout& layout, const Fusion& fusion, const std::vector<bool>& materialized);

Loop build_loop(LoopSources& sources, std::uint32_t group, InstructionSet set);

}  // namespace xtape::detail
