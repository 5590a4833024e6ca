// What a Function keeps of one recording: the graph, to be recorded again on other tapes, and its plan, to be run
// without a tape.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "plan/plan.hpp"
#include "transform/graph.hpp"

namespace xtape::detail {

/// What an input must be.
struct InputType {
  DType dtype;
  Shape shape;
  friend bool operator==(const InputType&, const InputType&) = default;
};

/// Where a value that exists before the plan runs comes from.
struct Source {
  enum class Kind : std::uint8_t { input, array, number, parameter } kind;
  std::uint32_t at;  ///< position among the inputs, or in the graph's table
};

/// Where a result comes from: an output of the plan, or a leaf of the graph.
struct ResultSource {
  bool planned;
  std::uint32_t output;       ///< of the plan, if planned
  std::uint32_t same_buffer;  ///< the first result in the same buffer, perhaps this one
  NodeId buffer;              ///< the plan's node whose buffer it is
  Source leaf;                ///< if not planned
  InputType type;
  std::size_t bytes;  ///< of the elements
};

/// Immutable, shared by all threads that run it.
struct Recorded {
  std::vector<InputType> inputs;
  Graph graph;
  std::shared_ptr<const Plan> plan;
  std::vector<NodeId> nodes;   ///< of the graph that the plan was made from
  std::vector<Source> leaves;  ///< of the plan, in its order
  std::vector<ResultSource> results;
  std::vector<Location> opaque_locations;  ///< for each of the plan's opaque steps, the user's line
};

/// The plan and the tables for a graph. `type` of each input is that of its placeholder.
Recorded plan_graph(Graph graph, const Options& options);

}  // namespace xtape::detail
