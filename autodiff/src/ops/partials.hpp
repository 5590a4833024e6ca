// Ops that exist for the sake of other ops' derivatives, and fused forms that losses are made of.
#pragma once

#include <xtape/operand.hpp>
#include <xtape/tape.hpp>

namespace xtape {

/// The share that a has in the gradient of maximum(a, b): 1 where a > b, 1/2 where they tie, 0 where a < b, and NaN
/// where either is. It has no gradient.
Var larger_share(const Operand& a, const Operand& b);

/// 1 where a > b, 0 where a <= b, and NaN where either is. It has no gradient.
Var exceeds(const Operand& a, const Operand& b);

/// exp(-x^2) and exp(-x^2 / 2), also where the rounding of x^2 would show.
Var exp_negative_square(const Operand& x);
Var exp_negative_half_square(const Operand& x);

/// The distribution function of the normal distribution, erfc(-x / sqrt(2)) / 2.
Var normal_cdf(const Operand& x);

/// max(z, 0) - z y + log(1 + exp(-|z|)): the binary cross-entropy of sigmoid(z) against y, in one pass. Where the
/// logit is infinite on the right side, it is 0.
Var bce_with_logits(const Operand& z, const Operand& y);

}  // namespace xtape
