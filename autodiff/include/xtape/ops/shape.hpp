// Ops that move elements: shapes, axes, joining, slicing, gathering.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include <xtape/operand.hpp>

namespace xtape {

/// The axes in the given order; without one, all axes reversed.
Var transpose(const Operand& x);
Var transpose(const Operand& x, const std::vector<int>& axes);
/// The same elements in row-major order in another shape; one extent may be -1, which is then worked out.
Var reshape(const Operand& x, std::span<const std::int64_t> shape);
inline Var reshape(const Operand& x, std::initializer_list<std::int64_t> shape) {
  return reshape(x, std::span<const std::int64_t>(shape.begin(), shape.size()));
}
inline Var reshape(const Operand& x, const Shape& shape) {
  return reshape(x, std::span<const std::int64_t>(shape.begin(), shape.rank()));
}
Var broadcast_to(const Operand& x, const Shape& shape);
/// A new axis of extent 1 at position `axis` of the result.
Var expand_dims(const Operand& x, int axis);
/// Removes the given axes, each of extent 1; by default all that are.
Var squeeze(const Operand& x, const Axes& axes = {});
/// Joins along an existing axis.
Var concatenate(std::span<const Operand> parts, int axis = 0);
inline Var concatenate(std::initializer_list<Operand> parts, int axis = 0) {
  return concatenate(std::span<const Operand>(parts.begin(), parts.size()), axis);
}
Var concatenate(const std::vector<Var>& parts, int axis = 0, const char* file = __builtin_FILE(),
                std::uint32_t line = __builtin_LINE());
/// Joins along a new axis, at position `axis` of the result.
Var stack(std::span<const Operand> parts, int axis = 0);
inline Var stack(std::initializer_list<Operand> parts, int axis = 0) {
  return stack(std::span<const Operand>(parts.begin(), parts.size()), axis);
}
Var stack(const std::vector<Var>& parts, int axis = 0, const char* file = __builtin_FILE(),
          std::uint32_t line = __builtin_LINE());
/// One Slice for each of the leading axes; the axes after them are kept whole. slice(x, {Slice(0, 5, 2), 3}).
/// Throws ValueError for a single index out of range or a step of 0.
Var slice(const Operand& x, std::initializer_list<Slice> slices);
Var slice(const Operand& x, std::span<const Slice> slices);
/// The elements of `axis` at the int64 indices, whose shape replaces that axis. Negative indices count from the end.
/// Throws ValueError, when the value is computed, for an index out of range. Repeated indices add up in the gradient.
Var take(const Operand& x, const Operand& indices, int axis);
/// x[..., indices[...], ...] along `axis`: int64 indices of x's rank, equal to x in every other extent. Negative
/// indices and errors as in `take`.
Var take_along_axis(const Operand& x, const Operand& indices, int axis);

}  // namespace xtape
