// Running a plan.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <vector>

#include "plan/plan.hpp"

namespace xtape::detail {

/// The memory of one run: for each node of the plan's program, where its buffer is.
using Bases = std::span<std::byte* const>;

void run_loop(const Loop& loop, Bases bases);

/// A loop that has all that it needs: nothing of it can fail any more.
class PreparedLoop {
 public:
  class State;
  PreparedLoop(const Loop& loop, Bases bases);
  PreparedLoop(PreparedLoop&&) noexcept;
  ~PreparedLoop();
  void run() noexcept;

 private:
  std::unique_ptr<State> state_;
};

/// Whether a product is left to a kernel of our own, because a BLAS call would cost more.
bool is_small_product(std::int64_t m, std::int64_t n, std::int64_t k);
void run_matmul(const MatmulStep& step, InstructionSet set, DType dtype, Bases bases);

/// Writes where each buffer of a run is, by node. Leaves and outputs may be null, if they are filled in later.
void place(const Plan& plan, std::span<const std::byte* const> leaves, std::span<std::byte* const> outputs,
           std::byte* arena, std::vector<std::byte*>& bases);
/// Runs a step on buffers that are in place.
void run_step(const Plan& plan, const Step& step, Bases bases);

/// The beginning of the first step, and the end of each.
using StepTimes = std::vector<std::chrono::steady_clock::time_point>;

/// Calls `run` with each number from `step` to below `end`; if it throws, `step` is that number. `times` may be null.
template <class RunStep>
void each_step(std::size_t end, std::size_t& step, StepTimes* times, RunStep run) {
  if (times != nullptr) times->push_back(std::chrono::steady_clock::now());
  for (; step < end; ++step) {
    run(step);
    if (times != nullptr) times->push_back(std::chrono::steady_clock::now());
  }
}

/// Runs the steps from `step` to below `end`, on buffers that are in place. If a step throws, `step` is its number.
/// `times` may be null.
void run_steps(const Plan& plan, Bases bases, std::size_t end, std::size_t& step, StepTimes* times = nullptr);

/// Prepares the loops that are left from `step` on, and then runs them: if it throws, none has begun.
void run_last_loops(const Plan& plan, Bases bases, std::size_t step);

}  // namespace xtape::detail
