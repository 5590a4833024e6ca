// `AxisBlocks`: a contiguous tensor around one of its axes, for ops that work along an axis.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include "ops/op.hpp"

namespace xtape::detail {

/// A tensor as (outer, extent, inner) around the axis at `from_end` from the end.
struct AxisBlocks {
  std::int64_t outer = 1, extent = 1, inner = 1;

  AxisBlocks(const Shape& shape, std::int64_t from_end) {
    const std::size_t axis = shape.rank() - 1 - static_cast<std::size_t>(from_end);
    for (std::size_t i = 0; i < shape.rank(); ++i) (i < axis ? outer : i == axis ? extent : inner) *= shape[i];
  }
};

/// One line of adjacent elements, with a State that stays in registers.
template <class State, class Step>
void walk_adjacent(std::int64_t first, std::int64_t extent, bool reverse, Step step) {
  State state;
  if (reverse)
    for (std::int64_t at = first + extent; at-- > first;) step(state, at);
  else
    for (std::int64_t at = first; at < first + extent; ++at) step(state, at);
}

/// Walks all lines along the axis, some at a time beside each other, so that memory is read in order. Each line has a
/// State of its own, and step(state, place) is called for its places one after the other, backwards if `reverse`.
template <class State, class Step>
void walk_lines(const AxisBlocks& blocks, bool reverse, Step step) {
  constexpr std::int64_t kAbreast = 64;
  for (std::int64_t outer = 0; outer < blocks.outer; ++outer) {
    const std::int64_t start = outer * blocks.extent * blocks.inner;
    if (blocks.inner == 1) walk_adjacent<State>(start, blocks.extent, reverse, step);
    for (std::int64_t first = 0; first < blocks.inner && blocks.inner > 1; first += kAbreast) {
      const std::int64_t lines = std::min(kAbreast, blocks.inner - first);
      State states[kAbreast];
      for (std::int64_t i = 0; i < blocks.extent; ++i) {
        const std::int64_t row = start + (reverse ? blocks.extent - 1 - i : i) * blocks.inner + first;
        for (std::int64_t line = 0; line < lines; ++line) step(states[line], row + line);
      }
    }
  }
}

template <class T>
const T* elements(const Buffer& buffer) {
  return reinterpret_cast<const T*>(buffer.data);
}
template <class T>
T* elements_of_output(const Call& call) {
  return reinterpret_cast<T*>(call.output.data);
}

/// The first attribute as text: "axis=-1".
inline std::string describe_axis(std::span<const std::int64_t> attributes) {
  return "axis=" + std::to_string(-1 - attributes[0]);
}

}  // namespace xtape::detail
