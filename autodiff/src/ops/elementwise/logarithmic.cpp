// Powers and logarithms to the bases 2 and 10.
#include "ops/elementwise.hpp"

#include "kernels/isa/sleef.hpp"

#ifdef XTAPE_ISA_BASELINE
#include <numbers>
#endif

UNARY(exp2,
      [](auto x) { return sleef::exp2(x); },
      [](auto, auto y) { return std::numbers::ln2 * y; })

UNARY(log2,
      [](auto x) { return sleef::log2(x); },
      [](auto x, auto) { return std::numbers::log2e / x; })

UNARY(log10,
      [](auto x) { return sleef::log10(x); },
      [](auto x, auto) { return std::numbers::log10e / x; })
