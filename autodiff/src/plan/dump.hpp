// A plan as text.
#pragma once

#include <string>

#include "plan/plan.hpp"

namespace xtape::detail {

std::string dump(const Plan& plan);

}  // namespace xtape::detail
