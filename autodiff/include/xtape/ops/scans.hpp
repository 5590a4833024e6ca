// Scans along an axis, and sorting. A scan without an axis runs over all elements in row-major order, to one dimension.
#pragma once

#include <optional>

#include <xtape/operand.hpp>

namespace xtape {

/// y[k] = x[0] + ... + x[k]; rounding errors do not grow with k. Also of int64.
Var cumsum(const Operand& x, std::optional<int> axis = std::nullopt);
/// y[k] = x[0] ... x[k]; its gradient is exact beside zeros. Also of int64.
Var cumprod(const Operand& x, std::optional<int> axis = std::nullopt);
/// The largest element so far, NaN from the first NaN on. k tied elements get 1/k of the gradient each. Also of int64.
Var cummax(const Operand& x, std::optional<int> axis = std::nullopt);
/// log(exp(x[0]) + ... + exp(x[k])), without overflow.
Var logcumsumexp(const Operand& x, std::optional<int> axis = std::nullopt);
/// The n-th difference x[k + 1] - x[k], which takes n elements from the axis. Also of int64. Throws ValueError for n <
/// 0.
Var diff(const Operand& x, int n = 1, int axis = -1);

/// The elements in ascending order; NaN counts as the largest. Equal elements keep their order, and each passes its own
/// gradient on. Of any dtype.
Var sort(const Operand& x, int axis = -1, bool descending = false);
/// The positions that `sort` takes the elements from, in int64.
Var argsort(const Operand& x, int axis = -1, bool descending = false);

/// Elements and their positions.
struct TopK {
  Var values, indices;
};
/// The k largest elements along the axis in descending order, and where they stand, in int64; of equal ones the first,
/// and NaN counts as the largest. Throws ValueError unless k is between 0 and the axis's extent.
TopK top_k(const Operand& x, std::int64_t k, int axis = -1);

}  // namespace xtape
