// Running a plan.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "plan/plan.hpp"

namespace xtape::detail {

/// The memory of one run: for each node of the plan's program, where its buffer is.
using Bases = std::span<std::byte* const>;

void run_loop(const Loop& loop, const Program& program, Bases bases);
void run_matmul(const MatmulStep& step, InstructionSet set, DType dtype, Bases bases);
void run_opaque(const Plan& plan, const OpaqueStep& step, Bases bases);

/// Text that names the user's line behind a step, for errors: " (recorded at file:line)".
using LocationOf = std::function<std::string(const Step&)>;

/// Runs all steps. `leaves` are the buffers of the plan's leaves, `outputs` those of its output buffers.
void run_plan(const Plan& plan, std::span<const std::byte* const> leaves, std::span<std::byte* const> outputs,
              const LocationOf& location_of);

}  // namespace xtape::detail
