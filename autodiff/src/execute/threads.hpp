// Threads: pieces of work that are fixed beforehand, handed out dynamically; the caller works too.
#pragma once

#include <cstddef>
#include <functional>

namespace xtape::detail {

/// Whether there are threads for which work of so many nanoseconds is worth being handed out now: more of it if they
/// sleep than if they are awake still.
bool worth_threads(double nanoseconds);

/// Calls work(0) ... work(count - 1), on several threads if `nanoseconds`, the estimated time of it all, is worth
/// it. Which thread gets which piece must not matter to the result.
void parallel_for(std::size_t count, double nanoseconds, const std::function<void(std::size_t)>& work);

}  // namespace xtape::detail
