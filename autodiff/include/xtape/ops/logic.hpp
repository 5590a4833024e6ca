// Comparisons and logic, elementwise with NumPy broadcasting, which carry no gradient; selection and conversion.
#pragma once

#include <xtape/operand.hpp>

namespace xtape {

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
Var isfinite(const Operand& x);  ///< neither infinite nor NaN; floating only, as the next two
Var isinf(const Operand& x);
Var isnan(const Operand& x);

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

}  // namespace xtape
