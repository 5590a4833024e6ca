// Reductions over any set of axes, all by default; `keepdims` keeps them with extent 1.
#pragma once

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
/// log(sum(exp(x))), without overflow.
Var logsumexp(const Operand& x, const Axes& axes = {}, bool keepdims = false);
/// exp(x) / sum(exp(x)), without overflow.
Var softmax(const Operand& x, const Axes& axes = -1);
/// log(softmax(x)), without overflow.
Var log_softmax(const Operand& x, const Axes& axes = -1);

}  // namespace xtape
