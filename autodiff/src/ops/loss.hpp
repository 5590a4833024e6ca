// What the losses share: operands of several dtypes, checks that nothing is broadcast, and reductions.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/record.hpp"

namespace xtape::detail {

/// The operand, or null where an option was left out.
inline const Operand* given(const std::optional<Operand>& operand) { return operand ? &*operand : nullptr; }

/// Calls body(vars) with the operands as Vars, empty ones for null. The first, which must be floating, says where the
/// loss was recorded, and of what dtype numbers are.
template <std::size_t N, class Body>
Var record_loss(std::string_view op, const Operand* const (&operands)[N], Body body) {
  std::array<const Operand*, N> present;
  std::size_t count = 0;
  for (const Operand* operand : operands)
    if (operand != nullptr) present[count++] = operand;
  TapeState& state = tape_of(op, std::span(present).first(count));
  std::array<NodeId, N> nodes;
  nodes[0] = resolve(state, op, *operands[0], DType::float64);
  const DType dtype = state.program[nodes[0]].dtype;
  for (std::size_t i = 1; i < N; ++i)
    nodes[i] = operands[i] == nullptr ? kNoNode : resolve(state, op, *operands[i], dtype);
  return record_call(state, key_of(body), nodes, location_of(state, *operands[0]), [&] {
    std::array<Var, N> vars;
    for (std::size_t i = 0; i < N; ++i)
      if (nodes[i] != kNoNode) vars[i] = VarAccess::make(state, nodes[i]);
    check_floating(op, vars[0]);
    return body(vars);
  });
}

/// `what` is as in "prediction is", and `other` says the same of the target.
void check_same_shape(std::string_view op, std::string_view what, const Var& prediction, const Var& target,
                      std::string_view other = "target is");
void check_same_dtype(std::string_view op, std::string_view what, const Var& prediction, const Var& target,
                      std::string_view other = "target is");
void check_alike(std::string_view op, std::string_view what, const Var& prediction, const Var& target,
                 std::string_view other = "target is");
/// Throws ShapeError or DTypeError unless `weights`, called `what`, are of that shape and the dtype of x.
void check_weights(std::string_view op, std::string_view what, const Var& weights, const Shape& shape, const Var& x);
/// Throws ShapeError for 0-d x.
void check_last_axis(std::string_view op, std::string_view what, const Var& x);
/// Throws ValueError unless 0 <= smoothing <= 1.
void check_smoothing(std::string_view op, double smoothing);
Shape without_last_axis(const Shape& shape);

Var combined(const Var& losses, Reduction reduction);
/// Losses that already are weighted; their mean is the weighted one.
Var combined(const Var& losses, const Var& weights, Reduction reduction);

}  // namespace xtape::detail
