#include "check/programs.hpp"

#include <algorithm>
#include <cstring>

#include "fuzz/recorder.hpp"
#include "ops/leaf.hpp"
#include "ops/op.hpp"
#include "ops/record.hpp"
#include "support/interpreter.hpp"
#include "tape/evaluate.hpp"

namespace xtape::test {

namespace {

using detail::Holds;
using detail::NodeId;

bool is_input(const detail::Node& node) {
  return is_floating(node.dtype) && (node.op == &detail::input_op || node.op == &detail::parameter_op);
}

Array widened(const Array& array) {
  if (array.dtype() != DType::float32) return array;
  Tensor tensor = tensor_of(array);
  tensor.dtype = DType::float64;
  return array_of(tensor);
}

}  // namespace

RandomProgram::RandomProgram(std::uint64_t seed) {
  Recorder recorder(*tape_, seed);
  recorder.record([](const Var&) {});
  anchor_ = tape_->variable(0.0);
  const std::vector<Var> outputs = recorder.outputs();
  const auto y = std::ranges::find_if(outputs, [](const Var& output) { return is_floating(output.dtype()); });
  if (y == outputs.end()) return;
  y_ = *y;
  nodes_ = ancestors(std::span<const Var>(&y_, 1));
  const detail::TapeState& state = detail::VarAccess::state(anchor_);
  for (NodeId id : nodes_) {
    if (!is_input(state.program[id]) || state.program[id].shape.size() == 0) continue;
    leaves_.push_back(id);
    point_.push_back(detail::value_of(state, id));
  }
}

NodeId RandomProgram::copy(detail::TapeState& target, const detail::Node& node, NodeId id, bool widen,
                           const std::vector<NodeId>& mapped) const {
  detail::TapeState& source = detail::VarAccess::state(anchor_);
  const DType dtype = widen && node.dtype == DType::float32 ? DType::float64 : node.dtype;
  const bool leaf = node.input_count == 0 && node.holds != Holds::nothing;
  if (leaf || node.op->name == "stop_gradient") {
    const Array value = detail::VarAccess::make(source, id).value();
    return detail::record_array(target, widen ? widened(value) : value, {});
  }
  std::vector<NodeId> inputs;
  for (NodeId input : source.program.inputs(node)) inputs.push_back(mapped[input]);
  return detail::append(target, *node.op, dtype, node.shape, inputs, source.program.attributes(node));
}

Var RandomProgram::operator()(std::span<const Var> leaves) const {
  detail::TapeState& source = detail::VarAccess::state(anchor_);
  detail::TapeState& target = detail::VarAccess::state(leaves[0]);
  const bool widen = leaves[0].dtype() == DType::float64 && point_[0].dtype() == DType::float32;
  std::vector<NodeId> mapped(source.program.size(), detail::kNoNode);
  for (std::size_t i = 0; i < leaves.size(); ++i) mapped[leaves_[i]] = detail::VarAccess::node(leaves[i]);
  for (NodeId id : nodes_) {
    if (mapped[id] != detail::kNoNode) continue;
    const detail::Node node = source.program[id];
    mapped[id] = copy(target, node, id, widen, mapped);
  }
  return detail::VarAccess::make(target, mapped[detail::VarAccess::node(y_)]);
}

}  // namespace xtape::test
