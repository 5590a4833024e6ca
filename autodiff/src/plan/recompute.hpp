// Within a memory budget: values that would be kept for long are computed again where they are read late.
#pragma once

#include "plan/fuse.hpp"
#include "plan/plan.hpp"

namespace xtape::detail {

/// A plan with what it was made from.
struct Draft {
  Plan plan;
  Fusion fusion;
  LargeVector<std::uint32_t> origins;  ///< as in Layout
  std::vector<NodeId> after;
};

/// The layout for another draft that needs less memory at the step where this one needs most: of the values kept over
/// that step every `stride`-th still is, and the others are computed again for their readers after it, from those.
/// The same ops on the same values, so not a bit changes. All of them are computed again if `stride` is 0.
Layout recomputing(const Draft& draft, std::size_t stride);

}  // namespace xtape::detail
