#include "plan/rerun.hpp"

#include <algorithm>

#include "kernels/dispatch.hpp"
#include "plan/cache.hpp"

namespace xtape::detail {

namespace {

/// Of a few nodes, for which a call of memcmp costs more.
bool are_equal(std::span<const NodeId> a, std::span<const NodeId> b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i]) return false;
  return true;
}

/// Begins a new recording when the tape has been reset, and forgets what settings have made invalid.
Reruns& present_recording(TapeState& state) {
  if (state.reruns == nullptr) state.reruns = new Reruns;
  Reruns& reruns = *state.reruns;
  const std::uint32_t generation = state.generation.load(std::memory_order_relaxed);
  if (reruns.tape_generation != generation) {
    const bool of_previous = generation == reruns.tape_generation + 1;  // that is what the entries belong to
    // The last slot may have been used again and again; what follows a failure relied on values being absent.
    reruns.entries.resize(of_previous ? std::min({reruns.next, reruns.trusted, Reruns::kMostEntries - 1}) : 0);
    reruns.trusted = Reruns::kMostEntries;
    reruns.tape_generation = generation;
    reruns.next = 0;
    reruns.diverged = false;
  }
  if (reruns.options != state.options || reruns.cache_generation != plan_cache_generation()) {
    reruns.entries.clear();
    reruns.diverged = true;
    reruns.options = state.options;
    reruns.cache_generation = plan_cache_generation();
  }
  return reruns;
}

}  // namespace

Prepared* find_rerun(TapeState& state, std::span<const NodeId> asked) {
  Reruns& reruns = present_recording(state);
  if (reruns.diverged || reruns.next >= reruns.entries.size()) return nullptr;
  Reruns::Entry& entry = reruns.entries[reruns.next];
  if (!are_equal(entry.asked, asked) || !are_equal(entry.kept, state.kept) ||
      entry.prepared.plan->instruction_set != instruction_set())
    return nullptr;
  if (entry.end > state.program.repeated()) return nullptr;
  ++reruns.next;
  if (entry.prepared.steady == nullptr) entry.prepared.steady = std::make_unique<SteadyRun>(*entry.prepared.plan);
  return &entry.prepared;
}

Prepared& remember_run(TapeState& state, std::span<const NodeId> asked, Prepared prepared) {
  Reruns& reruns = present_recording(state);
  reruns.diverged = true;
  if (reruns.next == Reruns::kMostEntries) --reruns.next;
  reruns.entries.resize(reruns.next++);
  const NodeId end = *std::ranges::max_element(asked) + 1;
  reruns.entries.push_back({std::move(prepared), {asked.begin(), asked.end()}, state.kept, end});
  return reruns.entries.back().prepared;
}

void forget_later_runs(TapeState& state) {
  Reruns& reruns = present_recording(state);
  reruns.diverged = true;
  reruns.trusted = std::min(reruns.trusted, reruns.next);
  reruns.entries.resize(reruns.next);
}

}  // namespace xtape::detail
