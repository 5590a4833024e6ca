// From a request to a plan: the passes in order.
#pragma once

#include "plan/plan.hpp"
#include "plan/request.hpp"

namespace xtape::detail {

Plan build_plan(const Request& request);

}  // namespace xtape::detail
