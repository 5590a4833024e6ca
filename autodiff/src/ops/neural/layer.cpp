#include "ops/neural/layer.hpp"

namespace xtape::detail {

namespace {

using OperandList = std::vector<const Operand*>;

OperandList present(Layer::Operands operands) {
  OperandList result;
  for (const Operand* operand : operands)
    if (operand != nullptr) result.push_back(operand);
  return result;
}

TapeState& tape_of_all(std::string_view op, Layer::Operands floating, Layer::Operands others) {
  OperandList all = present(floating);
  for (const Operand* operand : present(others)) all.push_back(operand);
  return tape_of(op, all);
}

/// The nodes are on the line of the call; an operand inside an optional does not know it.
void resolve_all(TapeState& state, std::string_view op, Layer::Operands operands, const Operand& first, DType dtype,
                 std::vector<std::optional<Var>>& vars) {
  for (const Operand* operand : operands) {
    vars.emplace_back();
    if (operand == nullptr) continue;
    Operand here = *operand;
    here.file = first.file;
    here.line = first.line;
    vars.back() = VarAccess::make(state, resolve(state, op, here, dtype));
  }
}

std::vector<std::optional<Var>> resolved(TapeState& state, std::string_view op, Layer::Operands floating,
                                         Layer::Operands others) {
  std::vector<std::optional<Var>> vars;
  const Operand& first = **floating.begin();
  const DType dtype = common_dtype(op, state, present(floating));
  resolve_all(state, op, floating, first, dtype, vars);
  resolve_all(state, op, others, first, dtype, vars);
  check_floating(op, *vars[0]);
  return vars;
}

}  // namespace

Layer::Layer(std::string_view op, Operands floating, Operands others)
    : state_(tape_of_all(op, floating, others)),
      vars_(resolved(state_, op, floating, others)),
      scope_(state_, location_of(state_, **floating.begin())) {}

Var Layer::leaf(const Array& value) const {
  return VarAccess::make(state_, record_array(state_, value, state_.rule_location));
}

}  // namespace xtape::detail
