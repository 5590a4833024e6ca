// Rules for functions, hooks, straight-through estimators and checkpoints.
#include <xtape/control.hpp>

#include <algorithm>
#include <cstring>
#include <iterator>

#include <xtape/ops.hpp>

#include "differentiate/gradient.hpp"
#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/ruled.hpp"
#include "tape/reachable.hpp"
#include "transform/apply.hpp"
#include "transform/graph.hpp"

namespace xtape::detail {

namespace {

/// The first input; the second only has to be computed before.
void copy_first(const Call& call) {
  const std::size_t bytes = static_cast<std::size_t>(call.output.shape.size()) * size_of(call.output.dtype);
  if (bytes > 0) std::memcpy(call.output.data, call.inputs[0].data, bytes);
}

}  // namespace

static constinit const Op computed_after_op{.name = "computed_after",
                                            .kind = OpKind::opaque,
                                            .vjp = [](Rule& rule) { rule.give(0, rule.cotangent); },
                                            .execute = copy_first};
XTAPE_LIST_OP(computed_after_op);

namespace {

/// Whether waiting for a node means nothing: a leaf is there from the start, and a placeholder never.
bool is_no_time(TapeState& state, NodeId root) {
  if (state.program[root].op->kind == OpKind::leaf) return true;
  std::vector<NodeId> nodes;
  reachable(state, std::span(&root, 1), false, nodes);
  return std::ranges::any_of(nodes, [&](NodeId id) { return is_valueless(state.program[id]); });
}

/// Copies that are computed after the node: a program on them is not the one on the originals. Leaves are there anyway.
std::vector<NodeId> computed_after(TapeState& state, std::span<const Var> x, NodeId after) {
  std::vector<NodeId> copies;
  for (const Var& each : x) {
    const NodeId id = VarAccess::node(each);
    const Node node = state.program[id];
    const NodeId inputs[] = {id, after};
    copies.push_back(node.op->kind == OpKind::leaf ? append_alias(state, id)
                                                   : append(state, computed_after_op, node.dtype, node.shape, inputs));
  }
  return copies;
}

/// Computes the function again, once the cotangent is there, and goes back through it. Where the cotangent is a leaf or
/// a dummy, which nothing may depend on, once the value is.
std::vector<Var> recomputed_vjp(const Graph& graph, std::span<const Var> x, const Var& y, const Var& cotangent) {
  TapeState& state = VarAccess::state(y);
  const NodeId given = VarAccess::node(cotangent);
  const NodeId after = is_no_time(state, given) ? VarAccess::node(y) : given;
  const std::vector<NodeId> copies = computed_after(state, x, after);
  const NodeId again = replay(state, graph, copies)[0];
  const auto is_target = [&](NodeId id) { return is_floating(state.program[id].dtype); };
  std::vector<NodeId> targets;
  std::ranges::copy_if(copies, std::back_inserter(targets), is_target);
  const std::vector<Var> found = vjp(state, again, cotangent, targets);
  std::vector<Var> cotangents;
  std::size_t next = 0;
  for (NodeId copy : copies) cotangents.push_back(is_target(copy) ? found[next++] : Var());
  return cotangents;
}

void check_like(const Var& value, const Var& x) {
  if (value.shape() != x.shape())
    fail<ShapeError>("straight_through", "the value is ", value.shape(), ", x is ", x.shape());
  if (value.dtype() != x.dtype())
    fail<DTypeError>("straight_through", "the value is ", value.dtype(), ", x is ", x.dtype());
}

}  // namespace

std::shared_ptr<const UserRule> make_rule(std::string name, CustomRule vjp) {
  if (!vjp) fail<ValueError>(name, "the rule is empty");
  return std::make_shared<const UserRule>(UserRule{std::move(name), std::move(vjp)});
}

Var record_with_rule(const VarFunction& f, std::span<const Var> x, const std::shared_ptr<const UserRule>& rule) {
  std::vector<Var> aliases;
  const std::vector<Var> results = apply_all(f, x, rule->name, aliases);
  if (results.size() != 1)
    fail<ValueError>(rule->name, "the function gives ", results.size(), " results, it must give one");
  std::vector<NodeId> inputs;
  for (const Var& each : aliases) inputs.push_back(VarAccess::node(each));
  TapeState& state = VarAccess::state(x[0]);
  return record_ruled(state, rule, results[0], inputs, state.program[VarAccess::node(results[0])].location);
}

Var record_checkpoint(const VarFunction& f, std::span<const Var> x) {
  TapeState& state = VarAccess::state(x[0]);
  const NodeId begin = state.program.size();
  const Applied applied = apply(f, x, "checkpoint");
  std::vector<NodeId> inputs;
  for (const Var& each : applied.x) inputs.push_back(VarAccess::node(each));
  const NodeId y = VarAccess::node(applied.y);
  for (NodeId id : captured(state, inputs, std::span(&y, 1), begin))
    if (state.program[id].holds != Holds::number) inputs.push_back(id);  // numbers are of the graph
  const auto graph = std::make_shared<const Graph>(extract(state, inputs, std::span(&y, 1)));
  const auto rule = [graph](std::span<const Var> own, const Var& value, const Var& cotangent) {
    return recomputed_vjp(*graph, own, value, cotangent);
  };
  return record_ruled(state, make_rule("checkpoint", rule), applied.y, inputs, state.program[y].location);
}

}  // namespace xtape::detail

namespace xtape {

Var gradient_hook(const Var& x, std::function<Var(const Var& cotangent)> hook, const char* file, std::uint32_t line) {
  if (!hook) detail::fail<ValueError>("gradient_hook", "the hook is empty");
  detail::TapeState& state = detail::VarAccess::state(x);
  const detail::NodeId input = detail::VarAccess::node(x);
  const auto rule = [hook = std::move(hook)](std::span<const Var>, const Var&, const Var& cotangent) {
    return std::vector<Var>{hook(cotangent)};
  };
  return detail::record_ruled(state, detail::make_rule("gradient_hook", rule), x, std::span(&input, 1), {file, line});
}

Var straight_through(const Var& value, const Var& x, const char* file, std::uint32_t line) {
  detail::check_like(value, x);
  detail::TapeState& state = detail::VarAccess::state(x);
  detail::require_on(state, value, "straight_through", "the value");
  const detail::NodeId input = detail::VarAccess::node(x);
  const auto rule = [](std::span<const Var>, const Var&, const Var& cotangent) { return std::vector<Var>{cotangent}; };
  return detail::record_ruled(state, detail::make_rule("straight_through", rule), value, std::span(&input, 1),
                              {file, line});
}

}  // namespace xtape
