// Who follows the evaluations of a thread: profiles.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>

#include "execute/run.hpp"
#include "plan/plan.hpp"
#include "tape/state.hpp"

namespace xtape::detail {

using Clock = std::chrono::steady_clock;

/// One evaluation that ran.
struct RunTimes {
  Clock::time_point asked;  ///< when it was asked for, before there was a plan
  StepTimes steps;
};

/// A plan that ran, and what it was made from.
struct PlanRun {
  const Plan& plan;
  const Program& program;         ///< of the tape, or of a Function
  std::span<const NodeId> nodes;  ///< node i of the plan comes from nodes[plan.origins[i]] of the program
  const TapeState* tape;          ///< null for a Function's
};

/// Made on a thread, it is told of that thread's evaluations until its end there.
class RunObserver {
 public:
  RunObserver() : outer_(first()) { first() = this; }
  RunObserver(const RunObserver&) = delete;
  RunObserver& operator=(const RunObserver&) = delete;

  virtual void ran(const PlanRun& run, const RunTimes& times) = 0;

  /// The thread's latest observer, or null.
  static RunObserver*& first() {
    static thread_local constinit RunObserver* observer = nullptr;
    return observer;
  }
  /// Tells all observers of the thread.
  static void tell(const PlanRun& run, const RunTimes& times) {
    for (RunObserver* observer = first(); observer != nullptr; observer = observer->outer_) observer->ran(run, times);
  }

 protected:
  ~RunObserver() {
    RunObserver** link = &first();
    while (*link != nullptr && *link != this) link = &(*link)->outer_;
    if (*link != nullptr) *link = outer_;
  }

 private:
  RunObserver* outer_;
};

}  // namespace xtape::detail
