// Functions of one variable, elementwise; floating only.
#pragma once

#include <xtape/operand.hpp>

namespace xtape {

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

}  // namespace xtape
