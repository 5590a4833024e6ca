// Functions, elementwise with NumPy broadcasting; floating only.
#pragma once

#include <xtape/operand.hpp>

namespace xtape {

Var sqrt(const Operand& x);                     ///< NaN below 0; gradient +inf at 0
Var rsqrt(const Operand& x);                    ///< 1 / sqrt(x); infinite at 0
Var cbrt(const Operand& x);                     ///< the real cube root; gradient +inf at 0
Var hypot(const Operand& a, const Operand& b);  ///< sqrt(a^2 + b^2), without overflow; gradients 0 at the origin
Var exp(const Operand& x);
Var exp2(const Operand& x);   ///< 2^x
Var expm1(const Operand& x);  ///< exp(x) - 1, accurate near 0
Var log(const Operand& x);    ///< -inf at 0, NaN below
Var log2(const Operand& x);
Var log10(const Operand& x);
Var log1p(const Operand& x);  ///< log(1 + x), accurate near 0

Var sin(const Operand& x);
Var cos(const Operand& x);
Var tan(const Operand& x);
Var asin(const Operand& x);  ///< NaN beyond -1 and 1, where the gradient is +inf
Var acos(const Operand& x);  ///< NaN beyond -1 and 1, where the gradient is -inf
Var atan(const Operand& x);
/// The angle of the point (x, y), from -pi to pi. At the origin the gradients are 0.
Var atan2(const Operand& y, const Operand& x);

Var sinh(const Operand& x);
Var cosh(const Operand& x);
Var tanh(const Operand& x);
Var asinh(const Operand& x);
Var acosh(const Operand& x);  ///< NaN below 1, where the gradient is +inf
Var atanh(const Operand& x);  ///< infinite at -1 and 1, NaN beyond

Var erf(const Operand& x);
Var erfc(const Operand& x);    ///< 1 - erf(x), accurate where it is small
Var erfinv(const Operand& x);  ///< infinite at -1 and 1, NaN beyond
Var lgamma(const Operand& x);  ///< log(|gamma(x)|); +inf at 0 and below at the integers
/// The derivative of lgamma: infinite at 0, NaN at the integers below.
Var digamma(const Operand& x);
/// The n-th derivative of digamma, n from 0 to 60: infinite at 0; at the integers below +inf for odd n, NaN for even.
Var polygamma(int n, const Operand& x);
/// x log(y), and 0 where x is 0 unless y is NaN. At (0, 0) the gradients are 0.
Var xlogy(const Operand& x, const Operand& y);
/// x log(1 + y), and 0 where x is 0 unless y is NaN. At (0, -1) the gradients are 0.
Var xlog1py(const Operand& x, const Operand& y);
/// log(exp(a) + exp(b)), without overflow; the gradients are 1/2 where both are the same infinity.
Var logaddexp(const Operand& a, const Operand& b);

Var sigmoid(const Operand& x);      ///< 1 / (1 + exp(-x))
Var softplus(const Operand& x);     ///< log(1 + exp(x)), without overflow
Var log_sigmoid(const Operand& x);  ///< log(sigmoid(x)) = -softplus(-x)
Var relu(const Operand& x);         ///< max(x, 0); gradient 0 at 0

}  // namespace xtape
