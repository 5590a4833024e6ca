// Which elements of its inputs an element of a value was computed from.
#pragma once

#include <cstdint>
#include <vector>

#include "debug/replayed_values.hpp"

namespace xtape::detail {

/// The elements begin, begin + step, ... of a node's value in row-major order, so many of them.
struct Elements {
  NodeId node;
  std::int64_t begin;
  std::int64_t count = 1;
  std::int64_t step = 1;
};

/// What the op of a node read for the element at `index`: of elementwise ops, views, reductions and products exactly
/// that, but of `where` only the branch that it selected; of other ops all that there is.
std::vector<Elements> elements_read(const ReplayedValues& values, NodeId node, std::int64_t index);

}  // namespace xtape::detail
