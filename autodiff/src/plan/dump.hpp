// A plan as text.
#pragma once

#include <span>
#include <string>

#include "plan/plan.hpp"

namespace xtape::detail {

/// For each node of a plan, what stands behind its line; empty for nothing at all.
using NodeNotes = std::span<const std::string>;

std::string dump(const Plan& plan, NodeNotes notes = {});

}  // namespace xtape::detail
