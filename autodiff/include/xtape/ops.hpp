// The catalogue of ops. Names, arguments and broadcasting follow NumPy and the Python array API; floating ops take
// float32 or float64, never mixed. Errors in shape, dtype or axis are thrown when an op is recorded.
#pragma once

#include <span>
#include <vector>

#include <xtape/operand.hpp>
#include <xtape/tape.hpp>

namespace xtape {

// ---- Arithmetic, elementwise with broadcasting. Floating and int64 unless said.

Var add(const Operand& a, const Operand& b);
Var subtract(const Operand& a, const Operand& b);
Var multiply(const Operand& a, const Operand& b);
/// a / b; floating only.
Var divide(const Operand& a, const Operand& b);
Var negate(const Operand& x);
/// a to the power b; floating only. A C++ number as exponent is part of the program's structure.
/// The gradient for b is NaN where a < 0, and 0 where a is 0 and b >= 0.
Var power(const Operand& a, const Operand& b);
inline Var pow(const Operand& a, const Operand& b) { return power(a, b); }
Var square(const Operand& x);
Var abs(const Operand& x);   ///< |x|; gradient 0 at 0
Var sign(const Operand& x);  ///< -1, 0, 1, or NaN for NaN; gradient 0
/// The larger of a and b; NaN if either is. At a tie each gets half of the gradient.
Var maximum(const Operand& a, const Operand& b);
/// The smaller of a and b; NaN if either is. At a tie each gets half of the gradient.
Var minimum(const Operand& a, const Operand& b);

inline Var operator+(const Operand& a, const Operand& b) { return add(a, b); }
inline Var operator-(const Operand& a, const Operand& b) { return subtract(a, b); }
inline Var operator*(const Operand& a, const Operand& b) { return multiply(a, b); }
inline Var operator/(const Operand& a, const Operand& b) { return divide(a, b); }
inline Var operator-(const Operand& x) { return negate(x); }
inline Var& operator+=(Var& a, const Operand& b) { return a = add(a, b); }
inline Var& operator-=(Var& a, const Operand& b) { return a = subtract(a, b); }
inline Var& operator*=(Var& a, const Operand& b) { return a = multiply(a, b); }
inline Var& operator/=(Var& a, const Operand& b) { return a = divide(a, b); }

// ---- Functions of one variable, elementwise; floating only.

Var sqrt(const Operand& x);  ///< NaN below 0; gradient +inf at 0
Var exp(const Operand& x);
Var expm1(const Operand& x);  ///< exp(x) - 1, accurate near 0
Var log(const Operand& x);    ///< -inf at 0, NaN below
Var log1p(const Operand& x);  ///< log(1 + x), accurate near 0
Var tanh(const Operand& x);
Var sigmoid(const Operand& x);      ///< 1 / (1 + exp(-x))
Var softplus(const Operand& x);     ///< log(1 + exp(x)), without overflow
Var log_sigmoid(const Operand& x);  ///< log(sigmoid(x)) = -softplus(-x)
Var relu(const Operand& x);         ///< max(x, 0); gradient 0 at 0

// ---- Comparisons and logic, elementwise with broadcasting; the result is boolean and carries no gradient.

Var equal(const Operand& a, const Operand& b);
Var not_equal(const Operand& a, const Operand& b);
Var less(const Operand& a, const Operand& b);
Var less_equal(const Operand& a, const Operand& b);
Var greater(const Operand& a, const Operand& b);
Var greater_equal(const Operand& a, const Operand& b);
Var logical_and(const Operand& a, const Operand& b);  ///< boolean operands only, as the next three
Var logical_or(const Operand& a, const Operand& b);
Var logical_xor(const Operand& a, const Operand& b);
Var logical_not(const Operand& x);
Var isfinite(const Operand& x);  ///< neither infinite nor NaN; floating only

inline Var operator==(const Operand& a, const Operand& b) { return equal(a, b); }
inline Var operator!=(const Operand& a, const Operand& b) { return not_equal(a, b); }
inline Var operator<(const Operand& a, const Operand& b) { return less(a, b); }
inline Var operator<=(const Operand& a, const Operand& b) { return less_equal(a, b); }
inline Var operator>(const Operand& a, const Operand& b) { return greater(a, b); }
inline Var operator>=(const Operand& a, const Operand& b) { return greater_equal(a, b); }

/// a where the boolean condition holds, else b. The branch that was not selected gets a gradient of exactly 0.
Var where(const Operand& condition, const Operand& a, const Operand& b);

/// x converted to another dtype: to int64 by truncation, to bool by x != 0. Between floating dtypes the gradient is
/// cast back; to int64 and bool there is none.
Var cast(const Operand& x, DType dtype);
/// x, with no gradient.
Var stop_gradient(const Operand& x);

// ---- Reductions over any set of axes, all by default; `keepdims` keeps them with extent 1.

Var sum(const Operand& x, const Axes& axes = {}, bool keepdims = false);   ///< also of int64
Var mean(const Operand& x, const Axes& axes = {}, bool keepdims = false);  ///< NaN of no elements
/// The largest element; NaN if any is. k tied elements get 1/k of the gradient each. Throws ShapeError for an empty
/// reduction. Also of int64.
Var max(const Operand& x, const Axes& axes = {}, bool keepdims = false);
/// The smallest element; as `max`.
Var min(const Operand& x, const Axes& axes = {}, bool keepdims = false);
/// True if all elements of a boolean x are.
Var all(const Operand& x, const Axes& axes = {}, bool keepdims = false);
/// log(sum(exp(x))), without overflow.
Var logsumexp(const Operand& x, const Axes& axes = {}, bool keepdims = false);
/// exp(x) / sum(exp(x)), without overflow.
Var softmax(const Operand& x, const Axes& axes = -1);
/// log(softmax(x)), without overflow.
Var log_softmax(const Operand& x, const Axes& axes = -1);

// ---- Products

/// The matrix product of the last two axes, with broadcasting over the others; a vector operand is a row on the left
/// and a column on the right, and its axis is removed, as in NumPy. (n, k) @ (k, m) is (n, m).
Var matmul(const Operand& a, const Operand& b);

// ---- Shape

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

// ---- Losses. They throw ShapeError where prediction and target differ in shape; nothing is broadcast.

/// (prediction - target)^2
Var squared_error(const Operand& prediction, const Operand& target, Reduction reduction = Reduction::mean);
/// -target log(p) - (1 - target) log(1 - p) with p = sigmoid(logits), accurate for all logits. Targets in [0, 1], of
/// the dtype of the logits or boolean.
Var binary_cross_entropy_with_logits(const Operand& logits, const Operand& target,
                                     Reduction reduction = Reduction::mean);
/// -log(softmax(logits)[class]) over the last axis. `target` holds either int64 classes, with the shape of `logits`
/// without its last axis (a class out of range throws ValueError when the value is computed; no counting from the end),
/// or probabilities, with the shape and dtype of `logits`. The unreduced loss has the shape without the last axis.
Var softmax_cross_entropy(const Operand& logits, const Operand& target, Reduction reduction = Reduction::mean);

}  // namespace xtape
