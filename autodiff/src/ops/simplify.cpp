#include "ops/simplify.hpp"

#include <cmath>

#include "ops/elementwise_ops.hpp"
#include "ops/leaf.hpp"
#include "ops/record.hpp"

namespace xtape::detail {

namespace {

/// The inputs of an elementwise op of one or two, and their values where they are literals.
struct Application {
  TapeState& state;
  const Op& op;
  std::span<const NodeId> inputs;
  DType dtype;
  double values[2] = {};
  bool literal[2] = {};

  bool is(std::size_t input, double value) const {
    return literal[input] && values[input] == value && std::signbit(values[input]) == std::signbit(value);
  }
};

double fold(const Op& op, double a, double b) {
  if (&op == &add_op) return a + b;
  if (&op == &subtract_op) return a - b;
  if (&op == &multiply_op) return a * b;
  if (&op == &divide_op) return a / b;
  if (&op == &strong_multiply_op) return a == 0 || b == 0 ? 0 : a * b;
  return a == 0 ? 0 : a / b;  // strong_divide
}

NodeId folded(const Application& x, double value) {
  // Sums, products and quotients of two float32 round alike through float64.
  return append_literal(x.state, x.dtype == DType::float32 ? static_cast<float>(value) : value, x.dtype);
}

NodeId apply(const Application& x, const Op& op, NodeId input) {
  return append_elementwise(x.state, op, std::span(&input, 1), x.dtype, x.state.rule_location);
}

NodeId apply(const Application& x, const Op& op) {
  NodeId inputs[] = {x.inputs[0], x.inputs[1]};
  return append_elementwise(x.state, op, inputs, x.dtype, x.state.rule_location);
}

NodeId simplified_strong_multiply(const Application& x) {
  for (std::size_t i : {0, 1}) {
    const NodeId other = x.inputs[1 - i];
    if (!x.literal[i]) continue;
    if (x.values[i] == 0) return append_literal(x.state, 0, x.dtype);
    if (x.values[i] == 1) return other;
    if (x.values[i] == -1) return apply(x, negate_op, other);
    if (std::isfinite(x.values[i])) return apply(x, multiply_op);
  }
  return kNoNode;
}

NodeId simplified_negate(const Application& x) {
  const Node& inner = x.state.program[x.inputs[0]];
  if (x.literal[0]) return folded(x, -x.values[0]);
  return inner.op == &negate_op && inner.internal ? x.state.program.inputs(inner)[0] : kNoNode;
}

NodeId simplified_binary(const Application& x) {
  if (x.literal[0] && x.literal[1] && is_floating(x.dtype)) return folded(x, fold(x.op, x.values[0], x.values[1]));
  if (&x.op == &multiply_op && x.is(0, 1)) return x.inputs[1];
  if ((&x.op == &multiply_op || &x.op == &divide_op) && x.is(1, 1)) return x.inputs[0];
  if (&x.op == &subtract_op && x.is(1, 0)) return x.inputs[0];
  if (&x.op == &strong_multiply_op) return simplified_strong_multiply(x);
  if (&x.op == &strong_divide_op && x.is(0, 0)) return append_literal(x.state, 0, x.dtype);
  if (&x.op == &strong_divide_op && x.literal[1] && x.values[1] != 0 && std::isfinite(x.values[1]))
    return x.is(1, 1) ? x.inputs[0] : apply(x, divide_op);
  return kNoNode;
}

bool is_binary_arithmetic(const Op& op) {
  for (const Op* known : {&add_op, &subtract_op, &multiply_op, &divide_op, &strong_multiply_op, &strong_divide_op})
    if (&op == known) return true;
  return false;
}

}  // namespace

NodeId simplified(TapeState& state, const Op& op, std::span<const NodeId> inputs, DType dtype) {
  Application x{state, op, inputs, dtype};
  if (&op != &negate_op && !is_binary_arithmetic(op)) return kNoNode;
  for (std::size_t i = 0; i < inputs.size(); ++i) x.literal[i] = is_literal(state, inputs[i], x.values[i]);
  return &op == &negate_op ? simplified_negate(x) : simplified_binary(x);
}

}  // namespace xtape::detail
