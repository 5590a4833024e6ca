// Ops over a batch: what an op becomes when some of its inputs get one more leading axis, and its output with them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ops/op.hpp"
#include "tape/state.hpp"

namespace xtape::detail {

/// Programs from `inputs` to `outputs` over a batch, see transform/batch.hpp.
using BatchProgram = std::vector<NodeId> (*)(TapeState& state, std::span<const NodeId> outputs,
                                             std::span<const NodeId> inputs, std::span<const NodeId> batches);

/// An op's application to one example, and its inputs over the batch where they depend on it.
struct Batching {
  TapeState& state;
  NodeId node;
  std::int64_t extent;         ///< the number of examples
  std::vector<NodeId> inputs;  ///< [extent, shape...] if `over`, else the input of the node itself
  std::vector<bool> over;      ///< for each input, whether it has the axis
  BatchProgram program;

  Var x(std::size_t input) const { return VarAccess::make(state, inputs[input]); }
  std::span<const std::int64_t> attributes() const { return state.program.attributes(state.program[node]); }
  /// The shape of an input of one example.
  const Shape& example_shape(std::size_t input) const {
    return state.program[state.program.inputs(state.program[node])[input]].shape;
  }
  /// The shape of the op's output over the batch. Throws ShapeError beyond the most axes of a Shape.
  Shape shape() const;
};

/// The shape with a leading axis. Throws ShapeError beyond the most axes of a Shape.
Shape with_batch(std::string_view op, std::int64_t extent, const Shape& shape);

/// A batch whose examples have axes of extent 1 before their own, `rank` axes in all.
Var aligned(const Var& batch, std::size_t rank);

/// A node over the batch: repeated along a leading axis.
NodeId repeated(TapeState& state, NodeId node, std::int64_t extent);

/// An input over the batch, repeated if it does not depend on it.
Var over_batch(const Batching& batching, std::size_t input);

/// The node over the batch, by its op's `batch` or else by kind.
NodeId append_batched(const Batching& batching);

/// The example's op and attributes on other inputs.
NodeId append_same(const Batching& batching, const Shape& shape, std::span<const NodeId> inputs);

/// The same op with the same attributes, all inputs over the batch.
NodeId over_leading_axis(const Batching& batching);

/// The op applied to each example by itself, and the results stacked.
NodeId for_each_example(const Batching& batching);

}  // namespace xtape::detail
