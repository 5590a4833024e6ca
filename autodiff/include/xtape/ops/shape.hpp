// Ops that move elements: shapes, axes, joining, slicing, gathering.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <utility>
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
inline Var permute(const Operand& x, const std::vector<int>& axes) { return transpose(x, axes); }
/// The axes `source` at the positions `destination` of the result, the others in their order.
Var moveaxis(const Operand& x, const std::vector<int>& source, const std::vector<int>& destination);
inline Var moveaxis(const Operand& x, int source, int destination) {
  return moveaxis(x, std::vector<int>{source}, std::vector<int>{destination});
}
Var swapaxes(const Operand& x, int axis1, int axis2);
/// All elements in row-major order, in one dimension.
inline Var ravel(const Operand& x) { return reshape(x, {-1}); }
/// The elements of these axes in reverse order.
Var flip(const Operand& x, const Axes& axes = {});
/// The elements moved on by `shift` along an axis, the last coming in at the front; without an axis, in row-major
/// order.
Var roll(const Operand& x, std::int64_t shift, std::optional<int> axis = std::nullopt);
/// Along several axes, each by its own shift, or all by a single one.
Var roll(const Operand& x, const std::vector<std::int64_t>& shifts, const std::vector<int>& axes);
/// Copies of x side by side, so many along each axis; if their numbers differ, 1s go before the shorter of shape and
/// `repetitions`. Throws ValueError for a negative number.
Var tile(const Operand& x, const std::vector<std::int64_t>& repetitions);
/// Each element of an axis so many times, as one number or one for each; without an axis, of all elements in one
/// dimension. Throws ValueError for a negative number, ShapeError for a wrong number of them.
Var repeat(const Operand& x, std::int64_t repetitions, std::optional<int> axis = std::nullopt);
Var repeat(const Operand& x, const std::vector<std::int64_t>& repetitions, std::optional<int> axis = std::nullopt);

/// What `pad` puts beside x: a constant, the element at the edge, or the elements mirrored about it.
enum class PadMode : std::uint8_t { constant, edge, reflect };
/// How many elements come before and after, for each axis; one pair counts for all.
using PadWidths = std::vector<std::pair<std::int64_t, std::int64_t>>;
/// x with more elements around it; `value` is for PadMode::constant. Throws ValueError for a negative width, ShapeError
/// for a wrong number of pairs, and for an empty axis to be extended from its elements.
Var pad(const Operand& x, const PadWidths& widths, PadMode mode = PadMode::constant, double value = 0);

/// Equal parts along an axis. Throws ValueError if the extent is not a multiple of their number.
std::vector<Var> split(const Operand& x, int parts, int axis = 0);
/// The parts of an axis between these positions, as in NumPy: [0, p0), [p0, p1), ..., [pn, extent).
std::vector<Var> split(const Operand& x, const std::vector<std::int64_t>& positions, int axis = 0);
std::vector<Var> split(const Operand& x, std::initializer_list<std::int64_t> positions, int axis = 0);

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
/// x[..., indices[...], ...] along `axis`: int64 indices of x's rank, with broadcasting over the other axes. Negative
/// indices and errors as in `take`.
Var take_along_axis(const Operand& x, const Operand& indices, int axis = -1);
/// torch.gather: as `take_along_axis`, but the indices may also have fewer elements than x in the other axes, and then
/// read the first ones of x.
Var gather(const Operand& x, int axis, const Operand& indices);
/// torch.scatter_add: x plus the elements of `source`, each at its own position but for `axis`, where its index says.
/// The int64 indices have x's rank, and no more elements than `source`, nor but for `axis` than x. Repeated indices add
/// up; negative ones and errors as in `take`.
Var scatter_add(const Operand& x, int axis, const Operand& indices, const Operand& source);
/// NumPy's x[mask]: the elements, in row-major order, where a boolean mask over the leading axes of x holds; those axes
/// become one. The result's shape needs the mask's value, so a mask that is a Var is evaluated when this is recorded,
/// as by `if (x > 0)`; sum(where(mask, x, 0)) and the like need not.
Var masked_select(const Operand& x, const Operand& mask);
/// 1 where the new last axis, of extent `classes`, is at the int64 index, else 0; all 0 for an index out of range.
Var one_hot(const Operand& indices, std::int64_t classes, DType dtype = DType::float64);

/// The lower triangle of the matrices in the last two axes, up to the k-th diagonal; zeros above it.
Var tril(const Operand& x, std::int64_t k = 0);
/// The upper triangle, from the k-th diagonal on; zeros below it.
Var triu(const Operand& x, std::int64_t k = 0);
/// The diagonal of two axes, as a new last axis; offset > 0 is above the main one.
Var diagonal(const Operand& x, std::int64_t offset = 0, int axis1 = 0, int axis2 = 1);
/// The k-th diagonal of a matrix, or the matrix of zeros with x as its k-th diagonal.
Var diag(const Operand& x, std::int64_t k = 0);
/// The sum of `diagonal`.
Var trace(const Operand& x, std::int64_t offset = 0, int axis1 = 0, int axis2 = 1);

/// Whether the first argument of `meshgrid` runs along the second axis, as in NumPy by default, or along the first.
enum class Indexing : std::uint8_t { xy, ij };
/// Each of the 0-d or one-dimensional arguments over the grid of all of them.
std::vector<Var> meshgrid(const std::vector<Var>& axes, Indexing indexing = Indexing::xy,
                          const char* file = __builtin_FILE(), std::uint32_t line = __builtin_LINE());

}  // namespace xtape
