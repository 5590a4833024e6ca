// `Layer`: recording a composite with operands that may be left out, of more than one dtype, or with several results.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include <xtape/operand.hpp>

#include "ops/record.hpp"

namespace xtape::detail {

/// While alive, what is recorded belongs to this op: numbers are literals, and nodes get the line of its first operand.
class Layer {
 public:
  using Operands = std::initializer_list<const Operand*>;

  /// Null stands for an operand that is left out. Those of the first list must be of one floating dtype, which the
  /// first is given; those of the second may be of any.
  Layer(std::string_view op, Operands floating, Operands others = {});

  /// The operands, in order.
  const Var& operator[](std::size_t operand) const { return *vars_[operand]; }
  const std::optional<Var>& optional(std::size_t operand) const { return vars_[operand]; }
  Var leaf(const Array& value) const;
  /// A result for the user.
  Var result(const Var& value) const { return hand_out(state_, value); }

 private:
  TapeState& state_;
  std::vector<std::optional<Var>> vars_;
  RuleScope scope_;
};

inline const Operand* given(const std::optional<Operand>& operand) { return operand ? &*operand : nullptr; }

}  // namespace xtape::detail
