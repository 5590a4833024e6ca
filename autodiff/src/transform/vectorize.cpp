#include <xtape/vectorize.hpp>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/ruled.hpp"
#include "transform/apply.hpp"
#include "transform/batch.hpp"

namespace xtape::detail {

namespace {

constexpr const char* kOp = "vectorize";

/// An argument with its examples along the leading axis.
Var with_leading_examples(const Var& x, std::size_t argument, int axis) {
  const std::int64_t rank = static_cast<std::int64_t>(x.rank());
  if (rank == 0) fail<ShapeError>(kOp, "argument ", argument, " is a scalar, which has no axis of examples");
  if (axis < -rank || axis >= rank)
    fail<ShapeError>(kOp, "argument ", argument, " is ", x.shape(), ", it has no axis ", axis);
  return axis == 0 || axis == -rank ? x : moveaxis(x, axis, 0);
}

/// The arguments of one example, and which of them have a batch.
struct Examples {
  std::vector<Var> arguments;
  std::vector<NodeId> inputs, batches;

  void add(const Var& batch, std::size_t argument) {
    TapeState& state = VarAccess::state(batch);
    const Shape shape = batch.shape();
    if (!batches.empty() && state.program[batches[0]].shape[0] != shape[0])
      fail<ShapeError>(kOp, "argument ", argument, " has ", shape[0], " examples, an argument before it ",
                       state.program[batches[0]].shape[0]);
    const Shape one(std::span(shape.begin() + 1, shape.rank() - 1));
    const Location location = state.program[VarAccess::node(batch)].location;
    inputs.push_back(record_placeholder(state, batch.dtype(), one, location));
    batches.push_back(VarAccess::node(batch));
    arguments.push_back(VarAccess::make(state, inputs.back()));
  }
};

Examples examples_of(std::span<const Var> x, const ExampleAxes* axes) {
  if (axes != nullptr && axes->size() != x.size())
    fail<ValueError>(kOp, axes->size(), " axes are given for ", x.size(), " arguments");
  Examples examples;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::optional<int> axis = axes == nullptr ? 0 : (*axes)[i];
    if (axis) examples.add(with_leading_examples(x[i], i, *axis), i);
    else examples.arguments.push_back(x[i]);
  }
  if (examples.inputs.empty()) fail<ValueError>(kOp, "no argument has an axis of examples");
  return examples;
}

}  // namespace

std::vector<Var> record_vectorized(const VarFunction& f, std::span<const Var> x, const ExampleAxes* axes) {
  TapeState& state = VarAccess::state(x[0]);
  const Examples examples = examples_of(x, axes);
  std::vector<NodeId> outputs;
  for (const Var& result : f(examples.arguments)) {
    require_on(state, result, kOp, "the function's result");
    outputs.push_back(VarAccess::node(result));
  }
  std::vector<Var> results;
  for (NodeId node : batched(state, outputs, examples.inputs, examples.batches))
    results.push_back(VarAccess::make(state, node));
  return results;
}

}  // namespace xtape::detail
