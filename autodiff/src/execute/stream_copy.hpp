// Writing to memory past the caches.
#pragma once

#include <cstddef>

namespace xtape::detail {

/// Copies without reading the destination's cache lines first, and without keeping them. What other threads are to see
/// must be followed by `finish_stream_copies`.
void stream_copy(std::byte* to, const std::byte* from, std::size_t bytes);
void finish_stream_copies();

}  // namespace xtape::detail
