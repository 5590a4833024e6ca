// Running a plan.
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include "plan/plan.hpp"

namespace xtape::detail {

/// The memory of one run: for each node of the plan's program, where its buffer is.
using Bases = std::span<std::byte* const>;

void run_loop(const Loop& loop, Bases bases);
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

/// Calls `run` with each number of a step below `count`; if it throws, `step` is that number. `times` may be null.
template <class RunStep>
void each_step(std::size_t count, std::size_t& step, StepTimes* times, RunStep run) {
  if (times != nullptr) times->push_back(std::chrono::steady_clock::now());
  for (step = 0; step < count; ++step) {
    run(step);
    if (times != nullptr) times->push_back(std::chrono::steady_clock::now());
  }
}

/// Runs all steps. `leaves` are the buffers of the plan's leaves, `outputs` those of its output buffers; `bases` is
/// scratch. If a step throws, `step` is its number. `times` may be null.
void run_plan(const Plan& plan, std::span<const std::byte* const> leaves, std::span<std::byte* const> outputs,
              std::vector<std::byte*>& bases, std::size_t& step, StepTimes* times = nullptr);

}  // namespace xtape::detail
