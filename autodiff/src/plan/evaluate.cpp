// From nodes asked for to values: request, plan from the cache, run, and the tape holds the results.
#include "tape/evaluate.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include <xtape/engine.hpp>
#include <xtape/error.hpp>

#include "execute/memory.hpp"
#include "execute/per_thread.hpp"
#include "execute/run.hpp"
#include "ops/errors.hpp"
#include "plan/build.hpp"
#include "plan/cache.hpp"
#include "plan/in_place.hpp"
#include "plan/observer.hpp"
#include "plan/request.hpp"
#include "plan/rerun.hpp"
#include "tape/notes.hpp"
#include "tape/storage.hpp"

namespace xtape::detail {

namespace {

std::atomic<bool>& plan_report() {
  static std::atomic<bool> on{[] {
    const char* text = std::getenv("XTAPE_REPORT");
    return text != nullptr && std::strcmp(text, "1") == 0;
  }()};
  return on;
}

void report(const Plan& plan, bool hit) {
  if (!plan_report().load(std::memory_order_relaxed)) return;
  std::fprintf(
      stderr,
      "xtape: plan cache %s: %zu loops, %zu products, %zu calls, %zu instructions, %zu bytes before reuse, %zu after\n",
      hit ? "hit" : "miss", plan.loops.size(), plan.matmuls.size(), plan.opaques.size(), plan.instructions(),
      plan.bytes_before_reuse, plan.arena_bytes);
}

/// What an evaluation needs for a while, kept by its thread for the next one.
struct Scratch {
  Request request;
  PlanKey key;
  std::vector<const std::byte*> leaf_bases;
  std::vector<std::byte*> result_bases;
  std::vector<std::byte*> bases;
};

/// Opaque ops may run user code, which may evaluate another tape: so there is a stack of them.
class ScratchScope {
 public:
  ScratchScope() : stack_(per_thread<Stack>()) {
    if (stack_.depth == stack_.scratches.size()) stack_.scratches.push_back(std::make_unique<Scratch>());
    scratch_ = stack_.scratches[stack_.depth++].get();
  }
  ~ScratchScope() { --stack_.depth; }
  ScratchScope(const ScratchScope&) = delete;
  ScratchScope& operator=(const ScratchScope&) = delete;
  Scratch& operator*() const { return *scratch_; }

 private:
  struct Stack {
    std::vector<std::unique_ptr<Scratch>> scratches;
    std::size_t depth = 0;
  };
  Stack& stack_;
  Scratch* scratch_;
};

const std::byte* elements_of_leaf(const TapeState& state, NodeId id) {
  const Node& node = state.program[id];
  if (node.holds == Holds::number) return reinterpret_cast<const std::byte*>(&state.numbers[node.value]);
  return static_cast<const std::byte*>(array_of(state, id).bytes());
}

/// New Arrays of the tape for the plan's results; gone again unless they are kept.
class Results {
 public:
  Results(TapeState& state, const Plan& plan, const InPlace& in_place) : state_(state), first_(state.arrays.size()) {
    if (in_place.any()) state.arrays.reserve_more(plan.output_buffers.size() + plan.outputs.size());
    for (NodeId id : plan.output_buffers) {
      const bool later = in_place.any() && in_place.decides_on(id);
      const Node& node = plan.program[id];
      if (later) state.arrays.push_back(Array());
      else state.arrays.push_new(node.dtype, node.shape);
    }
  }
  ~Results() {
    if (!kept_) state_.arrays.shrink(first_);
  }
  Results(const Results&) = delete;
  Results& operator=(const Results&) = delete;

  /// An Array for each output buffer.
  std::span<Array> arrays() { return state_.arrays.from(first_); }

  /// The nodes asked for hold them from now on. Cannot throw if something was in place.
  void keep(const Prepared& prepared) {
    const Plan& plan = *prepared.plan;
    for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
      const std::size_t at = first_ + plan.placements[plan.accesses[plan.outputs[i]].base].at;
      hold(prepared.request.outputs[i], at, plan.program[plan.outputs[i]].shape);
    }
    kept_ = true;
  }

 private:
  void hold(NodeId id, std::size_t at, const Shape& shape) {
    if (state_.arrays[at].shape() != shape) {
      Array view = ArrayAccess::reshaped(state_.arrays[at], shape);
      at = state_.arrays.size();
      state_.arrays.push_back(std::move(view));
    }
    state_.program[id].holds = Holds::array;
    state_.program[id].value = static_cast<std::uint32_t>(at);
  }

  TapeState& state_;
  const std::size_t first_;
  bool kept_ = false;
};

/// " (recorded at file:line)" of an opaque op; loops and products do not fail.
std::string location_text(const TapeState& state, const Prepared& prepared, std::size_t step_index) {
  const Step& step = prepared.plan->steps[step_index];
  if (step.kind != Step::Kind::opaque) return {};
  const Plan& plan = *prepared.plan;
  const NodeId node = prepared.request.nodes[plan.origins[plan.opaques[step.index].value]];
  return " (recorded at " + place_text(state, node) + ")";
}

/// Where the plan's values are.
void place(Scratch& scratch, const TapeState& state, const Prepared& prepared, std::span<Array> results,
           std::byte* arena) {
  scratch.leaf_bases.clear();
  scratch.result_bases.clear();
  for (NodeId id : prepared.leaves) scratch.leaf_bases.push_back(elements_of_leaf(state, id));
  for (Array& array : results) scratch.result_bases.push_back(ArrayAccess::mutable_bytes(array));
  place(*prepared.plan, scratch.leaf_bases, scratch.result_bases, arena, scratch.bases);
}

void put(SteadyRun& steady, const TapeState& state, const Prepared& prepared, std::span<Array> results) {
  const Plan& plan = *prepared.plan;
  for (std::size_t i = 0; i < plan.leaves.size(); ++i)
    steady.put(plan.leaves[i], elements_of_leaf(state, prepared.leaves[i]));
  for (std::size_t i = 0; i < results.size(); ++i)
    steady.put(plan.output_buffers[i], ArrayAccess::mutable_bytes(results[i]));
}

/// From the first step on that writes over a Parameter nothing can throw.
void run_in_place(const Plan& plan, std::vector<std::byte*>& bases, const InPlace& in_place, Results& results,
                  std::size_t& step) {
  run_steps(plan, bases, in_place.first_step(), step);
  in_place.decide(results.arrays(), bases);
  run_last_loops(plan, bases, step);
}

void run(Scratch& scratch, TapeState& state, const Prepared& prepared, const Update& update, RunTimes* times) {
  const Plan& plan = *prepared.plan;
  const InPlace in_place(state, prepared, update);
  Results results(state, plan, in_place);
  const bool steady = prepared.steady != nullptr && !in_place.any();
  const Workspace arena(steady ? 0 : plan.arena_bytes);
  if (steady) put(*prepared.steady, state, prepared, results.arrays());
  else place(scratch, state, prepared, results.arrays(), arena.data());
  StepTimes* const step_times = times == nullptr ? nullptr : &times->steps;
  std::size_t step = 0;
  try {
    if (steady) (*prepared.steady)(step, step_times);
    else if (in_place.any()) run_in_place(plan, scratch.bases, in_place, results, step);
    else run_steps(plan, scratch.bases, plan.steps.size(), step, step_times);
  } catch (const ValueError& error) {
    throw ValueError(error.what() + location_text(state, prepared, step));
  } catch (const NumericalError& error) {
    throw NumericalError(error.what() + location_text(state, prepared, step));
  }
  results.keep(prepared);
  if (times != nullptr) RunObserver::tell({plan, state.program, prepared.request.nodes, &state}, *times);
}

/// While alive, the tape runs a plan of one of its entries, which must stay as it is.
class RunningScope {
 public:
  explicit RunningScope(Reruns& reruns) : reruns_(reruns) { reruns_.running = true; }
  ~RunningScope() { reruns_.running = false; }
  RunningScope(const RunningScope&) = delete;
  RunningScope& operator=(const RunningScope&) = delete;

 private:
  Reruns& reruns_;
};

void check_not_running(const TapeState& state) {
  if (state.reruns != nullptr && state.reruns->running)
    fail<ValueError>("evaluate", "the tape is being evaluated: a custom op cannot ask it for another value");
}

/// The request and its plan from the cache or made now; null if all values are there.
const Prepared* prepare(Scratch& scratch, TapeState& state, std::span<const NodeId> outputs) {
  if (const Prepared* again = find_rerun(state, outputs)) {
    count_plan_cache_hit();
    report(*again->plan, true);
    return again;
  }
  make_request(state, outputs, scratch.request);
  if (scratch.request.outputs.empty()) return nullptr;
  make_key(scratch.request, scratch.key);
  const CachedPlan cached = find_plan(scratch.key, [&] { return build_plan(scratch.request); });
  report(*cached.plan, cached.hit);
  std::vector<NodeId> leaves;
  for (NodeId id : scratch.request.nodes)
    if (state.program[id].holds != Holds::nothing) leaves.push_back(id);
  return &remember_run(state, outputs, {cached.plan, scratch.request, std::move(leaves)});
}

}  // namespace

void evaluate(TapeState& state, std::span<const NodeId> outputs, const Update& update) {
  const auto has_value = [&](NodeId id) { return state.program[id].holds != Holds::nothing; };
  if (std::ranges::all_of(outputs, has_value)) return;
  check_not_running(state);
  const ScratchScope scope;
  RunTimes times;
  const bool observed = RunObserver::first() != nullptr;
  if (observed) times.asked = Clock::now();
  const Prepared* prepared = prepare(*scope, state, outputs);
  if (prepared == nullptr) return;
  try {
    const RunningScope running(*state.reruns);
    if (observed) run(*scope, state, *prepared, {}, &times);  // an observer may throw when all is done
    else run(*scope, state, *prepared, update, nullptr);
  } catch (...) {
    forget_later_runs(state);
    throw;
  }
}

}  // namespace xtape::detail

namespace xtape {

void set_plan_report(bool on) { detail::plan_report().store(on, std::memory_order_relaxed); }

}  // namespace xtape
