// First pass: the request as a program of its own, composites lowered to ordinary ops, dead code and common
// subexpressions gone.
#pragma once

#include <vector>

#include "kernels/kernel.hpp"
#include "plan/request.hpp"

namespace xtape::detail {

struct Lowered {
  Program program;
  std::vector<NodeId> leaves;          ///< in the order of the request's leaves
  std::vector<NodeId> outputs;         ///< in the order of the request's outputs
  LargeVector<std::uint32_t> origins;  ///< for each node, the position in the request that it came from
};

inline bool is_leaf(const Node& node) { return node.holds != Holds::nothing; }

Lowered lower(const Request& request);

inline NodeId append_copy(Program& program, const Node& node, std::span<const NodeId> inputs,
                          std::span<const std::int64_t> attributes) {
  return program.append_like(node, *node.op, inputs, attributes);
}

/// What stands in the place of some nodes of a program: other ops of other inputs.
struct Replacements {
  struct Fused {
    const Op* op;
    NodeId inputs[kMostInputs];
    std::uint32_t input_count;
  };
  LargeVector<std::uint32_t> places;  ///< for each node, where it is in `fused`, counted from 1, or 0; empty for none
  LargeVector<Fused> fused;

  const Fused* of(NodeId id) const { return places.empty() || places[id] == 0 ? nullptr : &fused[places[id] - 1]; }
  const Op& op(const Program& program, NodeId id) const { return of(id) ? *of(id)->op : *program[id].op; }
  std::span<const NodeId> inputs(const Program& program, NodeId id) const {
    const Fused* replaced = of(id);
    return replaced ? std::span(replaced->inputs, replaced->input_count) : program.inputs(program[id]);
  }
};

/// The program without dead code and, if asked to `merge`, without common subexpressions.
Lowered without_waste(const Program& source, const Replacements& replacements, std::span<const NodeId> outputs,
                      std::span<const std::uint32_t> origins, bool merge);

}  // namespace xtape::detail
