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

/// A larger workspace is taken from the pool for each call.
constexpr std::size_t kMostKept = std::size_t{64} << 10;

std::size_t kept_bytes(const Recorded& recorded) {
  return recorded.plan && recorded.plan->arena_bytes <= kMostKept ? recorded.plan->arena_bytes : 0;
}

/// Where a leaf is that stays in place from call to call; null for the others.
const std::byte* lasting(const Graph& graph, const Source& source) {
  switch (source.kind) {
    case Source::Kind::array:
      return static_cast<const std::byte*>(graph.arrays[source.at].bytes());
    case Source::Kind::number:
      return reinterpret_cast<const std::byte*>(&graph.numbers[source.at]);
    default:
      return nullptr;
  }
}

}  // namespace

void CallInput::throw_no_value() { fail<ValueError>("Function", "an input is an Array without a value"); }

Array value_of(const CallInput& input) {
  if (const Array* array = CallInputAccess::array(input)) return *array;
  return number_value(CallInputAccess::dtype(input), CallInputAccess::bits(input));
}

Run::Run(std::shared_ptr<const Recorded> recorded) : recorded_(std::move(recorded)), kept_(kept_bytes(*recorded_)) {
  for (const ResultSource& result : recorded_->results) only_outputs_ &= result.planned;
  for (const Array& array : recorded_->graph.arrays)
    if (ArrayAccess::storage(array)->borrowed) borrowed_.push_back(&array);
  if (!recorded_->plan) return;
  const Plan& plan = *recorded_->plan;
  std::vector<const std::byte*> leaves;
  for (const Source& source : recorded_->leaves) leaves.push_back(lasting(recorded_->graph, source));
  const std::vector<std::byte*> outputs(plan.output_buffers.size());
  place(plan, leaves, outputs, kept_.data(), bases_);
  for (NodeId id = 0; id < plan.placements.size(); ++id) {
    if (plan.placements[id].place != Place::leaf) continue;
    const Source& source = recorded_->leaves[plan.placements[id].at];
    if (source.kind == Source::Kind::input) inputs_.push_back({id, source.at});
    if (source.kind == Source::Kind::parameter) parameters_.push_back({id, source.at});
  }
  prepare_steps();
}

void Run::prepare_steps() {
  using Kind = SmallStep::Kind;
  const Plan& plan = *recorded_->plan;
  for (const Step& step : plan.steps) {
    Kind kind = Kind::none;
    if (step.kind == Step::Kind::loop && SmallLoop::fits(plan.loops[step.index])) {
      loops_.emplace_back(plan.loops[step.index]);
      kind = Kind::loop;
    }
    if (step.kind == Step::Kind::matmul && SmallProduct::fits(plan.matmuls[step.index])) {
      const MatmulStep& matmul = plan.matmuls[step.index];
      products_.emplace_back(matmul, plan.instruction_set, plan.program[matmul.value].dtype);
      kind = Kind::product;
    }
    const std::size_t count = kind == Kind::loop ? loops_.size() : products_.size();
    steps_.push_back({kind, kind == Kind::none ? 0 : static_cast<std::uint32_t>(count - 1)});
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
  for (const Placed& input : inputs_) {
    const void* bytes = CallInputAccess::bytes(inputs[input.at]);
    bases_[input.node] = const_cast<std::byte*>(static_cast<const std::byte*>(bytes));
  }
  for (const Placed& parameter : parameters_) {
    const void* bytes = recorded_->graph.parameters[parameter.at]->value.bytes();
    bases_[parameter.node] = const_cast<std::byte*>(static_cast<const std::byte*>(bytes));
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
    bases_[source.buffer] = ArrayAccess::mutable_bytes(results[i]);
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
  const Workspace arena(kept_.data() != nullptr ? 0 : plan.arena_bytes);
  for (NodeId id = 0; arena.data() != nullptr && id < plan.placements.size(); ++id)
    if (plan.placements[id].place == Place::arena) bases_[id] = arena.data() + plan.placements[id].at;
  try {
    each_step(steps_.size(), step, times, [&](std::size_t i) { run_step(i); });
  } catch (const ValueError& error) {
    throw ValueError(error.what() + location());
  } catch (const NumericalError& error) {
    throw NumericalError(error.what() + location());
  }
}

void Run::run_step(std::size_t step) {
  switch (steps_[step].kind) {
    case SmallStep::Kind::loop:
      return loops_[steps_[step].index].run(bases_);
    case SmallStep::Kind::product:
      return products_[steps_[step].index].run(bases_);
    default:
      return detail::run_step(*recorded_->plan, recorded_->plan->steps[step], bases_);
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
