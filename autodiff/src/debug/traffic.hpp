// The memory that a step of a plan reads and writes.
#pragma once

#include <cstdint>

#include "plan/plan.hpp"

namespace xtape::detail {

struct Traffic {
  std::int64_t read = 0, written = 0;  ///< bytes
};

/// Each operand counts once, however often a cache gives it again: a broadcast row as a row.
Traffic traffic_of(const Plan& plan, const Step& step);

}  // namespace xtape::detail
