// Trigonometric functions and their inverses.
#include "ops/elementwise.hpp"

#include "kernels/isa/sleef.hpp"

UNARY(sin,
      [](auto x) { return sleef::sin(x); },
      [](auto x, auto) { return cos(x); })

UNARY(cos,
      [](auto x) { return sleef::cos(x); },
      [](auto x, auto) { return -sin(x); })

UNARY(tan,
      [](auto x) { return sleef::tan(x); },
      [](auto, auto y) { return 1 + square(y); })

// (1 - x)(1 + x) does not cancel, and is negative beyond either edge.
UNARY(asin,
      [](auto x) { return sleef::asin(x); },
      [](auto x, auto) { return rsqrt((1 - x) * (1 + x)); })

UNARY(acos,
      [](auto x) { return sleef::acos(x); },
      [](auto x, auto) { return -rsqrt((1 - x) * (1 + x)); })

UNARY(atan,
      [](auto x) { return sleef::atan(x); },
      [](auto x, auto) { return 1 / (1 + square(x)); })

// x / (x^2 + y^2) and -y / (x^2 + y^2) without overflow; quotients that are 0 at the origin.
BINARY(atan2,
       [](auto y, auto x) { return sleef::atan2(y, x); },
       [](auto y, auto x, auto) {
         const Var length = hypot(y, x);
         return strong_divide(strong_divide(x, length), length);
       },
       [](auto y, auto x, auto) {
         const Var length = hypot(y, x);
         return -strong_divide(strong_divide(y, length), length);
       })
