// Roots beside sqrt.
#include "ops/elementwise.hpp"

#include "kernels/isa/sleef.hpp"

UNARY(rsqrt,
      []<class V>(V x) { return V(1) / xs::sqrt(x); },
      [](auto x, auto y) { return -0.5 * y / x; })

UNARY(cbrt,
      [](auto x) { return sleef::cbrt(x); },
      [](auto, auto y) { return 1.0 / 3 / square(y); })

// A quotient that is 0 at the origin, where the slope is not defined.
BINARY(hypot,
       [](auto a, auto b) { return sleef::hypot(a, b); },
       [](auto a, auto, auto y) { return strong_divide(a, y); },
       [](auto, auto b, auto y) { return strong_divide(b, y); })
