// Arithmetic, elementwise with NumPy broadcasting; of floating dtypes and int64 unless said.
#pragma once

#include <optional>

#include <xtape/operand.hpp>

namespace xtape {

Var add(const Operand& a, const Operand& b);
Var subtract(const Operand& a, const Operand& b);
Var multiply(const Operand& a, const Operand& b);
/// a / b; floating only.
Var divide(const Operand& a, const Operand& b);
Var negate(const Operand& x);
/// a to the power b; floating only. A C++ number as exponent is part of the program's structure; -1, 2, 3 and 4 are
/// products or a quotient.
/// The gradient for b is NaN where a < 0, and 0 where a is 0 and b >= 0.
Var power(const Operand& a, const Operand& b);
inline Var pow(const Operand& a, const Operand& b) { return power(a, b); }
/// The remainder of x / y with the sign of y, as in NumPy; for int64, 0 where y is 0. The gradients are those of
/// x - n y with a constant n, also where mod jumps.
Var mod(const Operand& x, const Operand& y);
Var reciprocal(const Operand& x);  ///< 1 / x; floating only
Var square(const Operand& x);
Var abs(const Operand& x);   ///< |x|; gradient 0 at 0
Var sign(const Operand& x);  ///< -1, 0, 1, or NaN for NaN; gradient 0
/// The larger of a and b; NaN if either is. At a tie each gets half of the gradient.
Var maximum(const Operand& a, const Operand& b);
/// The smaller of a and b; NaN if either is. At a tie each gets half of the gradient.
Var minimum(const Operand& a, const Operand& b);

/// x, but at least min and at most max: minimum(maximum(x, min), max). Where x meets a bound, the bound gets the
/// gradient and x gets 0. NaN stays, in x and in the bounds.
Var clip(const Operand& x, const Operand& min, const Operand& max);
Var clamp_min(const Operand& x, const Operand& min);  ///< clip from below only
Var clamp_max(const Operand& x, const Operand& max);  ///< clip from above only

/// Rounded down; gradient 0, as of the next three.
Var floor(const Operand& x);
Var ceil(const Operand& x);   ///< rounded up
Var round(const Operand& x);  ///< to the nearest integer, ties to even
Var trunc(const Operand& x);  ///< rounded towards 0
/// Rounded to so many decimals, to tens, hundreds ... where that is negative: round(10^decimals x) / 10^decimals, in
/// which a tie may have come or gone by rounding, as in NumPy. Floating only; gradient 0.
Var round(const Operand& x, int decimals);

/// x with numbers in place of NaN and the infinities, by default 0 and the largest finite ones; gradient 0 there.
/// Floating only.
Var nan_to_num(const Operand& x, double nan = 0, std::optional<double> posinf = {}, std::optional<double> neginf = {});

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
