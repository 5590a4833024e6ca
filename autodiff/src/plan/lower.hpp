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

NodeId append_copy(Program& program, const Node& node, std::span<const NodeId> inputs,
                   std::span<const std::int64_t> attributes);

/// The program without dead code and, if asked to `merge`, without common subexpressions.
Lowered without_waste(const Program& source, std::span<const NodeId> outputs, std::span<const std::uint32_t> origins,
                      bool merge);

}  // namespace xtape::detail
