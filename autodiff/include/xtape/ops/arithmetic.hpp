// Arithmetic, elementwise with NumPy broadcasting; of floating dtypes and int64 unless said.
#pragma once

#include <xtape/operand.hpp>

namespace xtape {

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

}  // namespace xtape
