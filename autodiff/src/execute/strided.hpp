// Reading elements through strides, or by their places.
#pragma once

#include <cstdint>

#include "plan/plan.hpp"

namespace xtape::detail {

/// Copies n elements of a view to contiguous memory, starting at the row-major index `begin` of `space`. `base` is
/// where offset 0 of the view is.
void load_strided(std::byte* to, const std::byte* base, std::size_t element_size, const View& view, const Shape& space,
                  std::int64_t begin, std::size_t n);

/// Copies the n elements at these places, counted from `from` on.
void load_taken(std::byte* to, const std::byte* from, const std::int64_t* places, std::size_t element_size,
                std::size_t n);

}  // namespace xtape::detail
