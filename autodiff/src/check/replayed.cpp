#include "check/replayed.hpp"

#include <utility>

#include <xtape/error.hpp>

#include "ops/op.hpp"
#include "ops/record.hpp"
#include "tape/evaluate.hpp"
#include "tape/reachable.hpp"

namespace xtape::detail {

namespace {

DType wide(DType dtype) { return dtype == DType::float32 ? DType::float64 : dtype; }

Array converted(const Array& array, DType dtype) {
  if (array.dtype() == dtype || !is_floating(array.dtype())) return array;
  const auto size = static_cast<std::size_t>(array.size());
  if (dtype == DType::float64) {
    const auto values = array.values<float>();
    return Array::from(std::vector<double>(values.begin(), values.end()), array.shape());
  }
  std::vector<float> rounded(size);
  for (std::size_t i = 0; i < size; ++i) rounded[i] = static_cast<float>(array.values<double>()[i]);
  return Array::from(rounded, array.shape());
}

/// The same node in float64, its inputs already recorded.
NodeId copied_node(TapeState& state, NodeId id, const std::vector<NodeId>& copies) {
  const Node node = state.program[id];
  if (node.input_count == 0 && node.holds != Holds::nothing)
    return record_array(state, converted(value_of(state, id), wide(node.dtype)), node.location);
  std::vector<NodeId> inputs;
  for (NodeId input : state.program.inputs(node)) inputs.push_back(copies[input]);
  const auto recorded = state.program.attributes(node);
  const std::vector<std::int64_t> attributes(recorded.begin(), recorded.end());
  return append(state, *node.op, wide(node.dtype), node.shape, inputs, attributes, node.location);
}

/// The program of y with leaves exchanged.
Var copied_program(const Var& y, std::span<const Var> from, std::span<const Var> to) {
  TapeState& state = VarAccess::state(y);
  const NodeId root = VarAccess::node(y);
  std::vector<NodeId> nodes, copies(state.program.size(), kNoNode);
  reachable(state, std::span(&root, 1), false, nodes);
  for (std::size_t i = 0; i < from.size(); ++i) copies[VarAccess::node(from[i])] = VarAccess::node(to[i]);
  for (NodeId id : nodes)
    if (copies[id] == kNoNode) copies[id] = copied_node(state, id, copies);
  return VarAccess::make(state, copies[root]);
}

}  // namespace

Recorder in_double(Recorder recorder, std::span<const Array> point) {
  std::vector<DType> dtypes;
  for (const Array& input : point) dtypes.push_back(input.dtype());
  return [recorder = std::move(recorder), dtypes](Tape& tape, std::span<const Var> leaves) {
    std::vector<Var> rounded;
    for (std::size_t i = 0; i < leaves.size(); ++i)
      rounded.push_back(tape.variable(converted(leaves[i].value(), dtypes[i])));
    return copied_program(recorder(tape, rounded), rounded, leaves);
  };
}

}  // namespace xtape::detail
