// The short way to a plan: a training loop records the same program after each reset, so a tape remembers the plans of
// its last recording. What differs from it (tape/program.hpp) goes to the plan cache.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "execute/steady_run.hpp"
#include "plan/plan.hpp"
#include "plan/request.hpp"

namespace xtape::detail {

/// A request with its plan.
struct Prepared {
  std::shared_ptr<const Plan> plan;
  Request request;
  std::vector<NodeId> leaves;
  std::unique_ptr<SteadyRun> steady = nullptr;  ///< from the second time on
};

/// The evaluations of a recording, in order.
struct Reruns {
  /// Beyond this, evaluations are not remembered: a tape that is never reset has no next recording.
  static constexpr std::size_t kMostEntries = 64;

  struct Entry {
    Prepared prepared;
    std::vector<NodeId> asked;
    std::vector<NodeId> kept;
    NodeId end;  ///< behind the last node asked for
  };
  std::vector<Entry> entries;
  std::size_t trusted = kMostEntries;  ///< entries from here on were planned after one had failed
  std::size_t next = 0;                ///< how many evaluations the present recording has had, all as before
  bool diverged = false;               ///< the present recording is another one
  bool running = false;                ///< an evaluation, which refers to its entry
  Options options;
  std::uint64_t cache_generation = 0;
  std::uint32_t tape_generation = 0;
};

/// The next evaluation of the recording, if it is the one that came next last time; else null.
Prepared* find_rerun(TapeState& state, std::span<const NodeId> asked);
/// Remembers an evaluation that was planned, before it runs.
Prepared& remember_run(TapeState& state, std::span<const NodeId> asked, Prepared prepared);

/// After an evaluation that threw: what came after it last time relied on its values.
void forget_later_runs(TapeState& state);

}  // namespace xtape::detail
