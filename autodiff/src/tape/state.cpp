#include "tape/state.hpp"

#include <cstring>
#include <mutex>

#include "ops/errors.hpp"
#include "ops/leaf.hpp"
#include "tape/evaluate.hpp"
#include "tape/notes.hpp"
#include "tape/storage.hpp"

namespace xtape::detail {

namespace {

/// States that no tape uses. It is never destroyed, since Vars may outlive all static objects.
struct FreeStates {
  std::mutex mutex;
  std::vector<TapeState*> states;
};

FreeStates& free_states() {
  static FreeStates* const instance = new FreeStates;
  return *instance;
}

constexpr std::size_t kLargeMarks = std::size_t{1} << 17;

template <class T>
void clear_vector(std::vector<T>& vector) {
  constexpr std::size_t kLargeBytes = std::size_t{1} << 22;
  const bool large = vector.capacity() * sizeof(T) > kLargeBytes;
  vector.clear();
  if (large) vector.shrink_to_fit();
}

/// The same reads will come again, most likely: their handles are taken over then instead of being counted.
void forget_reads(TapeState& state) {
  std::swap(state.reads, state.previous_reads);
  clear_vector(state.reads);
  if (state.previous_reads.size() > kMostKept)
    state.previous_reads.erase(state.previous_reads.begin() + kMostKept, state.previous_reads.end());
  for (ParameterRead& read : state.previous_reads)
    if (!read.may_stay) read.parameter = nullptr;
}

std::shared_ptr<ParameterState> handle(TapeState& state, const std::shared_ptr<ParameterState>& source) {
  const std::size_t next = state.reads.size();
  if (next >= state.previous_reads.size() || state.previous_reads[next].parameter != source) return source;
  return std::move(state.previous_reads[next].parameter);
}

const Array& parameter_value(const TapeState& state, const Node& node) {
  const ParameterRead& read = state.reads[node.value];
  if (read.version != read.parameter->version)
    throw StaleVarError("Parameter \"" + read.parameter->name + "\": the value that was read at " + node.location.file +
                        ":" + std::to_string(node.location.line) +
                        " has been overwritten since, and is needed to compute what was asked for; read it again");
  return read.parameter->value;
}

const Array& checked_for_changes(const Array& array) {
  const Storage& storage = *ArrayAccess::storage(array);
  if (storage.borrowed) check_borrowed(storage);
  return array;
}

}  // namespace

void TapeState::clear() {
  program.rewind();
  calls.rewind();
  std::swap(gradients, previous_gradients);
  gradients.clear();
  gradients_compared = 0;
  gradients_differ = false;
  kept.clear();
  arrays.rewind();
  clear_vector(numbers);
  forget_reads(*this);
  substitutions.clear();
  rules.clear();
  if (notes != nullptr) notes->restart();
  if (marks.size() > kLargeMarks) {
    clear_vector(marks);
    clear_vector(cotangents);
  }
  rule_depth = 0;
}

TapeState* acquire_tape_state(const Options& options) {
  FreeStates& pool = free_states();
  TapeState* state = nullptr;
  {
    const std::lock_guard lock(pool.mutex);
    if (!pool.states.empty()) {
      state = pool.states.back();
      pool.states.pop_back();
    }
  }
  if (state == nullptr) state = new TapeState;
  state->options = options;
  if (options.detect_anomalies) notes_of(*state);
  return state;
}

void recycle_tape_state(TapeState* state) {
  if (state->notes != nullptr) state->notes->alive = false;
  state->notes = nullptr;
  state->clear();
  state->arrays.shrink(0);
  state->previous_reads.clear();
  state->invalidate();
  FreeStates& pool = free_states();
  const std::lock_guard lock(pool.mutex);
  pool.states.push_back(state);
}

void VarAccess::throw_stale(const Var& var) {
  if (var.state_ == nullptr) throw StaleVarError("Var: it is empty");
  throw StaleVarError("Var: used after its tape was reset or destroyed");
}

void VarAccess::throw_moved_from() { fail<ValueError>("Tape", "used after it was moved from"); }

NodeId append_array(TapeState& state, const Array& array, Location location) {
  if (!array.has_value()) fail<ValueError>("Array", "it has no value");
  return state.program.append(input_op, array.dtype(), array.shape(), {}, {}, location);
}

NodeId record_placeholder(TapeState& state, DType dtype, const Shape& shape, Location location) {
  return state.program.append(placeholder_op, dtype, shape, {}, {}, location);
}

NodeId read_parameter(TapeState& state, const Parameter& parameter, Location location) {
  parameter.value();  // throws if the Parameter was moved from
  return read_parameter(state, ParameterAccess::state(parameter), location);
}

NodeId read_parameter(TapeState& state, const std::shared_ptr<ParameterState>& source, Location location) {
  const Array& value = source->value;
  for (std::size_t i = state.substitutions.size(); i-- > 0;)
    if (state.substitutions[i].parameter == source) return state.substitutions[i].node;
  for (std::size_t i = state.reads.size(); i-- > 0;)
    if (state.reads[i].parameter == source && state.reads[i].version == source->version) return state.reads[i].node;
  const NodeId id = state.program.append(parameter_op, value.dtype(), value.shape(), {}, {}, location);
  Node& node = state.program[id];
  node.holds = Holds::parameter;
  node.value = static_cast<std::uint32_t>(state.reads.size());
  state.reads.push_back({handle(state, source), source->version, id, may_stay(value)});
  return id;
}

const Array& array_of(const TapeState& state, NodeId id) {
  const Node& node = state.program[id];
  if (node.holds == Holds::array) return checked_for_changes(state.arrays[node.value]);
  if (node.holds == Holds::parameter) return checked_for_changes(parameter_value(state, node));
  fail<ValueError>(node.op->name, "the value has not been computed");
}

Array number_value(DType dtype, std::uint64_t bits) {
  Array array = ArrayAccess::allocate(dtype, Shape{});
  std::memcpy(ArrayAccess::mutable_bytes(array), &bits, size_of(dtype));
  return array;
}

Array value_of(const TapeState& state, NodeId id) {
  const Node& node = state.program[id];
  return node.holds == Holds::number ? number_value(node.dtype, state.numbers[node.value]) : array_of(state, id);
}

}  // namespace xtape::detail
