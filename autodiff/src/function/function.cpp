#include <xtape/function.hpp>

#include <algorithm>
#include <utility>

#include "debug/replayed_values.hpp"
#include "function/state.hpp"
#include "ops/errors.hpp"

namespace xtape {

namespace {

using detail::CallInput;
using detail::CallInputAccess;
using detail::fail;
using detail::NodeId;
using detail::TapeState;
using detail::VarAccess;

void check_results(std::size_t recorded, std::size_t asked) {
  if (recorded != asked) fail<ValueError>("Function", "it has ", recorded, " results, not ", asked);
}

/// The tape of the Vars among the inputs, of which there is one.
TapeState& tape_of(detail::CallInputs inputs) {
  TapeState* tape = nullptr;
  for (const CallInput& input : inputs) {
    if (CallInputAccess::var(input) == nullptr) continue;
    TapeState& state = VarAccess::state(*CallInputAccess::var(input));
    if (tape != nullptr && tape != &state) fail<ValueError>("Function", "the inputs are Vars of two tapes");
    tape = &state;
  }
  if (tape == nullptr) fail<ValueError>("Function", "no input is a Var, whose tape it could be recorded on");
  return *tape;
}

/// An input as a node; a number becomes a leaf.
NodeId node_of(TapeState& state, const CallInput& input, detail::Location location) {
  if (const Var* var = CallInputAccess::var(input)) return VarAccess::node(*var);
  if (const Parameter* parameter = CallInputAccess::parameter(input))
    return detail::read_parameter(state, *parameter, location);
  return detail::record_array(state, detail::value_of(input), location);
}

/// Records the program on the inputs' tape and gives the results' nodes.
std::vector<NodeId> record_on_tape(detail::FunctionState& function, detail::CallInputs inputs, TapeState& state) {
  std::vector<NodeId> nodes;
  std::vector<detail::InputType> types;
  for (const CallInput& input : inputs) {
    nodes.push_back(node_of(state, input, function.location));
    types.push_back({state.program[nodes.back()].dtype, state.program[nodes.back()].shape});
  }
  return replay(state, detail::find_recorded(function, types)->graph, nodes);
}

/// Of a run in anomaly mode: a tape in that mode throws what a result that is not finite comes from.
void require_finite(detail::FunctionState& function, detail::CallInputs inputs, std::span<const Array> results) {
  const auto is_bad = [](const Array& result) { return detail::badness_of(result) != detail::Badness::none; };
  if (std::ranges::none_of(results, is_bad)) return;
  Tape tape(function.options);
  TapeState& state = VarAccess::state(tape);
  std::vector<Var> vars;
  for (NodeId node : record_on_tape(function, inputs, state)) vars.push_back(VarAccess::make(state, node));
  tape.evaluate(vars);
}

void run_leased(detail::FunctionState& function, const detail::RunLease& run, detail::CallInputs inputs,
                std::span<Array> results) {
  (*run)(inputs, results);
  if (function.options.detect_anomalies) require_finite(function, inputs, results);
}

}  // namespace

Function::Function(detail::Recorder recorder, const Options& options, const char* file, std::uint32_t line)
    : state_(std::make_shared<detail::FunctionState>(std::move(recorder), options, detail::Location{file, line})) {}

Array Function::run_one(Inputs inputs) const {
  const detail::RunLease run(*state_, inputs);
  check_results(run->recorded()->results.size(), 1);
  Array result;
  run_leased(*state_, run, inputs, std::span(&result, 1));
  return result;
}

std::vector<Array> Function::run_all(Inputs inputs) const {
  const detail::RunLease run(*state_, inputs);
  std::vector<Array> results(run->recorded()->results.size());
  run_leased(*state_, run, inputs, results);
  return results;
}

void Function::run_into(Inputs inputs, std::span<Array> results) const {
  const detail::RunLease run(*state_, inputs);
  check_results(run->recorded()->results.size(), results.size());
  run_leased(*state_, run, inputs, results);
}

std::vector<Var> Function::record_all(Inputs inputs) const {
  TapeState& state = tape_of(inputs);
  std::vector<Var> results;
  for (NodeId node : record_on_tape(*state_, inputs, state)) results.push_back(VarAccess::make(state, node));
  return results;
}

Var Function::record_one(Inputs inputs) const {
  Var result;
  record_into(inputs, std::span(&result, 1));
  return result;
}

void Function::record_into(Inputs inputs, std::span<Var> results) const {
  const std::vector<Var> all = record_all(inputs);
  check_results(all.size(), results.size());
  std::ranges::copy(all, results.begin());
}

std::vector<Array> Function::call(std::span<const Array> inputs) const {
  const std::vector<CallInput> call_inputs(inputs.begin(), inputs.end());
  return run_all(call_inputs);
}

std::vector<Var> Function::call(std::span<const Var> inputs) const {
  const std::vector<CallInput> call_inputs(inputs.begin(), inputs.end());
  return record_all(call_inputs);
}

void Function::prepare_for(Inputs inputs) const { const detail::RunLease run(*state_, inputs); }

void Function::set_capacity(std::size_t recordings) {
  if (recordings < 1) fail<ValueError>("Function", "the capacity is 0, it must be 1 or more");
  const auto locked = lock(*state_);
  state_->capacity = recordings;
  detail::drop_beyond_capacity(*state_);
}

std::size_t Function::recordings() const {
  const auto locked = lock(*state_);
  return state_->recordings.size();
}

std::vector<Parameter*> Function::parameters() const {
  const auto locked = lock(*state_);
  std::vector<Parameter*> all;
  for (const auto& recorded : state_->recordings)
    for (const auto& parameter : recorded->graph.parameters) {
      Parameter& handle = detail::handle_of(*state_, parameter);
      if (std::ranges::find(all, &handle) == all.end()) all.push_back(&handle);
    }
  return all;
}

}  // namespace xtape
