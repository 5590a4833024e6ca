// Fifth pass: where every value lives. Temporaries share one workspace: a buffer is free again after the step of its
// last reader, or within it, when a loop can write over what it has read.
#pragma once

#include <vector>

#include "plan/fuse.hpp"
#include "plan/plan.hpp"

namespace xtape::detail {

/// Fills in placements, output buffers, constants, arena size and the size before reuse. The plan's program,
/// accesses, loops, steps and outputs are there already; `groups` has a group for each step. Gives the last readers.
std::vector<std::uint32_t> place_buffers(Plan& plan, const Fusion& fusion, const std::vector<bool>& materialized,
                                         const Options& options);

/// For each node, the last step that reads its buffer; `steps` for what is never read.
std::vector<std::uint32_t> last_readers(const Program& program, const LargeVector<Access>& accesses,
                                        const Fusion& fusion);

/// Whether the loop may write `value` over `old`, which it reads: every read of `old` is at the element being written,
/// and none comes after the write.
bool can_overwrite(const Loop& loop, NodeId old, NodeId value);

}  // namespace xtape::detail
