#include "transform/graph.hpp"

#include <algorithm>

#include "ops/leaf.hpp"
#include "ops/op.hpp"
#include "ops/ruled.hpp"

namespace xtape::detail {

namespace {

/// Which nodes the outputs depend on, no further than to the inputs.
std::vector<bool> needed(const Program& program, std::span<const NodeId> inputs, std::span<const NodeId> outputs) {
  std::vector<bool> stop(program.size()), need(program.size());
  for (NodeId input : inputs) stop[input] = true;
  NodeId last = 0;
  for (NodeId output : outputs) {
    need[output] = true;
    last = std::max(last, output + 1);
  }
  for (NodeId id = last; id-- > 0;) {
    if (!need[id] || stop[id]) continue;
    for (NodeId input : program.inputs(program[id])) need[input] = true;
  }
  return need;
}

/// A leaf's value moves from one set of tables to another.
template <class From, class To>
std::uint32_t moved(const From& from, std::uint32_t index, To& to) {
  to.push_back(from[index]);
  return static_cast<std::uint32_t>(to.size() - 1);
}

void copy_leaf_value(const TapeState& state, const Node& node, Graph& graph, Node& copy) {
  copy.holds = node.holds;
  if (node.holds == Holds::array) copy.value = moved(state.arrays, node.value, graph.arrays);
  if (node.holds == Holds::number) copy.value = moved(state.numbers, node.value, graph.numbers);
  if (node.holds != Holds::parameter) return;
  graph.parameters.push_back(state.reads[node.value].parameter);
  copy.value = static_cast<std::uint32_t>(graph.parameters.size() - 1);
}

/// A node with its inputs renamed; a rule by its place in the new table.
template <class From, class To>
NodeId append_renamed(const Program& source, const Node& node, const std::vector<NodeId>& renamed, const From& rules,
                      Program& program, To& own_rules) {
  std::vector<NodeId> inputs;
  for (NodeId input : source.inputs(node)) inputs.push_back(renamed[input]);
  const auto old = source.attributes(node);
  std::vector<std::int64_t> attributes(old.begin(), old.end());
  if (node.op == &ruled_op) attributes[0] = moved(rules, static_cast<std::uint32_t>(old[0]), own_rules);
  const NodeId id = program.append(*node.op, node.dtype, node.shape, inputs, attributes, node.location);
  program[id].internal = node.internal;
  return id;
}

/// The leaf of a graph on a tape: a Parameter's is the tape's one read of it.
NodeId record_leaf(TapeState& state, const Graph& graph, const Node& node) {
  switch (node.holds) {
    case Holds::array:
      return record_array(state, graph.arrays[node.value], node.location);
    case Holds::parameter:
      return read_parameter(state, graph.parameters[node.value], node.location);
    default:
      break;
  }
  const NodeId id =
      state.program.append(*node.op, node.dtype, node.shape, {}, graph.program.attributes(node), node.location);
  state.program[id].internal = node.internal;
  state.program[id].holds = node.holds;
  if (node.holds == Holds::number) state.program[id].value = moved(graph.numbers, node.value, state.numbers);
  return id;
}

}  // namespace

Graph extract(const TapeState& state, std::span<const NodeId> inputs, std::span<const NodeId> outputs) {
  const Program& program = state.program;
  const std::vector<bool> need = needed(program, inputs, outputs);
  std::vector<NodeId> renamed(program.size(), kNoNode);
  Graph graph;
  for (NodeId input : inputs) {
    renamed[input] = graph.program.append(placeholder_op, program[input].dtype, program[input].shape, {}, {},
                                          program[input].location);
    graph.inputs.push_back(renamed[input]);
  }
  for (NodeId id = 0; id < program.size(); ++id) {
    if (!need[id] || renamed[id] != kNoNode) continue;
    renamed[id] = append_renamed(program, program[id], renamed, state.rules, graph.program, graph.rules);
    if (program[id].input_count == 0) copy_leaf_value(state, program[id], graph, graph.program[renamed[id]]);
  }
  for (NodeId output : outputs) graph.outputs.push_back(renamed[output]);
  return graph;
}

std::vector<NodeId> replay(TapeState& state, const Graph& graph, std::span<const NodeId> inputs) {
  std::vector<NodeId> renamed(graph.program.size(), kNoNode);
  for (std::size_t i = 0; i < inputs.size(); ++i) renamed[graph.inputs[i]] = inputs[i];
  for (NodeId id = 0; id < graph.program.size(); ++id) {
    if (renamed[id] != kNoNode) continue;
    const Node& node = graph.program[id];
    renamed[id] = node.input_count == 0
                      ? record_leaf(state, graph, node)
                      : append_renamed(graph.program, node, renamed, graph.rules, state.program, state.rules);
    if (state.rule_depth > 0) state.program[renamed[id]].internal = true;
  }
  std::vector<NodeId> outputs;
  for (NodeId output : graph.outputs) outputs.push_back(renamed[output]);
  return outputs;
}

std::vector<NodeId> captured(const TapeState& state, std::span<const NodeId> inputs, std::span<const NodeId> outputs,
                             NodeId begin) {
  const Program& program = state.program;
  const std::vector<bool> need = needed(program, inputs, outputs);
  std::vector<bool> stop(program.size()), read(program.size());
  for (NodeId input : inputs) stop[input] = true;
  for (NodeId output : outputs) read[output] = true;
  for (NodeId id = begin; id < program.size(); ++id)
    if (need[id] && !stop[id])
      for (NodeId input : program.inputs(program[id])) read[input] = true;
  const auto is_captured = [&](NodeId id) {
    const OpKind kind = program[id].op->kind;
    return read[id] && !stop[id] && kind != OpKind::constant && (id < begin || kind == OpKind::leaf);
  };
  std::vector<NodeId> result;
  for (NodeId id = 0; id < program.size(); ++id)
    if (is_captured(id)) result.push_back(id);
  return result;
}

}  // namespace xtape::detail
