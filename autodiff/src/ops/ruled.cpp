#include "ops/ruled.hpp"

#include <utility>
#include <vector>

#include "ops/batching.hpp"
#include "ops/errors.hpp"
#include "ops/record.hpp"

namespace xtape::detail {

namespace {

void ruled_vjp(Rule& rule) {
  const TapeState& state = VarAccess::state(rule.cotangent);
  const std::shared_ptr<const UserRule> own = state.rules[static_cast<std::size_t>(rule.attributes()[0])];
  apply_user_rule(rule, own->name, own->vjp);
}

NodeId batch_ruled(const Batching& batching) {
  return batch_with_rule(batching, batching.state.rules[static_cast<std::size_t>(batching.attributes()[0])]);
}

}  // namespace

constinit const Op ruled_op{.name = "custom_gradient",
                            .kind = OpKind::composite,
                            .vjp = ruled_vjp,
                            .lower = lower_to_value,
                            .batch = batch_ruled};

Var record_ruled(TapeState& state, std::shared_ptr<const UserRule> rule, const Var& value,
                 std::span<const NodeId> inputs, Location location) {
  std::vector<NodeId> all{VarAccess::node(value)};
  all.insert(all.end(), inputs.begin(), inputs.end());
  const auto attribute = static_cast<std::int64_t>(state.rules.size());
  state.rules.push_back(std::move(rule));
  const Shape shape = value.shape();
  return VarAccess::make(state, append(state, ruled_op, value.dtype(), shape, all, std::span(&attribute, 1), location));
}

void apply_user_rule(Rule& rule, std::string_view name, const decltype(UserRule::vjp)& vjp) {
  TapeState& state = VarAccess::state(rule.cotangent);
  ++state.user_rules;
  std::vector<Var> inputs;
  for (std::size_t i = 1; i < rule.inputs(); ++i) inputs.push_back(rule.x(i));
  const std::vector<Var> cotangents = vjp(inputs, rule.y(), rule.cotangent);
  if (cotangents.size() != inputs.size())
    fail<ValueError>(name, "its vjp gives ", cotangents.size(), " cotangents for ", inputs.size(), " inputs");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!rule.wants(i + 1) || VarAccess::empty(cotangents[i])) continue;
    require_on(state, cotangents[i], name, "a cotangent of its vjp");
    if (cotangents[i].dtype() != inputs[i].dtype())
      fail<DTypeError>(name, "its vjp gives ", cotangents[i].dtype(), " to an input of ", inputs[i].dtype());
    if (cotangents[i].shape() != inputs[i].shape())
      fail<ShapeError>(name, "its rule gives ", cotangents[i].shape(), " to an input of ", inputs[i].shape());
    rule.give(i + 1, cotangents[i]);
  }
}

namespace {

/// An input of the rule for one example.
Var example_of(TapeState& state, const Var& batch) {
  const Shape shape = batch.shape();
  const Shape one(std::span(shape.begin() + 1, shape.rank() - 1));
  return VarAccess::make(state, record_placeholder(state, batch.dtype(), one, state.rule_location));
}

/// The rule for one example, recorded on placeholders and then made one over the batch.
std::vector<Var> vjp_over_batch(const UserRule& rule, BatchProgram batched, std::span<const Var> x, const Var& y,
                                const Var& cotangent) {
  TapeState& state = VarAccess::state(y);
  std::vector<Var> examples;
  std::vector<NodeId> inputs, batches, outputs;
  const auto add = [&](const Var& batch) {
    examples.push_back(example_of(state, batch));
    inputs.push_back(VarAccess::node(examples.back()));
    batches.push_back(VarAccess::node(batch));
  };
  for (const Var& input : x) add(input);
  add(y);
  add(cotangent);
  std::vector<Var> results = rule.vjp(std::span(examples).first(x.size()), examples[x.size()], examples.back());
  for (const Var& result : results) {
    if (VarAccess::empty(result)) continue;
    require_on(state, result, rule.name, "a cotangent of its vjp");
    outputs.push_back(VarAccess::node(result));
  }
  const std::vector<NodeId> over = batched(state, outputs, inputs, batches);
  auto next = over.begin();
  for (Var& result : results)
    if (!VarAccess::empty(result)) result = VarAccess::make(state, *next++);
  return results;
}

}  // namespace

NodeId batch_with_rule(const Batching& batching, std::shared_ptr<const UserRule> rule) {
  auto over = std::make_shared<UserRule>();
  over->name = rule->name;
  over->vjp = [rule = std::move(rule), program = batching.program](std::span<const Var> x, const Var& y,
                                                                   const Var& cotangent) {
    return vjp_over_batch(*rule, program, x, y, cotangent);
  };
  std::vector<NodeId> inputs;
  for (std::size_t i = 1; i < batching.inputs.size(); ++i) inputs.push_back(VarAccess::node(over_batch(batching, i)));
  const Var value = over_batch(batching, 0);
  TapeState& state = batching.state;
  return VarAccess::node(record_ruled(state, std::move(over), value, inputs, state.rule_location));
}

Var lower_to_value(std::span<const Var> inputs, std::span<const std::int64_t>) {
  TapeState& state = VarAccess::state(inputs[0]);
  return VarAccess::make(state, append_alias(state, VarAccess::node(inputs[0])));
}

void require_on(const TapeState& state, const Var& var, std::string_view name, std::string_view what) {
  bool ours = false;
  try {
    ours = &VarAccess::state(var) == &state;
  } catch (const StaleVarError&) {
    fail<ValueError>(name, what, " is a Var that is empty or of a tape that is gone");
  }
  if (!ours) fail<ValueError>(name, what, " is a Var of another tape");
}

}  // namespace xtape::detail
