// Losses. They throw ShapeError where prediction and target differ in shape; nothing is broadcast.
#pragma once

#include <xtape/operand.hpp>

namespace xtape {

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
