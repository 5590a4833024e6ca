// Who follows the evaluations of a thread: profiles.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "plan/plan.hpp"
#include "plan/request.hpp"

namespace xtape::detail {

using Clock = std::chrono::steady_clock;

/// One evaluation that ran.
struct RunTimes {
  Clock::time_point asked;               ///< when it was asked for, before there was a plan
  std::vector<Clock::time_point> steps;  ///< the beginning of the first step, and the end of each
};

/// Made on a thread, it is told of that thread's evaluations until its end there.
class RunObserver {
 public:
  RunObserver() : outer_(first()) { first() = this; }
  RunObserver(const RunObserver&) = delete;
  RunObserver& operator=(const RunObserver&) = delete;

  /// Of the steps of the plan: node i of the plan comes from request.nodes[plan.origins[i]] of the tape.
  virtual void ran(const TapeState& state, const Plan& plan, const Request& request, const RunTimes& times) = 0;

  /// The thread's latest observer, or null.
  static RunObserver*& first() {
    static thread_local constinit RunObserver* observer = nullptr;
    return observer;
  }
  RunObserver* outer() const { return outer_; }

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
