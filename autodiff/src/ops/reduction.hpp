// The reductions, for rules and other ops. The primitives reduce one block of adjacent axes and drop them; their
// attributes are {last axis of the block, from the end; number of axes}.
#pragma once

#include <bitset>
#include <span>
#include <string>
#include <string_view>

#include <xtape/operand.hpp>

#include "ops/op.hpp"
#include "ops/record.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

extern constinit const Op sum_op, max_op, min_op;

/// The attributes as text: "axes=[-1]".
std::string describe_axes(std::span<const std::int64_t> attributes);

/// For each axis, whether it is chosen.
using AxisSet = std::bitset<Shape::kMaxRank>;

/// For each axis, whether it is in the set. Throws ShapeError for an axis that is out of range or given twice.
AxisSet chosen_axes(std::string_view op, const Axes& axes, std::size_t rank);

/// The number of elements that make one of the result.
std::int64_t reduced_size(const Shape& shape, const AxisSet& chosen);

/// The shape with the chosen axes of extent 1.
Shape kept_shape(const Shape& shape, const AxisSet& chosen);

/// x with the chosen axes as one, the last.
Var merged_last(const Var& x, const AxisSet& chosen);

/// x with the chosen axes beside each other (a new one at the end if there is none), and a primitive's attributes.
struct Adjacent {
  Var x;
  std::int64_t attributes[2];
};
Adjacent adjacent(const Var& x, const AxisSet& chosen);

/// The number of elements that make one of the result.
std::int64_t reduced_size(const Shape& shape, std::span<const std::int64_t> attributes);

/// A primitive over the chosen axes, which are dropped. Axes that are not adjacent are first moved together.
Var reduced(const Op& op, const Var& x, const AxisSet& chosen);

/// A primitive with these attributes.
Var reduced(const Op& op, const Var& x, std::span<const std::int64_t> attributes);

/// The transpose of broadcasting `shape` to the shape of x.
Var summed_to(const Var& x, const Shape& shape);

/// A reduction's result or cotangent over the input's shape again; `attributes` are the reduction's.
Var spread(const Var& reduced, const Shape& shape, std::span<const std::int64_t> attributes);

/// What calls with these axes are told apart by, or that they are not remembered.
CallKey with_axes(CallKey key, const Axes& axes, bool keepdims);

/// A public reduction: `body(x, chosen axes)` makes the result without these axes.
template <class Body>
Var record_reduction(std::string_view op, const CallKey& key, const Operand& x, const Axes& axes, bool keepdims,
                     Body body) {
  return record_composite(
      op, with_axes(key, axes, keepdims),
      [&](const Var& v) {
        const AxisSet chosen = chosen_axes(op, axes, v.rank());
        const Var result = body(v, chosen);
        return keepdims ? reshaped(result, kept_shape(v.shape(), chosen)) : result;
      },
      x);
}
template <class Body>
Var record_reduction(std::string_view op, const Operand& x, const Axes& axes, bool keepdims, Body body) {
  return record_reduction(op, key_of(body), x, axes, keepdims, body);
}

}  // namespace xtape::detail
