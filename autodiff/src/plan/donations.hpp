// After the buffers: which outputs may be written over leaves. Whether they are is decided when the plan runs
// (plan/in_place.hpp), for only then is it known who else holds a leaf.
#pragma once

#include "plan/fuse.hpp"
#include "plan/plan.hpp"

namespace xtape::detail {

/// Fills in when outputs are computed and which may be written over which leaves. The plan's placements are there.
void find_donations(Plan& plan, const Fusion& fusion, const std::vector<std::uint32_t>& last_readers,
                    const Options& options);

}  // namespace xtape::detail
