// The view ops, for rules and other ops: the same elements, addressed otherwise. These functions return their argument
// where nothing changes, so they are for code that records inside a rule or composite.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <xtape/tape.hpp>

#include "ops/op.hpp"

namespace xtape::detail {

extern constinit const Op broadcast_to_op;
extern constinit const Op reshape_op;
extern constinit const Op transpose_op;  ///< for axis i from the end, attribute i is the input's axis from the end
extern constinit const Op slice_op;      ///< for each axis from the end, start and step

Var reshaped(const Var& x, const Shape& shape);
/// The shapes must broadcast.
Var broadcasted(const Var& x, const Shape& shape);
/// Axis i of the result is axis `axes[i]` of x.
Var permuted(const Var& x, std::span<const std::size_t> axes);
/// The last two axes exchanged.
Var matrix_transposed(const Var& x);
/// The elements [first, first + extent) of one axis.
Var sliced(const Var& x, std::size_t axis, std::int64_t first, std::int64_t extent);

/// The transpose of `sliced`: x as these elements of an axis of this extent, and zeros beside them.
Var placed(const Var& x, std::size_t axis, std::int64_t first, std::int64_t extent);
/// The transpose of a slice with these attributes.
Var placed(const Var& x, const Shape& shape, std::span<const std::int64_t> attributes);
/// The numbers 0, 1, 2, ... along an axis of x, in int64, of extent 1 in the axes after it.
Var positions_along(const Var& x, std::size_t axis);

/// Throws ShapeError, in the name of `op`, where the result of x would have more axes than a Shape has.
void check_rank(std::string_view op, const Shape& x, std::size_t rank);

/// For the rule of a linear op: input 0 gets the op's transpose of the cotangent and the other inputs, with the op's
/// own attributes or others.
void give_transpose(Rule& rule, const Op& transpose);
void give_transpose(Rule& rule, const Op& transpose, const std::vector<std::int64_t>& attributes);

}  // namespace xtape::detail
