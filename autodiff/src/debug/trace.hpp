// From an element that is not finite back through the program to where it comes from.
#pragma once

#include <cstdint>
#include <optional>

#include "debug/replayed_values.hpp"

namespace xtape::detail {

/// An element of a node's value, in row-major order, that is not finite.
struct BadElement {
  NodeId node;
  std::int64_t index;
  Badness badness;
};

struct Trace {
  BadElement origin;                    ///< its op read finite elements only, or it is a leaf's
  std::optional<BadElement> first_nan;  ///< the first NaN on the way from there, if it is an infinity
};

/// Whether an infinity is written in the program rather than computed or given as data.
bool is_meant(const TapeState& state, const BadElement& element);

/// Of several infinities that made a NaN, it follows one that is not meant, if there is any.
Trace trace_back(const ReplayedValues& values, const BadElement& element);

}  // namespace xtape::detail
