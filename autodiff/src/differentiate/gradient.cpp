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

/// The backward walk from one node. It takes the state's scratch for itself, since rules of applications may take
/// gradients in turn: `marks_` says which nodes depend on a target, and `cotangents_` what has arrived at them.
class Walk {
 public:
  Walk(TapeState& state, NodeId y, std::span<const NodeId> targets, RecordedGradient& recorded)
      : state_(state), targets_(targets), recorded_(recorded) {
    exchange_scratch();
    const std::size_t size = state.program.size();
    if (marks_.size() < size) marks_.resize(size);
    if (cotangents_.size() < size) cotangents_.resize(size, kNoNode);
    collect(y);
    for (NodeId target : targets) marks_[target] = kNeeded;
    for (std::size_t i = nodes_.size(); i-- > 0;) marks_[nodes_[i]] = needs(nodes_[i]) ? kNeeded : 0;
  }

  ~Walk() {
    for (NodeId id : nodes_) reset(id);
    for (NodeId target : targets_) reset(target);
    exchange_scratch();
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  void run(NodeId y, const Var& cotangent) {
    if (marks_[y] != 0) cotangents_[y] = VarAccess::node(cotangent);
    for (NodeId id : nodes_)
      if (cotangents_[id] != kNoNode) pass_on(id);
  }

  NodeId cotangent(NodeId id) const { return cotangents_[id]; }

 private:
  static constexpr std::uint32_t kReached = 1, kNeeded = 2;

  /// Marks the nodes with inputs that y depends on as reached, and lists them from y down.
  void collect(NodeId y) {
    std::size_t pending = 0;
    const auto reach = [&](NodeId id) {
      if (marks_[id] != 0 || state_.program[id].input_count == 0) return;
      marks_[id] = kReached;
      ++pending;
    };
    nodes_.clear();
    reach(y);
    for (NodeId id = y + 1; pending > 0;) {
      if (marks_[--id] == 0) continue;
      nodes_.push_back(id);
      --pending;
      for (NodeId input : state_.program.inputs(state_.program[id])) reach(input);
    }
  }

  /// Whether a reached node depends on a target; its inputs must be known already.
  bool needs(NodeId id) const {
    const Node& node = state_.program[id];
    if (marks_[id] == kNeeded) return true;
    if (node.op->vjp == nullptr || !is_floating(node.dtype)) return false;
    for (NodeId input : state_.program.inputs(node))
      if (marks_[input] != 0) return true;
    return false;
  }

  void exchange_scratch() {
    std::swap(marks_, state_.marks);
    std::swap(cotangents_, state_.cotangents);
    std::swap(nodes_, state_.walked);
  }

  void reset(NodeId id) {
    marks_[id] = 0;
    cotangents_[id] = kNoNode;
  }

  /// From a node to its inputs, by the rule of its op.
  void pass_on(NodeId id) {
    const Node& node = state_.program[id];
    std::uint32_t wanted = 0;
    for (std::uint32_t i = 0; i < node.input_count && i < 32; ++i)
      if (marks_[state_.program.inputs(node)[i]] != 0) wanted |= std::uint32_t{1} << i;
    if (node.op->vjp == nullptr || (wanted == 0 && node.input_count <= 32)) return;
    note_run(state_, recorded_, id);
    const RuleScope scope(state_, node.location);
    Rule rule(state_, id, VarAccess::make(state_, cotangents_[id]), wanted);
    rule.driver = this;
    rule.receive = [](void* driver, NodeId input, const Var& cotangent) {
      static_cast<Walk*>(driver)->receive(input, cotangent);
    };
    node.op->vjp(rule);
  }

  /// Zeros are left out: an absent cotangent means zero.
  void receive(NodeId input, const Var& cotangent) {
    double literal = 1;
    if (marks_[input] == 0) return;
    if (is_literal(state_, VarAccess::node(cotangent), literal) && literal == 0) return;
    NodeId& sum = cotangents_[input];
    sum = VarAccess::node(sum == kNoNode ? cotangent : VarAccess::make(state_, sum) + cotangent);
  }

  TapeState& state_;
  std::vector<std::uint32_t> marks_;
  std::vector<NodeId> cotangents_, nodes_;
  const std::span<const NodeId> targets_;
  RecordedGradient& recorded_;
};

/// A cotangent as a result: a node that no Var was given of before, and no literal that rules would look through.
NodeId result_of(TapeState& state, NodeId begin, NodeId cotangent, NodeId target) {
  const RuleScope scope(state, state.program[target].location);
  const Shape shape = state.program[target].shape;
  double literal = 0;
  NodeId result = cotangent;
  if (cotangent == kNoNode || is_literal(state, cotangent, literal))
    result = append_full(state, literal, state.program[target].dtype, shape);
  const bool before = result < begin;  // of calls that may be taken over as they were recorded
  if (before || !state.program[result].internal || (shape.rank() == 0 && is_literal(state, result, literal)))
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

std::span<const NodeId> vjp_nodes(TapeState& state, NodeId y, NodeId given, std::span<const NodeId> targets) {
  if (const std::vector<NodeId>* again = replay_gradient(state, y, given, targets)) return *again;
  const bool noted = state.notes != nullptr;
  RecordedGradient recorded{state.program.size(), 0, y, given, {targets.begin(), targets.end()}, {}, true, noted, {}};
  const std::uint64_t user_rules = state.user_rules;
  {
    Walk walk(state, y, recorded.targets, recorded);
    walk.run(y, VarAccess::make(state, given));
    for (NodeId target : recorded.targets) {
      note_run(state, recorded, target);
      recorded.results.push_back(result_of(state, recorded.begin, walk.cotangent(target), target));
    }
  }
  remember_gradient(state, std::move(recorded), state.user_rules - user_rules);
  return state.gradients.back().results;
}

}  // namespace

std::vector<Var> vjp(TapeState& state, NodeId y, const Var& cotangent, std::span<const NodeId> targets) {
  return vars_of(state, vjp_nodes(state, y, VarAccess::node(cotangent), targets));
}

std::span<const NodeId> gradient_nodes(TapeState& state, NodeId y, std::span<const NodeId> targets) {
  const RuleScope scope(state, state.program[y].location);
  return vjp_nodes(state, y, append_literal(state, 1.0, state.program[y].dtype), targets);
}

std::vector<Var> gradient(TapeState& state, NodeId y, std::span<const NodeId> targets) {
  return vars_of(state, gradient_nodes(state, y, targets));
}

}  // namespace xtape::detail
