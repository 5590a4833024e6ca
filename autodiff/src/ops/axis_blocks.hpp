// `AxisBlocks`: a contiguous tensor around one of its axes, for ops that work along an axis.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include <xtape/array.hpp>

namespace xtape::detail {

/// A tensor as (outer, extent, inner) around the axis at `from_end` from the end.
struct AxisBlocks {
  std::int64_t outer = 1, extent = 1, inner = 1;

  AxisBlocks(const Shape& shape, std::int64_t from_end) {
    const std::size_t axis = shape.rank() - 1 - static_cast<std::size_t>(from_end);
    for (std::size_t i = 0; i < shape.rank(); ++i) (i < axis ? outer : i == axis ? extent : inner) *= shape[i];
  }
};

/// Walks all lines along the axis, some at a time beside each other, so that memory is read in order. Each line has a
/// State of its own, and step(state, place) is called for its places one after the other, backwards if `reverse`.
template <class State, class Step>
void walk_lines(const AxisBlocks& blocks, bool reverse, Step step) {
  constexpr std::int64_t kAbreast = 64;
  for (std::int64_t outer = 0; outer < blocks.outer; ++outer)
    for (std::int64_t first = 0; first < blocks.inner; first += kAbreast) {
      const std::int64_t lines = std::min(kAbreast, blocks.inner - first);
      State states[kAbreast];
      for (std::int64_t i = 0; i < blocks.extent; ++i) {
        const std::int64_t at = reverse ? blocks.extent - 1 - i : i;
        const std::int64_t row = (outer * blocks.extent + at) * blocks.inner + first;
        for (std::int64_t line = 0; line < lines; ++line) step(states[line], row + line);
      }
    }
}

/// The first attribute as text: "axis=-1".
inline std::string describe_axis(std::span<const std::int64_t> attributes) {
  return "axis=" + std::to_string(-1 - attributes[0]);
}

}  // namespace xtape::detail
