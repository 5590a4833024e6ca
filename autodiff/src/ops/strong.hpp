// The strong-zero product and quotient that rules are made of: an exact 0 stays 0 beside inf and NaN.
// Both are closed under differentiation. Products of a cotangent and a partial use these and never plain multiply.
#pragma once

#include <xtape/operand.hpp>
#include <xtape/tape.hpp>

namespace xtape {

/// 0 if a == 0 or b == 0, else a b.
Var strong_multiply(const Operand& a, const Operand& b);
/// 0 if a == 0, else a / b.
Var strong_divide(const Operand& a, const Operand& b);

}  // namespace xtape
