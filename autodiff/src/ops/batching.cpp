#include "ops/batching.hpp"

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

namespace {

/// An elementwise op takes 0-d scalars that are no Vars beside its operands.
NodeId elementwise_over_batch(const Batching& batching) {
  std::vector<NodeId> inputs;
  const Shape shape = batching.shape();
  for (std::size_t i = 0; i < batching.inputs.size(); ++i) {
    const bool scalar = is_anonymous(batching.state.program[batching.inputs[i]]);
    inputs.push_back(scalar ? batching.inputs[i]
                            : VarAccess::node(broadcasted(aligned(over_batch(batching, i), shape.rank()), shape)));
  }
  return append_same(batching, shape, inputs);
}

/// Example i of a batch.
Var example(const Var& batch, std::int64_t i) {
  const Shape shape = batch.shape();
  return reshaped(sliced(batch, 0, i, 1), Shape(std::span(shape.begin() + 1, shape.rank() - 1)));
}

}  // namespace

Shape Batching::shape() const { return with_batch(state.program[node].op->name, extent, state.program[node].shape); }

Shape with_batch(std::string_view op, std::int64_t extent, const Shape& shape) {
  if (shape.rank() == Shape::kMaxRank)
    fail<ShapeError>(op, "over a batch of ", extent, " it would have ", shape.rank() + 1, " axes, the most are ",
                     Shape::kMaxRank, ": one example is ", shape);
  Shape result{extent};
  for (std::int64_t own : shape) result.push_back(own);
  return result;
}

Var aligned(const Var& batch, std::size_t rank) {
  const Shape from = batch.shape();
  Shape shape{from[0]};
  while (shape.rank() + from.rank() <= rank) shape.push_back(1);
  for (std::size_t axis = 1; axis < from.rank(); ++axis) shape.push_back(from[axis]);
  return reshaped(batch, shape);
}

NodeId repeated(TapeState& state, NodeId node, std::int64_t extent) {
  const Node& one = state.program[node];
  const Shape shape = with_batch(one.op->name, extent, one.shape);
  double value = 0;
  if (is_literal(state, node, value)) return append_full(state, value, one.dtype, shape);
  return VarAccess::node(broadcasted(VarAccess::make(state, node), shape));
}

Var over_batch(const Batching& batching, std::size_t input) {
  if (batching.over[input]) return batching.x(input);
  return VarAccess::make(batching.state, repeated(batching.state, batching.inputs[input], batching.extent));
}

NodeId append_batched(const Batching& batching) {
  const Op& op = *batching.state.program[batching.node].op;
  if (op.batch != nullptr) return op.batch(batching);
  if (op.kind == OpKind::elementwise) return elementwise_over_batch(batching);
  return op.kind == OpKind::opaque ? for_each_example(batching) : over_leading_axis(batching);
}

NodeId append_same(const Batching& batching, const Shape& shape, std::span<const NodeId> inputs) {
  const Node node = batching.state.program[batching.node];
  const auto recorded = batching.attributes();
  const std::vector<std::int64_t> attributes(recorded.begin(), recorded.end());
  return append(batching.state, *node.op, node.dtype, shape, inputs, attributes);
}

NodeId over_leading_axis(const Batching& batching) {
  std::vector<NodeId> inputs;
  for (std::size_t i = 0; i < batching.inputs.size(); ++i) inputs.push_back(VarAccess::node(over_batch(batching, i)));
  return append_same(batching, batching.shape(), inputs);
}

NodeId for_each_example(const Batching& batching) {
  const Node one = batching.state.program[batching.node];
  if (batching.extent == 0) return append_full(batching.state, 0, one.dtype, batching.shape());
  std::vector<Var> results;
  for (std::int64_t i = 0; i < batching.extent; ++i) {
    std::vector<NodeId> inputs;
    for (std::size_t j = 0; j < batching.inputs.size(); ++j)
      inputs.push_back(batching.over[j] ? VarAccess::node(example(batching.x(j), i)) : batching.inputs[j]);
    results.push_back(VarAccess::make(batching.state, append_same(batching, one.shape, inputs)));
  }
  return VarAccess::node(stack(results, 0));
}

}  // namespace xtape::detail
