// From nodes asked for to values: request, plan from the cache, run, and the tape holds the results.
#include "tape/evaluate.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <xtape/engine.hpp>

#include "execute/run.hpp"
#include "plan/build.hpp"
#include "plan/cache.hpp"
#include "plan/request.hpp"
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
  std::fprintf(stderr, "xtape: plan cache %s: %zu loops, %zu products, %zu calls, %zu instructions, %zu bytes before reuse, %zu after\n",
               hit ? "hit" : "miss", plan.loops.size(), plan.matmuls.size(), plan.opaques.size(), plan.instructions(),
               plan.bytes_before_reuse, plan.arena_bytes);
}

/// The leaves' buffers, kept alive while the plan runs.
struct Leaves {
  std::vector<Array> arrays;
  std::vector<const std::byte*> bases;
};

void gather_leaves(const Request& request, Leaves& leaves) {
  TapeState& state = *request.state;
  for (NodeId id : request.nodes) {
    const Node& node = state.program[id];
    if (node.holds == Holds::nothing) continue;
    if (node.holds == Holds::number) {
      leaves.bases.push_back(reinterpret_cast<const std::byte*>(&state.numbers[node.value]));
      continue;
    }
    leaves.arrays.push_back(value_of(state, id));
    leaves.bases.push_back(static_cast<const std::byte*>(leaves.arrays.back().bytes()));
  }
}

std::string location_text(const Request& request, const Plan& plan, const Step& step) {
  if (step.kind != Step::Kind::opaque) return {};
  const Node& node = request.state->program[request.nodes[plan.opaques[step.index].origin]];
  return " (recorded at " + std::string(node.location.file) + ":" + std::to_string(node.location.line) + ")";
}

void hold(TapeState& state, NodeId id, Array value) {
  Node& node = state.program[id];
  node.holds = Holds::array;
  node.value = static_cast<std::uint32_t>(state.arrays.size());
  state.arrays.push_back(std::move(value));
}

void run(const Request& request, const Plan& plan) {
  Leaves leaves;
  gather_leaves(request, leaves);
  std::vector<Array> results;
  std::vector<std::byte*> buffers;
  for (NodeId id : plan.output_buffers) {
    results.push_back(ArrayAccess::allocate(plan.program[id].dtype, plan.program[id].shape));
    buffers.push_back(ArrayAccess::mutable_bytes(results.back()));
  }
  run_plan(plan, leaves.bases, buffers, [&](const Step& step) { return location_text(request, plan, step); });
  for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
    const Array& result = results[plan.placements[plan.accesses[plan.outputs[i]].base].at];
    hold(*request.state, request.outputs[i], ArrayAccess::reshaped(result, plan.program[plan.outputs[i]].shape));
  }
}

}  // namespace

void evaluate(TapeState& state, std::span<const NodeId> outputs) {
  const Request request = make_request(state, outputs);
  if (request.outputs.empty()) return;
  thread_local PlanKey key;
  make_key(request, key);
  const CachedPlan cached = find_plan(key, [&] { return build_plan(request); });
  report(*cached.plan, cached.hit);
  run(request, *cached.plan);
}

}  // namespace xtape::detail

namespace xtape {

void set_plan_report(bool on) { detail::plan_report().store(on, std::memory_order_relaxed); }

}  // namespace xtape
