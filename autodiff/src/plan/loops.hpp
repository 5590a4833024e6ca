// Fourth pass: a group of nodes as a loop: its streams, registers and instructions.
#pragma once

#include <vector>

#include "plan/fuse.hpp"
#include "plan/plan.hpp"

namespace xtape::detail {

/// For each node, whether it needs memory: it is an output, or read outside the registers of its own loop.
std::vector<bool> materialized_nodes(const Layout& layout, const Fusion& fusion);

/// What the loops of a program are built from, and memory that serves one after the other.
struct LoopSources {
  /// Until registers are allocated, slots are indices of operands.
  struct Operand {
    bool in_register;
    std::size_t bytes;           ///< of an element
    std::uint32_t last_use = 0;  ///< index of the last instruction or sink position that reads it
    std::uint32_t slot = 0;
  };
  /// A way in which a loop reads a value from outside.
  struct Read {
    NodeId base;
    std::uint32_t before;  ///< the way in which the same base was read before, or kNoOperand
    View view;
    std::uint32_t operand;
    bool scalar, per_row;
  };
  static constexpr std::uint32_t kNoOperand = ~std::uint32_t{0};

  LoopSources(const Layout& layout, const Fusion& fusion, const std::vector<bool>& materialized);

  const Layout& layout;
  const Fusion& fusion;
  const std::vector<bool>& materialized;
  LargeVector<std::uint32_t> computed;   ///< for each node: the operand that it is in its loop
  LargeVector<std::uint32_t> last_read;  ///< for each node: the last in `reads`, or kNoOperand
  std::vector<Operand> operands;
  std::vector<Read> reads;
  std::vector<Loop::Stream> streams;
};

Loop build_loop(LoopSources& sources, std::uint32_t group, InstructionSet set);

}  // namespace xtape::detail
