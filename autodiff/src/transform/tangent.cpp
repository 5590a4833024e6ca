#include "transform/tangent.hpp"

#include <algorithm>

#include "differentiate/gradient.hpp"
#include "ops/op.hpp"
#include "ops/record.hpp"
#include "ops/view.hpp"
#include "transform/apply.hpp"

namespace xtape::detail {

namespace {

NodeId placeholder_like(TapeState& state, NodeId id) {
  const Node node = state.program[id];
  return record_placeholder(state, node.dtype, node.shape, node.location);
}

/// The same op on other inputs.
NodeId append_like(TapeState& state, NodeId id, std::span<const NodeId> inputs) {
  const Node node = state.program[id];
  const auto own = state.program.attributes(node);
  const std::vector<std::int64_t> attributes(own.begin(), own.end());
  return append(state, *node.op, node.dtype, node.shape, inputs, attributes, node.location);
}

bool is_zero(const TapeState& state, NodeId id) {
  double value = 1;
  const Node* node = &state.program[id];
  if (node->op->kind == OpKind::view && node->input_count == 1 &&
      is_literal(state, state.program.inputs(*node)[0], value))
    return value == 0;
  return is_literal(state, id, value) && value == 0;
}

bool is_alias(const TapeState& state, NodeId id) {
  const Node& node = state.program[id];
  return node.op == &reshape_op && state.program[state.program.inputs(node)[0]].shape == node.shape;
}

/// The nodes from `begin` on that the term's result depends on, and the placeholders among them.
void collect(const TapeState& state, const Tangent& tangent, Tangent::Term& term) {
  const Program& program = state.program;
  std::vector<bool> need(term.result < tangent.begin ? 0 : term.result - tangent.begin + 1);
  if (!need.empty()) need.back() = true;
  for (std::size_t i = need.size(); i-- > 0;) {
    const NodeId id = tangent.begin + static_cast<NodeId>(i);
    if (!need[i]) continue;
    term.nodes.push_back(id);
    if (id == tangent.y) continue;
    for (NodeId input : program.inputs(program[id]))
      if (input >= tangent.begin) need[input - tangent.begin] = true;
  }
  std::ranges::reverse(term.nodes);
  const auto is_needed = [&](NodeId id) { return std::ranges::binary_search(term.nodes, id); };
  for (const Tangent::Term& other : tangent.terms)
    if (is_needed(other.x)) term.needs.push_back(other.x);
  if (is_needed(tangent.y)) term.needs.push_back(tangent.y);
}

void add_result(const TapeState& state, Tangent& tangent, std::size_t i, NodeId result) {
  if (is_zero(state, result)) return;
  tangent.terms[i].result = result;
  collect(state, tangent, tangent.terms[i]);
}

std::uint64_t hash_of(const Node& node, std::span<const NodeId> inputs) {
  std::uint64_t hash = reinterpret_cast<std::uintptr_t>(node.op) ^ static_cast<std::uint64_t>(node.dtype);
  for (NodeId input : inputs) hash = (hash ^ input) * 0x9E3779B97F4A7C15ULL + (hash >> 29);
  return hash;
}

}  // namespace

Tangent tangent_of(TapeState& state, NodeId node, const std::vector<bool>& varies) {
  Tangent tangent;
  tangent.begin = state.program.size();
  const auto own = state.program.inputs(state.program[node]);
  std::vector<NodeId> inputs(own.begin(), own.end()), placeholders;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!varies[i]) continue;
    tangent.terms.push_back(
        {i, placeholder_like(state, inputs[i]), placeholder_like(state, inputs[i]), kNoNode, {}, {}});
    placeholders.push_back(inputs[i] = tangent.terms.back().x);
  }
  tangent.y = append_like(state, node, inputs);
  const NodeId dummy = placeholder_like(state, tangent.y);
  const std::vector<Var> products = vjp(state, tangent.y, VarAccess::make(state, dummy), placeholders);
  for (std::size_t i = 0; i < products.size(); ++i) {
    const Var along = VarAccess::make(state, tangent.terms[i].tangent);
    add_result(state, tangent, i,
               VarAccess::node(vjp(state, VarAccess::node(products[i]), along, std::span(&dummy, 1))[0]));
    if (std::ranges::binary_search(tangent.terms[i].nodes, dummy)) fail_nonlinear("taylor");
  }
  return tangent;
}

Tangent partials_of(TapeState& state, NodeId node, const std::vector<bool>& varies) {
  Tangent tangent;
  tangent.begin = state.program.size();
  const auto own = state.program.inputs(state.program[node]);
  const std::vector<NodeId> originals(own.begin(), own.end());
  std::vector<NodeId> inputs = originals, placeholders;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!varies[i]) continue;
    const std::size_t first = static_cast<std::size_t>(std::ranges::find(originals, originals[i]) - originals.begin());
    if (first < i) {
      inputs[i] = inputs[first];
      continue;
    }
    placeholders.push_back(inputs[i] = placeholder_like(state, originals[i]));
    tangent.terms.push_back({i, inputs[i], kNoNode, kNoNode, {}, {}});
  }
  tangent.y = append_like(state, node, inputs);
  const NodeId one = append_full(state, 1, state.program[node].dtype, Shape(state.program[node].shape));
  const std::vector<Var> partials = vjp(state, tangent.y, VarAccess::make(state, one), placeholders);
  for (std::size_t i = 0; i < partials.size(); ++i) add_result(state, tangent, i, VarAccess::node(partials[i]));
  return tangent;
}

void TermRecorder::know(NodeId id) {
  const Node& node = state_.program[id];
  if (node.op->kind != OpKind::leaf) known_.emplace(hash_of(node, state_.program.inputs(node)), id);
}

NodeId TermRecorder::record(NodeId id, std::span<const NodeId> inputs) {
  const Program& program = state_.program;
  const Node& node = program[id];
  const auto [first, last] = known_.equal_range(hash_of(node, inputs));
  for (auto it = first; it != last; ++it) {
    const Node& other = program[it->second];
    if (other.op == node.op && other.dtype == node.dtype && other.shape == node.shape &&
        std::ranges::equal(program.inputs(other), inputs) &&
        std::ranges::equal(program.attributes(other), program.attributes(node)))
      return it->second;
  }
  const NodeId added = append_like(state_, id, inputs);
  state_.program[added].internal = program[id].internal;
  know(added);
  return added;
}

NodeId TermRecorder::instantiate(const Tangent& tangent, const Tangent::Term& term,
                                 std::span<const std::pair<NodeId, NodeId>> replacements,
                                 std::vector<NodeId>* recorded) {
  std::vector<NodeId> renamed(term.result < tangent.begin ? 0 : term.result - tangent.begin + 1, kNoNode);
  const auto name = [&](NodeId id) { return id < tangent.begin ? id : renamed[id - tangent.begin]; };
  for (const auto& [from, to] : replacements)
    if (from - tangent.begin < renamed.size()) renamed[from - tangent.begin] = to;
  std::vector<NodeId> inputs;
  for (NodeId id : term.nodes) {
    if (name(id) != kNoNode) continue;
    if (state_.program[id].op->kind == OpKind::leaf) {
      renamed[id - tangent.begin] = id;
      continue;
    }
    inputs.clear();
    for (NodeId input : state_.program.inputs(state_.program[id])) inputs.push_back(name(input));
    renamed[id - tangent.begin] = is_alias(state_, id) ? inputs[0] : record(id, inputs);
    if (recorded != nullptr) recorded->push_back(name(id));
  }
  return name(term.result);
}

}  // namespace xtape::detail
