#include "differentiate/gradient.hpp"

#include <utility>

#include <xtape/ops.hpp>

#include "differentiate/replay.hpp"
#include "ops/op.hpp"
#include "ops/record.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

namespace {

/// What is recorded from here on comes from the rule of this node.
void note_run(const TapeState& state, RecordedGradient& recorded, NodeId node) {
  if (state.notes != nullptr) recorded.runs.push_back({state.program.size(), node});
}

/// The backward walk from one node. While alive, state.marks says which nodes depend on a target, and state.cotangents
/// what has arrived at them.
class Walk {
 public:
  Walk(TapeState& state, NodeId y, std::span<const NodeId> targets, RecordedGradient& recorded)
      : state_(state), nodes_(state.walked), targets_(targets), recorded_(recorded) {
    const std::size_t size = state.program.size();
    if (state.marks.size() < size) state.marks.resize(size);
    if (state.cotangents.size() < size) state.cotangents.resize(size, kNoNode);
    collect(y);
    for (NodeId target : targets) state.marks[target] = kNeeded;
    for (std::size_t i = nodes_.size(); i-- > 0;) state.marks[nodes_[i]] = needs(nodes_[i]) ? kNeeded : 0;
  }

  ~Walk() {
    for (NodeId id : nodes_) reset(id);
    for (NodeId target : targets_) reset(target);
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  void run(NodeId y, const Var& cotangent) {
    if (state_.marks[y] != 0) state_.cotangents[y] = VarAccess::node(cotangent);
    for (NodeId id : nodes_)
      if (state_.cotangents[id] != kNoNode) pass_on(id);
  }

 private:
  static constexpr std::uint32_t kReached = 1, kNeeded = 2;

  /// Marks the nodes with inputs that y depends on as reached, and lists them from y down.
  void collect(NodeId y) {
    std::size_t pending = 0;
    const auto reach = [&](NodeId id) {
      if (state_.marks[id] != 0 || state_.program[id].input_count == 0) return;
      state_.marks[id] = kReached;
      ++pending;
    };
    nodes_.clear();
    reach(y);
    for (NodeId id = y + 1; pending > 0;) {
      if (state_.marks[--id] == 0) continue;
      nodes_.push_back(id);
      --pending;
      for (NodeId input : state_.program.inputs(state_.program[id])) reach(input);
    }
  }

  /// Whether a reached node depends on a target; its inputs must be known already.
  bool needs(NodeId id) const {
    const Node& node = state_.program[id];
    if (state_.marks[id] == kNeeded) return true;
    if (node.op->vjp == nullptr || !is_floating(node.dtype)) return false;
    for (NodeId input : state_.program.inputs(node))
      if (state_.marks[input] != 0) return true;
    return false;
  }

  void reset(NodeId id) {
    state_.marks[id] = 0;
    state_.cotangents[id] = kNoNode;
  }

  /// From a node to its inputs, by the rule of its op.
  void pass_on(NodeId id) {
    const Node& node = state_.program[id];
    std::uint32_t wanted = 0;
    for (std::uint32_t i = 0; i < node.input_count && i < 32; ++i)
      if (state_.marks[state_.program.inputs(node)[i]] != 0) wanted |= std::uint32_t{1} << i;
    if (node.op->vjp == nullptr || (wanted == 0 && node.input_count <= 32)) return;
    note_run(state_, recorded_, id);
    const RuleScope scope(state_, node.location);
    Rule rule(state_, id, VarAccess::make(state_, state_.cotangents[id]), wanted);
    rule.driver = this;
    rule.receive = [](void* driver, NodeId input, const Var& cotangent) {
      static_cast<Walk*>(driver)->receive(input, cotangent);
    };
    node.op->vjp(rule);
  }

  /// Zeros are left out: an absent cotangent means zero.
  void receive(NodeId input, const Var& cotangent) {
    double literal = 1;
    if (state_.marks[input] == 0) return;
    if (is_literal(state_, VarAccess::node(cotangent), literal) && literal == 0) return;
    NodeId& sum = state_.cotangents[input];
    sum = VarAccess::node(sum == kNoNode ? cotangent : VarAccess::make(state_, sum) + cotangent);
  }

  TapeState& state_;
  std::vector<NodeId>& nodes_;
  const std::span<const NodeId> targets_;
  RecordedGradient& recorded_;
};

/// A cotangent as a result: a node that no Var was given of before, and no literal that rules would look through.
NodeId result_of(TapeState& state, NodeId cotangent, NodeId target) {
  const RuleScope scope(state, state.program[target].location);
  const Shape shape = state.program[target].shape;
  double literal = 0;
  NodeId result = cotangent;
  if (cotangent == kNoNode || is_literal(state, cotangent, literal))
    result = append_full(state, literal, state.program[target].dtype, shape);
  if (!state.program[result].internal || (shape.rank() == 0 && is_literal(state, result, literal)))
    result = append_alias(state, result);
  state.program[result].internal = false;
  return result;
}

std::vector<Var> vars_of(TapeState& state, std::span<const NodeId> nodes) {
  std::vector<Var> vars;
  vars.reserve(nodes.size());
  for (NodeId node : nodes) vars.push_back(VarAccess::make(state, node));
  return vars;
}

}  // namespace

std::vector<Var> vjp(TapeState& state, NodeId y, const Var& cotangent, std::span<const NodeId> targets) {
  const NodeId given = VarAccess::node(cotangent);
  if (const std::vector<NodeId>* again = replay_gradient(state, y, given, targets)) return vars_of(state, *again);
  const bool noted = state.notes != nullptr;
  RecordedGradient recorded{state.program.size(), 0, y, given, {targets.begin(), targets.end()}, {}, true, noted, {}};
  const std::uint64_t user_rules = state.user_rules;
  Walk walk(state, y, targets, recorded);
  walk.run(y, cotangent);
  for (NodeId target : targets) {
    note_run(state, recorded, target);
    recorded.results.push_back(result_of(state, state.cotangents[target], target));
  }
  std::vector<Var> results = vars_of(state, recorded.results);
  remember_gradient(state, std::move(recorded), state.user_rules - user_rules);
  return results;
}

std::vector<Var> gradient(TapeState& state, NodeId y, std::span<const NodeId> targets) {
  const RuleScope scope(state, state.program[y].location);
  const Node& node = state.program[y];
  return vjp(state, y, VarAccess::make(state, append_literal(state, 1.0, node.dtype)), targets);
}

}  // namespace xtape::detail
