// Reductions over any set of axes, all by default; `keepdims` keeps them with extent 1.
#pragma once

#include <optional>
#include <vector>

#include <xtape/operand.hpp>

namespace xtape {

Var sum(const Operand& x, const Axes& axes = {}, bool keepdims = false);   ///< also of int64
Var mean(const Operand& x, const Axes& axes = {}, bool keepdims = false);  ///< NaN of no elements
/// The largest element; NaN if any is. k tied elements get 1/k of the gradient each. Throws ShapeError for an empty
/// reduction. Also of int64.
Var max(const Operand& x, const Axes& axes = {}, bool keepdims = false);
/// The smallest element; as `max`.
Var min(const Operand& x, const Axes& axes = {}, bool keepdims = false);
/// True if all elements of a boolean x are.
Var all(const Operand& x, const Axes& axes = {}, bool keepdims = false);
Var any(const Operand& x, const Axes& axes = {}, bool keepdims = false);  ///< true if one is
/// How many elements are not 0, in int64. Of any dtype; NaN is not 0.
Var count_nonzero(const Operand& x, const Axes& axes = {}, bool keepdims = false);
/// The product, 1 of no elements; its gradient is exact beside zeros. Also of int64.
Var prod(const Operand& x, const Axes& axes = {}, bool keepdims = false);

/// The mean square of the deviations from the mean, sum((x - mean(x))^2) / (n - ddof), with ddof as in NumPy (the array
/// API calls it correction). NaN, and so is its gradient, where n <= ddof.
Var var(const Operand& x, const Axes& axes = {}, int ddof = 0, bool keepdims = false);
Var var(const Operand& x, const Axes& axes, bool keepdims) = delete;  // ddof stands before keepdims
/// sqrt(var), without overflow; gradient 0 where all elements are equal. After `using namespace xtape`: xtape::std(x).
Var std(const Operand& x, const Axes& axes = {}, int ddof = 0, bool keepdims = false);
Var std(const Operand& x, const Axes& axes, bool keepdims) = delete;
/// The vector norm sum(|x|^ord)^(1/ord) of the elements over the axes, without overflow: 2 is the Euclidean or
/// Frobenius norm, inf and -inf are the largest and smallest |x|, 0 counts the elements that are not 0. The gradient of
/// the zero vector is 0. Throws ShapeError for ord inf or -inf of no elements.
Var norm(const Operand& x, double ord = 2, const Axes& axes = {}, bool keepdims = false);

/// The position of the largest element along the axis, without one in row-major order, in int64: the first of tied
/// elements, or the first NaN. Throws ShapeError for an empty reduction.
Var argmax(const Operand& x, std::optional<int> axis = std::nullopt, bool keepdims = false);
/// The position of the smallest element; as `argmax`.
Var argmin(const Operand& x, std::optional<int> axis = std::nullopt, bool keepdims = false);
/// The middle of the sorted elements, or the mean of the two; NaN if any is. The gradient goes to these elements, of
/// tied ones to the first in the sorted order. Throws ShapeError for an empty reduction.
Var median(const Operand& x, const Axes& axes = {}, bool keepdims = false);
/// The element at the position q (n - 1) of the n sorted ones, between two by linear interpolation; else as `median`.
/// q in [0, 1] is part of the program's structure; anything else throws ValueError.
Var quantile(const Operand& x, double q, const Axes& axes = {}, bool keepdims = false);
/// Several quantiles, along a new first axis; x is sorted once.
Var quantile(const Operand& x, const std::vector<double>& q, const Axes& axes = {}, bool keepdims = false);

/// log(sum(exp(x))), without overflow. Its gradient is exp(x - y); k elements that are +inf get 1/k each.
Var logsumexp(const Operand& x, const Axes& axes = {}, bool keepdims = false);
/// exp(x) / sum(exp(x)), without overflow.
Var softmax(const Operand& x, const Axes& axes = -1);
/// log(softmax(x)), without overflow.
Var log_softmax(const Operand& x, const Axes& axes = -1);

}  // namespace xtape
