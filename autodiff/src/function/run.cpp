#include "function/run.hpp"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "execute/run.hpp"
#include "ops/errors.hpp"
#include "plan/observer.hpp"
#include "tape/evaluate.hpp"
#include "tape/storage.hpp"

namespace xtape::detail {

namespace {

/// Where an Array or a number of the graph is: it stays in place from call to call.
const std::byte* lasting(const Graph& graph, const Source& source) {
  return source.kind == Source::Kind::array ? static_cast<const std::byte*>(graph.arrays[source.at].bytes())
                                            : reinterpret_cast<const std::byte*>(&graph.numbers[source.at]);
}

}  // namespace

void CallInput::throw_no_value() { fail<ValueError>("Function", "an input is an Array without a value"); }

Array value_of(const CallInput& input) {
  if (const Array* array = CallInputAccess::array(input)) return *array;
  return number_value(CallInputAccess::dtype(input), CallInputAccess::bits(input));
}

Run::Run(std::shared_ptr<const Recorded> recorded) : recorded_(std::move(recorded)) {
  for (const ResultSource& result : recorded_->results) only_outputs_ &= result.planned;
  for (const Array& array : recorded_->graph.arrays)
    if (ArrayAccess::storage(array)->borrowed) borrowed_.push_back(&array);
  if (!recorded_->plan) return;
  steady_.emplace(*recorded_->plan);
  for (std::size_t i = 0; i < recorded_->leaves.size(); ++i) {
    const NodeId node = recorded_->plan->leaves[i];
    const Source& source = recorded_->leaves[i];
    if (source.kind == Source::Kind::input) inputs_.push_back({node, source.at});
    else if (source.kind == Source::Kind::parameter) parameters_.push_back({node, source.at});
    else steady_->put(node, lasting(recorded_->graph, source));
  }
}

void Run::operator()(CallInputs inputs, std::span<Array> results) {
  for (const Array* array : borrowed_) check_borrowed(*ArrayAccess::storage(*array));
  if (recorded_->plan) {
    RunTimes times;
    const bool observed = RunObserver::first() != nullptr;
    if (observed) times.asked = Clock::now();
    set_inputs(inputs);
    set_outputs(results);
    run_steps(observed ? &times.steps : nullptr);
    if (observed) RunObserver::tell({*recorded_->plan, recorded_->graph.program, recorded_->nodes, nullptr}, times);
  }
  if (only_outputs_) return;
  for (std::size_t i = 0; i < results.size(); ++i)
    if (!recorded_->results[i].planned) results[i] = leaf_value(recorded_->results[i], inputs);
}

void Run::set_inputs(CallInputs inputs) {
  for (const Placed& input : inputs_)
    steady_->put(input.node, static_cast<const std::byte*>(CallInputAccess::bytes(inputs[input.at])));
  for (const Placed& parameter : parameters_) {
    const Array& value = recorded_->graph.parameters[parameter.at]->value;
    steady_->put(parameter.node, static_cast<const std::byte*>(value.bytes()));
  }
}

void Run::set_outputs(std::span<Array> results) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    const ResultSource& source = recorded_->results[i];
    if (!source.planned) continue;
    if (source.same_buffer != i) {
      results[i] = ArrayAccess::reshaped(results[source.same_buffer], source.type.shape);
      continue;
    }
    new (&results[i])
        Array(ArrayAccess::allocate(source.type.dtype, source.type.shape, source.bytes));  // over an empty one
    steady_->put(source.buffer, ArrayAccess::mutable_bytes(results[i]));
  }
}

void Run::run_steps(StepTimes* times) {
  const Plan& plan = *recorded_->plan;
  std::size_t step = 0;
  const auto location = [&]() -> std::string {
    if (plan.steps[step].kind != Step::Kind::opaque) return {};
    const Location at = recorded_->opaque_locations[plan.steps[step].index];
    return " (recorded at " + std::string(at.file) + ":" + std::to_string(at.line) + ")";
  };
  try {
    (*steady_)(step, times);
  } catch (const ValueError& error) {
    throw ValueError(error.what() + location());
  } catch (const NumericalError& error) {
    throw NumericalError(error.what() + location());
  }
}

Array Run::leaf_value(const ResultSource& result, CallInputs inputs) const {
  const Graph& graph = recorded_->graph;
  const Source& source = result.leaf;
  switch (source.kind) {
    case Source::Kind::array:
      return graph.arrays[source.at];
    case Source::Kind::parameter:
      return graph.parameters[source.at]->value;
    case Source::Kind::number:
      return number_value(result.type.dtype, graph.numbers[source.at]);
    default:
      return value_of(inputs[source.at]);
  }
}

}  // namespace xtape::detail
