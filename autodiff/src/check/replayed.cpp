#include "check/replayed.hpp"

#include <algorithm>
#include <utility>

#include <xtape/error.hpp>
#include <xtape/ops.hpp>

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

/// The same op on copies of its inputs.
NodeId repeated(TapeState& state, NodeId id, DType dtype, const std::vector<NodeId>& copies) {
  const Node node = state.program[id];
  std::vector<NodeId> inputs;
  for (NodeId input : state.program.inputs(node)) inputs.push_back(copies[input]);
  const auto recorded = state.program.attributes(node);
  const std::vector<std::int64_t> attributes(recorded.begin(), recorded.end());
  return append(state, *node.op, dtype, node.shape, inputs, attributes, node.location);
}

/// The same node in float64, its inputs already recorded.
NodeId copied_node(TapeState& state, NodeId id, const std::vector<NodeId>& copies) {
  const Node node = state.program[id];
  if (node.input_count == 0 && node.holds != Holds::nothing)
    return record_array(state, converted(value_of(state, id), wide(node.dtype)), node.location);
  return repeated(state, id, wide(node.dtype), copies);
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

/// How the results of nodes are read, by way of views as well.
struct Readers {
  bool exact = false;   ///< by comparisons and searches, which give no floating numbers
  bool opaque = false;  ///< by calls, which may find indices among the numbers that another call packed
};

std::vector<Readers> readers_of(const TapeState& state, std::span<const NodeId> nodes) {
  std::vector<Readers> readers(state.program.size());
  for (std::size_t i = nodes.size(); i-- > 0;) {
    const Node& node = state.program[nodes[i]];
    const OpKind kind = node.op->kind;
    const Readers own = kind == OpKind::view ? readers[nodes[i]] : Readers{};
    for (NodeId input : state.program.inputs(node)) {
      readers[input].exact |= own.exact || !is_floating(node.dtype);
      readers[input].opaque |= own.opaque || kind == OpKind::opaque || kind == OpKind::composite;
    }
  }
  return readers;
}

bool rounds(const Node& node, Readers readers) {
  const OpKind kind = node.op->kind;
  if (node.input_count == 0 || kind == OpKind::view || !is_floating(node.dtype) || readers.exact) return false;
  return kind != OpKind::opaque || !readers.opaque;
}

/// 1 give or take epsilon, for each element.
Array factors(const Shape& shape, DType dtype, double epsilon, CheckRandom& random) {
  std::vector<double> elements(static_cast<std::size_t>(shape.size()));
  for (double& element : elements) element = 1 + epsilon * (2 * random.uniform() - 1);
  return converted(Array::from(elements, shape), dtype);
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

bool computes_in_single(const Var& y) {
  TapeState& state = VarAccess::state(y);
  const NodeId root = VarAccess::node(y);
  std::vector<NodeId> nodes;
  reachable(state, std::span(&root, 1), false, nodes);
  return std::ranges::any_of(nodes, [&](NodeId id) { return state.program[id].dtype == DType::float32; });
}

std::vector<Var> shaken(std::span<const Var> outputs, double epsilon, CheckRandom& random) {
  TapeState& state = VarAccess::state(outputs[0]);
  std::vector<NodeId> roots, nodes, copies(state.program.size(), kNoNode);
  for (const Var& output : outputs) roots.push_back(VarAccess::node(output));
  reachable(state, roots, false, nodes);
  const std::vector<Readers> readers = readers_of(state, nodes);
  for (NodeId id : nodes) {
    const Node node = state.program[id];
    copies[id] = node.input_count == 0 ? id : repeated(state, id, node.dtype, copies);
    if (!rounds(node, readers[id])) continue;
    const double own = node.dtype == DType::float32 ? std::max(epsilon, kSingleEpsilon) : epsilon;
    const Array noise = factors(node.shape, node.dtype, own, random);
    copies[id] = VarAccess::node(VarAccess::make(state, copies[id]) * noise);
  }
  std::vector<Var> result;
  for (NodeId root : roots) result.push_back(VarAccess::make(state, copies[root]));
  return result;
}

}  // namespace xtape::detail
