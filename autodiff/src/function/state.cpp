#include "function/state.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "ops/errors.hpp"

namespace xtape::detail {

namespace {

constexpr std::size_t kMostIdle = 16;

std::size_t slot_of_thread() {
  static std::atomic<std::size_t> threads{0};
  static thread_local const std::size_t slot = threads.fetch_add(1, std::memory_order_relaxed);
  return slot % FunctionState::kSlots;
}

/// Functions that this thread is recording, so that one that calls itself is told.
thread_local std::vector<const FunctionState*> being_recorded;

class RecordingScope {
 public:
  explicit RecordingScope(const FunctionState& state) { being_recorded.push_back(&state); }
  ~RecordingScope() { being_recorded.pop_back(); }
  RecordingScope(const RecordingScope&) = delete;
  RecordingScope& operator=(const RecordingScope&) = delete;
};

std::string types_text(std::span<const InputType> types) {
  std::string all = "(";
  for (const InputType& type : types) {
    if (all.size() > 1) all += ", ";
    all += text(type.dtype) + " " + text(type.shape);
  }
  return all + ")";
}

std::string counts_text(std::uint32_t counts) {
  std::string all;
  for (std::uint32_t count = 0; count <= kMostPositional; ++count)
    if ((counts >> count & 1) != 0) all += (all.empty() ? "" : " or ") + std::to_string(count);
  return all;
}

void check_count(const FunctionState& state, std::size_t count) {
  const std::uint32_t counts = state.recorder.counts;
  const bool taken = counts == kAnyCount || (count <= kMostPositional && (counts >> count & 1) != 0);
  if (!taken) fail<ValueError>("Function", "it takes ", counts_text(counts), " inputs, not ", count);
}

/// What an application's function returned must be Vars of the tape that it was recorded on.
NodeId result_node(const TapeState& state, const Var& result, std::size_t position) {
  if (VarAccess::empty(result)) fail<ValueError>("Function", "result ", position, " is an empty Var");
  bool ours = false;
  try {
    ours = &VarAccess::state(result) == &state;
  } catch (const StaleVarError&) {
    fail<StaleVarError>("Function", "result ", position, " is a Var of a tape that is gone");
  }
  if (!ours)
    fail<ValueError>(
        "Function", "result ", position,
        " is a Var of another tape, which the function has captured; make that Var an input, or capture its "
        "value");
  return VarAccess::node(result);
}

std::shared_ptr<const Recorded> record(FunctionState& function, std::span<const InputType> types) {
  const RecordingScope scope(function);
  Tape tape(function.options);
  TapeState& state = VarAccess::state(tape);
  std::vector<Var> inputs, results;
  std::vector<NodeId> input_nodes, result_nodes;
  for (const InputType& type : types) {
    input_nodes.push_back(record_placeholder(state, type.dtype, type.shape, function.location));
    inputs.push_back(VarAccess::make(state, input_nodes.back()));
  }
  function.recorder.record(tape, inputs, results);
  if (results.empty()) fail<ValueError>("Function", "it has no results");
  for (const Var& result : results) result_nodes.push_back(result_node(state, result, result_nodes.size()));
  return std::make_shared<const Recorded>(plan_graph(extract(state, input_nodes, result_nodes), function.options));
}

/// Throws for inputs that a loaded Function was not recorded for.
[[noreturn]] void fail_unrecorded(const FunctionState& state, std::span<const InputType> types) {
  std::string known;
  bool count = false, dtypes = false;
  for (const auto& recorded : state.recordings) {
    known += (known.empty() ? "" : " or ") + types_text(recorded->inputs);
    if (recorded->inputs.size() != types.size()) continue;
    count = true;
    bool same = true;
    for (std::size_t i = 0; i < types.size(); ++i) same &= recorded->inputs[i].dtype == types[i].dtype;
    dtypes |= same;
  }
  const std::string message = "the inputs are " + types_text(types) + ", it was recorded for " + known;
  if (!count) fail<ValueError>("Function", message);
  if (!dtypes) fail<DTypeError>("Function", message);
  fail<ShapeError>("Function", message);
}

using Recordings = std::list<std::shared_ptr<const Recorded>>;

Recordings::iterator find(FunctionState& state, std::span<const InputType> types) {
  return std::ranges::find_if(state.recordings,
                              [&](const auto& recorded) { return std::ranges::equal(recorded->inputs, types); });
}

/// The mutex must be held.
std::shared_ptr<const Recorded> find_or_record(FunctionState& state, std::span<const InputType> types) {
  const auto found = find(state, types);
  if (found != state.recordings.end()) {
    state.recordings.splice(state.recordings.begin(), state.recordings, found);
    return state.recordings.front();
  }
  if (!state.recorder.record) fail_unrecorded(state, types);
  check_count(state, types.size());
  state.recordings.push_front(record(state, types));
  drop_beyond_capacity(state);
  return state.recordings.front();
}

std::vector<InputType> types_of(CallInputs inputs) {
  std::vector<InputType> types;
  for (const CallInput& input : inputs) types.push_back({CallInputAccess::dtype(input), CallInputAccess::shape(input)});
  return types;
}

}  // namespace

FunctionState::~FunctionState() {
  for (Slot& slot : slots) delete slot.run.load(std::memory_order_acquire);
}

std::unique_lock<std::mutex> lock(FunctionState& state) {
  if (std::ranges::find(being_recorded, &state) != being_recorded.end())
    fail<ValueError>("Function", "it uses itself while it is recorded");
  return std::unique_lock(state.mutex);
}

void drop_beyond_capacity(FunctionState& state) {
  while (state.recorder.record && state.recordings.size() > state.capacity) {
    std::erase_if(state.idle, [&](const auto& run) { return run->recorded() == state.recordings.back(); });
    state.recordings.pop_back();
  }
}

Parameter& handle_of(FunctionState& state, const std::shared_ptr<ParameterState>& parameter) {
  for (Parameter& handle : state.handles)
    if (ParameterAccess::state(handle) == parameter) return handle;
  return state.handles.emplace_back(ParameterAccess::share(parameter));
}

std::shared_ptr<const Recorded> find_recorded(FunctionState& state, std::span<const InputType> types) {
  const auto locked = lock(state);
  return find_or_record(state, types);
}

RunLease::RunLease(FunctionState& state, CallInputs inputs)
    : state_(state),
      slot_(state.slots[slot_of_thread()].run),
      run_(slot_.exchange(nullptr, std::memory_order_acq_rel)) {
  if (run_ == nullptr || !matches(run_->recorded()->inputs, inputs)) run_ = slow(run_, inputs);
}

RunLease::~RunLease() { const std::unique_ptr<Run> displaced(slot_.exchange(run_, std::memory_order_acq_rel)); }

Run* RunLease::slow(Run* other, CallInputs inputs) {
  std::unique_ptr<Run> unused(other);
  const std::vector<InputType> types = types_of(inputs);
  const auto locked = lock(state_);
  if (unused) {
    const auto used = std::ranges::find(state_.recordings, unused->recorded());
    if (used != state_.recordings.end()) {
      state_.recordings.splice(state_.recordings.begin(), state_.recordings, used);
      if (state_.idle.size() < kMostIdle) state_.idle.push_back(std::move(unused));
    }
  }
  const std::shared_ptr<const Recorded> recorded = find_or_record(state_, types);
  const auto idle = std::ranges::find_if(state_.idle, [&](const auto& run) { return run->recorded() == recorded; });
  if (idle == state_.idle.end()) return new Run(recorded);
  Run* run = idle->release();
  state_.idle.erase(idle);
  return run;
}

}  // namespace xtape::detail
