#include "transform/batch.hpp"

#include <algorithm>

#include "ops/batching.hpp"
#include "ops/record.hpp"
#include "tape/notes.hpp"

namespace xtape::detail {

namespace {

/// The nodes that outputs depend on and that depend on inputs themselves, without these, in ascending order.
std::vector<NodeId> nodes_between(const Program& program, std::span<const NodeId> outputs,
                                  std::span<const NodeId> inputs) {
  if (outputs.empty() || inputs.empty()) return {};
  const NodeId first = *std::ranges::min_element(inputs), last = *std::ranges::max_element(outputs);
  if (last < first) return {};
  std::vector<bool> depends(last - first + 1), needed(last - first + 1), stop(last - first + 1);
  for (NodeId input : inputs)
    if (input <= last) depends[input - first] = stop[input - first] = true;
  for (NodeId id = first; id <= last; ++id)
    for (NodeId input : program.inputs(program[id]))
      if (input >= first && depends[input - first]) depends[id - first] = true;
  std::vector<NodeId> nodes;
  for (NodeId output : outputs)
    if (output >= first) needed[output - first] = true;
  for (NodeId id = last + 1; id-- > first;) {
    if (!needed[id - first] || !depends[id - first] || stop[id - first]) continue;
    nodes.push_back(id);
    for (NodeId input : program.inputs(program[id]))
      if (input >= first) needed[input - first] = true;
  }
  std::ranges::reverse(nodes);
  return nodes;
}

/// From one example's nodes to those over the batch.
class Walk {
 public:
  Walk(TapeState& state, std::span<const NodeId> inputs, std::span<const NodeId> batches)
      : state_(state), over_(state.program.size(), kNoNode) {
    extent_ = inputs.empty() ? 0 : state.program[batches[0]].shape[0];
    for (std::size_t i = 0; i < inputs.size(); ++i) over_[inputs[i]] = batches[i];
  }

  void append(NodeId id) {
    Batching batching{state_, id, extent_, {}, {}, batched};
    for (NodeId input : state_.program.inputs(state_.program[id])) {
      batching.over.push_back(over_[input] != kNoNode);
      batching.inputs.push_back(batching.over.back() ? over_[input] : input);
    }
    const RuleScope rule(state_, state_.program[id].location);
    const ScopeOf scope(state_, id);
    const NodeId begin = state_.program.size();
    over_[id] = seen_as(id, append_batched(batching));
    if (over_[id] >= begin) named_as(id, over_[id]);
  }

  NodeId result_of(NodeId output) {
    if (over_[output] != kNoNode) return over_[output];
    const RuleScope scope(state_, state_.program[output].location);
    return over_[output] = seen_as(output, repeated(state_, output, extent_));
  }

 private:
  /// Handed out if the node of one example was, so that rules look through what they looked through there.
  NodeId seen_as(NodeId example, NodeId batch) {
    if (state_.program[example].internal) return batch;
    return VarAccess::node(hand_out(state_, VarAccess::make(state_, batch)));
  }

  void named_as(NodeId example, NodeId batch) {
    const std::string_view name = name_of(state_, example);
    if (!name.empty()) state_.notes->names.emplace(batch, name);
  }

  TapeState& state_;
  std::vector<NodeId> over_;
  std::int64_t extent_;
};

}  // namespace

std::vector<NodeId> batched(TapeState& state, std::span<const NodeId> outputs, std::span<const NodeId> inputs,
                            std::span<const NodeId> batches) {
  const std::vector<NodeId> nodes = nodes_between(state.program, outputs, inputs);
  Walk walk(state, inputs, batches);
  for (NodeId id : nodes) walk.append(id);
  std::vector<NodeId> results;
  for (NodeId output : outputs) results.push_back(walk.result_of(output));
  return results;
}

}  // namespace xtape::detail
