#include "support/interpreter.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "ops/op.hpp"
#include "tape/state.hpp"

namespace xtape::test {

using detail::Holds;
using detail::Node;
using detail::NodeId;
using detail::TapeState;

namespace {

TapeState& state_of(std::span<const Var> vars) { return detail::VarAccess::state(vars.front()); }

bool is_leaf(const Node& node) { return node.op->kind == detail::OpKind::leaf; }

Real number_of_bits(std::uint64_t bits, DType dtype) {
  switch (dtype) {
    case DType::float32:
      return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    case DType::float64:
      return std::bit_cast<double>(bits);
    case DType::int64:
      return static_cast<Real>(static_cast<std::int64_t>(bits));
    case DType::boolean:
      return (bits & 1) != 0;
  }
  return 0;
}

Tensor leaf_value(const TapeState& state, NodeId id) {
  const Node& node = state.program[id];
  switch (node.holds) {
    case Holds::array:
      return tensor_of(state.arrays[node.value]);
    case Holds::number:
      return {node.dtype, {}, {number_of_bits(state.numbers[node.value], node.dtype)}};
    case Holds::parameter:
      return tensor_of(state.reads[node.value].parameter->value);
    case Holds::nothing:
      break;
  }
  throw std::logic_error("interpreter: a leaf without a value");
}

void evaluate_pointwise(const Pointwise& op, Application& application) {
  std::vector<Real> x(application.inputs.size());
  for (std::size_t i = 0; i < application.output.elements.size(); ++i) {
    for (std::size_t input = 0; input < x.size(); ++input) {
      const std::vector<Real>& elements = application.x(input).elements;
      x[input] = elements.size() == 1 ? elements[0] : elements.at(i);
    }
    application.output.elements[i] = op.function(x.data());
  }
}

/// Evaluates by name; returns whether the result is exact.
bool evaluate_op(std::string_view name, Application& application) {
  if (const auto op = pointwise_ops().find(name); op != pointwise_ops().end()) {
    evaluate_pointwise(op->second, application);
    return op->second.exact;
  }
  const auto op = structural_ops().find(name);
  if (op == structural_ops().end()) throw std::logic_error("interpreter: no evaluator for op " + std::string(name));
  op->second.evaluate(application);
  return op->second.exact;
}

/// Rounding errors that are relative to the operands.
void add_magnitudes(Application& application) {
  for (std::size_t i = 0; i < application.output.elements.size(); ++i) {
    Real& magnitude = application.magnitudes.emplace_back(0);
    for (const Tensor* x : application.inputs)
      magnitude += std::abs(x->elements.size() == 1 ? x->elements[0] : x->elements[i]);
  }
}

/// By an error relative to the magnitude, and by one of the least number that is not 0, where results underflow (Higham
/// 2002, 2.8).
void disturb(Application& application, Real noise, Random& random) {
  Tensor& y = application.output;
  const bool single = y.dtype == DType::float32;
  const Real epsilon = single ? Real{0x1p-23L} : Real{0x1p-52L}, least = single ? Real{0x1p-149L} : Real{0x1p-1074L};
  for (std::size_t i = 0; i < y.elements.size(); ++i) {
    const Real magnitude = application.magnitudes.empty() ? y.elements[i] : application.magnitudes[i];
    y.elements[i] += noise * random.uniform(-1, 1) * (epsilon * std::abs(magnitude) + least);
  }
}

}  // namespace

NodeId node_of(const Var& var) { return detail::VarAccess::node(var); }

std::vector<NodeId> ancestors(std::span<const Var> roots) {
  const TapeState& state = state_of(roots);
  std::vector<bool> wanted(state.program.size(), false);
  for (const Var& root : roots) wanted[node_of(root)] = true;
  for (NodeId id = state.program.size(); id-- > 0;)
    if (wanted[id])
      for (NodeId input : state.program.inputs(state.program[id])) wanted[input] = true;
  std::vector<NodeId> result;
  for (NodeId id = 0; id < state.program.size(); ++id)
    if (wanted[id]) result.push_back(id);
  return result;
}

std::vector<std::string_view> op_names(std::span<const Var> roots) {
  std::vector<std::string_view> names;
  for (NodeId id : ancestors(roots)) names.push_back(state_of(roots).program[id].op->name);
  return names;
}

std::map<NodeId, Tensor> interpret_all(std::span<const Var> outputs, const Interpretation& how) {
  const TapeState& state = state_of(outputs);
  std::map<NodeId, Tensor> values;
  Random random(how.seed);
  for (NodeId id : ancestors(outputs)) {
    const Node& node = state.program[id];
    if (const auto given = how.leaves.find(id); given != how.leaves.end()) {
      values[id] = given->second;
    } else if (is_leaf(node)) {
      values[id] = leaf_value(state, id);
    } else if (how.stopped != nullptr && node.op->name == "stop_gradient") {
      values[id] = how.stopped->at(id);
    } else {
      const std::vector<Real> zeros(static_cast<std::size_t>(node.shape.size()));
      Application application{{}, state.program.attributes(node), {node.dtype, node.shape, zeros}};
      for (NodeId input : state.program.inputs(node)) application.inputs.push_back(&values.at(input));
      const bool exact = evaluate_op(node.op->name, application);
      if (how.contraction && (node.op->name == "add" || node.op->name == "subtract")) add_magnitudes(application);
      if (!exact && how.noise > 0 && is_floating(node.dtype)) disturb(application, how.noise, random);
      values[id] = std::move(application.output);
    }
  }
  return values;
}

std::vector<Tensor> interpret(std::span<const Var> outputs, const Interpretation& how) {
  const std::map<NodeId, Tensor> values = interpret_all(outputs, how);
  std::vector<Tensor> result;
  for (const Var& output : outputs) result.push_back(values.at(node_of(output)));
  return result;
}

Tensor interpret(const Var& output, const Interpretation& how) {
  return interpret(std::span<const Var>(&output, 1), how)[0];
}

}  // namespace xtape::test
