// A recorded function by itself: the part of a program that some outputs depend on, with the values that it captured,
// independent of the tape that it was recorded on, and to be recorded again on any tape.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tape/state.hpp"

namespace xtape::detail {

struct Graph {
  Program program;  ///< leaves hold values as on a tape, by the tables below; the inputs are placeholders
  std::vector<Array> arrays;
  std::vector<std::uint64_t> numbers;
  std::vector<std::shared_ptr<ParameterState>> parameters;  ///< read at their present values by every use
  std::vector<std::shared_ptr<const UserRule>> rules;
  std::vector<NodeId> inputs, outputs;
};

/// The program from `inputs`, any nodes, each once, to `outputs`. Placeholders that are none of the inputs stay behind
/// as such: nothing that depends on them can be computed.
Graph extract(const TapeState& state, std::span<const NodeId> inputs, std::span<const NodeId> outputs);

/// Records the graph with these nodes as its inputs, of their shapes and dtypes, and gives the outputs. An output that
/// is itself an input is that node.
std::vector<NodeId> replay(TapeState& state, const Graph& graph, std::span<const NodeId> inputs);

/// What a function that was recorded from `begin` on has captured: the nodes before `begin` that the outputs depend on
/// otherwise than through `inputs`, and the Arrays, Parameters and numbers read since, in ascending order. Literals are
/// part of the function.
std::vector<NodeId> captured(const TapeState& state, std::span<const NodeId> inputs, std::span<const NodeId> outputs,
                             NodeId begin);

}  // namespace xtape::detail
