// CustomOp: the op itself, and the form made of ordinary ops.
#include "ops/custom.hpp"

#include <deque>
#include <mutex>
#include <utility>

#include "ops/batching.hpp"
#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/ruled.hpp"

namespace xtape::detail {

namespace {

struct Definitions {
  std::mutex mutex;
  std::deque<CustomDefinition> all;
};

void custom_vjp(Rule& rule) {
  const CustomDefinition& definition = definition_of(rule.attributes());
  apply_user_rule(rule, definition.name, definition.vjp);
}

NodeId batch_custom(const Batching& batching) {
  const CustomDefinition& definition = definition_of(batching.attributes());
  return batch_with_rule(batching, std::make_shared<UserRule>(UserRule{definition.name, definition.vjp}));
}

Var record_ordinary(const CustomDefinition& definition, TapeState& state, std::span<const NodeId> inputs,
                    Location location) {
  std::vector<Var> vars;
  for (NodeId input : inputs) vars.push_back(VarAccess::make(state, input));
  const Var value = definition.forward(vars);
  require_on(state, value, definition.name, "its value");
  std::vector<NodeId> all{VarAccess::node(value)};
  all.insert(all.end(), inputs.begin(), inputs.end());
  const std::int64_t attribute = attribute_of(definition);
  const Shape shape = value.shape();
  return VarAccess::make(state,
                         append(state, definition.op, value.dtype(), shape, all, std::span(&attribute, 1), location));
}

void check_definition(const std::string& name, bool complete) {
  if (name.empty()) fail<ValueError>("custom_op", "the name is empty");
  if (!complete) fail<ValueError>("custom_op", "\"", name, "\" needs a forward and a vjp");
}

/// That of the first floating operand that is no number, for the numbers beside it.
DType number_dtype(std::span<const Operand> operands) {
  for (const Operand& operand : operands) {
    const bool number = operand.kind >= Operand::Kind::integer;
    const DType dtype = number                                     ? DType::int64
                        : operand.kind == Operand::Kind::var       ? operand.var.dtype()
                        : operand.kind == Operand::Kind::parameter ? operand.parameter->dtype()
                                                                   : operand.array->dtype();
    if (is_floating(dtype)) return dtype;
  }
  return DType::float64;
}

}  // namespace

const CustomDefinition& keep_definition(CustomDefinition definition) {
  static auto* const definitions = new Definitions;
  const std::lock_guard lock(definitions->mutex);
  CustomDefinition& kept = definitions->all.emplace_back(std::move(definition));
  kept.op = {
      .name = kept.name, .kind = OpKind::composite, .vjp = custom_vjp, .lower = lower_to_value, .batch = batch_custom};
  if (kept.array_forward) describe_opaque(kept);
  return kept;
}

const CustomDefinition& definition_of(std::span<const std::int64_t> attributes) {
  return *reinterpret_cast<const CustomDefinition*>(attributes[0]);
}

std::int64_t attribute_of(const CustomDefinition& definition) { return reinterpret_cast<std::intptr_t>(&definition); }

}  // namespace xtape::detail

namespace xtape {

CustomOp::CustomOp(std::string name, Forward forward, Vjp vjp) {
  detail::check_definition(name, forward && vjp);
  detail::CustomDefinition definition;
  definition.name = std::move(name);
  definition.forward = std::move(forward);
  definition.vjp = std::move(vjp);
  definition_ = &detail::keep_definition(std::move(definition));
}

CustomOp::CustomOp(std::string name, ArrayForward forward, ArrayVjp vjp, ShapeRule shape) {
  detail::check_definition(name, forward && vjp);
  detail::CustomDefinition definition;
  definition.name = std::move(name);
  definition.array_forward = std::move(forward);
  definition.array_vjp = std::move(vjp);
  definition.shape = std::move(shape);
  definition_ = &detail::keep_definition(std::move(definition));
}

Var CustomOp::operator()(std::span<const Operand> inputs) const {
  const std::string& name = definition_->name;
  std::vector<const Operand*> operands;
  for (const Operand& input : inputs) operands.push_back(&input);
  detail::TapeState& state = detail::tape_of(name, operands);
  const DType dtype = detail::number_dtype(inputs);
  std::vector<detail::NodeId> nodes;
  for (const Operand& input : inputs) nodes.push_back(detail::resolve(state, name, input, dtype));
  const detail::Location location = detail::location_of(state, inputs[0]);
  if (definition_->array_forward) return detail::record_opaque(*definition_, state, nodes, location);
  return detail::record_ordinary(*definition_, state, nodes, location);
}

}  // namespace xtape
