// First pass: the request as a program of its own, composites lowered to ordinary ops, dead code and common
// subexpressions gone.
#pragma once

#include <vector>

#include "plan/request.hpp"

namespace xtape::detail {

struct Lowered {
  Program program;
  std::vector<NodeId> leaves;          ///< in the order of the request's leaves
  std::vector<NodeId> outputs;         ///< in the order of the request's outputs
  std::vector<std::uint32_t> origins;  ///< for each node, the position in the request that it came from
};

inline bool is_leaf(const Node& node) { return node.holds != Holds::nothing; }

Lowered lower(const Request& request);

}  // namespace xtape::detail
