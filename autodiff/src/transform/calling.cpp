#include <xtape/detail/calling.hpp>

#include "ops/record.hpp"
#include "tape/state.hpp"

namespace xtape::detail {

namespace {

using Kind = Operand::Kind;

Array number_of(const Operand& number) {
  if (number.kind == Kind::real) return Array(number.real);
  return number.kind == Kind::integer ? Array(number.integer) : Array(number.integer != 0);
}

/// An argument as a Var: a number or an Array is a leaf, which can be differentiated for.
Var variable_of(TapeState& state, const Operand& argument) {
  const Location location{argument.file, argument.line};
  switch (argument.kind) {
    case Kind::var:
      return argument.var;
    case Kind::parameter:
      return VarAccess::make(state, read_parameter(state, *argument.parameter, location));
    case Kind::array:
      return VarAccess::make(state, record_array(state, *argument.array, location));
    default:
      return VarAccess::make(state, record_array(state, number_of(argument), location));
  }
}

std::vector<Var> record_on(TapeState& state, const VarFunction& record, std::span<const Operand> arguments) {
  std::vector<Var> vars;
  vars.reserve(arguments.size());
  for (const Operand& argument : arguments) vars.push_back(variable_of(state, argument));
  return record(vars);
}

}  // namespace

template <>
std::vector<Var> call_recorded<Var>(const VarFunction& record, std::span<const Operand> arguments) {
  std::vector<const Operand*> operands;
  for (const Operand& argument : arguments) operands.push_back(&argument);
  return record_on(tape_of("a call of a transformed function", operands), record, arguments);
}

template <>
std::vector<Array> call_recorded<Array>(const VarFunction& record, std::span<const Operand> arguments) {
  Tape tape;
  return tape.evaluate(record_on(VarAccess::state(tape), record, arguments));
}

}  // namespace xtape::detail
