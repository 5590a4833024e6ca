// The plans made so far, by the structure of what was asked for. Shared by all tapes and threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "plan/plan.hpp"
#include "plan/request.hpp"

namespace xtape::detail {

struct CachedPlan {
  std::shared_ptr<const Plan> plan;
  bool hit;
};

/// The plan for the key; `build` makes it if there is none, and the key's words are gone then. Whole keys are compared,
/// not only their hashes. The least recently used plan goes when there are too many.
CachedPlan find_plan(PlanKey& key, const std::function<Plan()>& build);

/// Forgets all plans, those that tapes remember for themselves too.
void clear_plan_cache();
/// Grows when the plans are forgotten.
std::uint64_t plan_cache_generation();
/// Counts a plan that was found again without looking here.
void count_plan_cache_hit();

}  // namespace xtape::detail
