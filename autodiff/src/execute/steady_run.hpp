// A plan that runs again and again, for the calls of a Function and the steps of a training loop: what does not depend
// on the buffers is found out once, and a small workspace stays in place.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "execute/memory.hpp"
#include "execute/run.hpp"
#include "execute/small_steps.hpp"

namespace xtape::detail {

/// Used by one thread at a time.
class SteadyRun {
 public:
  /// Of a plan that outlives this.
  explicit SteadyRun(const Plan& plan);

  /// Where a leaf or an output buffer of the plan is; each must be set before the first run, and stays.
  void put(NodeId node, const std::byte* buffer) { bases_[node] = const_cast<std::byte*>(buffer); }
  /// Runs all steps. If one throws, `step` is its number. `times` may be null.
  void operator()(std::size_t& step, StepTimes* times = nullptr);

 private:
  /// Where the plan's step of the same number runs: among those that are prepared, or as in any plan.
  struct PreparedStep {
    enum class Kind : std::uint8_t { none, loop, product, call } kind;
    std::size_t index;
  };

  PreparedStep prepare(const Step& step);
  void run_one(std::size_t step);

  const Plan* plan_;
  Workspace workspace_;  ///< the plan's, if it is small
  Workspace stages_;     ///< of the small loops, one after the other
  std::vector<std::byte*> bases_;
  std::vector<PreparedStep> steps_;
  std::vector<SmallLoop> loops_;
  std::vector<SmallProduct> products_;
  std::vector<OpaqueCall> calls_;
};

}  // namespace xtape::detail
