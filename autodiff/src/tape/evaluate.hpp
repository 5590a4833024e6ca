// What the tape asks of the planner: values for nodes. Implemented in plan/.
#pragma once

#include <span>

#include "tape/state.hpp"

namespace xtape::detail {

/// What an evaluation is about to assign: its values may be written over those that they replace.
struct Update {
  std::span<const Assignment> assignments;
  NodeId guard = kNoNode;  ///< a bool scalar without which nothing is to change; or none
};

/// Computes the nodes that hold no value yet, as one plan; afterwards every one of them holds an Array (or is a leaf).
/// With an update, whose values are among the outputs, a Parameter may hold its new value already, under its old
/// version: then nothing can throw until it is assigned. If this throws, or the guard is false, none does.
void evaluate(TapeState& state, std::span<const NodeId> outputs, const Update& update = {});

/// The Array of a node that holds one, or of the Parameter that it reads. Throws StaleVarError for a read of a
/// Parameter that has been assigned since, and in debug builds ValueError for borrowed memory that has changed.
const Array& array_of(const TapeState& state, NodeId node);
/// A 0-d Array of these bits.
Array number_value(DType dtype, std::uint64_t bits);
/// The value of a node that holds one, a number's too.
Array value_of(const TapeState& state, NodeId node);

}  // namespace xtape::detail
