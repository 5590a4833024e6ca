// The verifier: simulates a plan and checks that every read finds the value that it means. Runs after planning in debug
// and test builds.
#pragma once

#include "plan/plan.hpp"

namespace xtape::detail {

/// Throws std::logic_error that says which step reads what wrongly.
void verify(const Plan& plan);

/// Verifies where the library was built with its checks on (without NDEBUG).
void verify_if_enabled(const Plan& plan);

}  // namespace xtape::detail
