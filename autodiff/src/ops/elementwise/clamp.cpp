// Clamping: unlike maximum and minimum, x has no share in the gradient where it meets the bound.
#include "ops/elementwise.hpp"

#ifdef XTAPE_ISA_BASELINE
#include "ops/partials.hpp"
#endif

BINARY_NUMERIC(clamp_min,
               [](auto x, auto low) { return xs::select(xs::isnan(low) | (x <= low), low, x); },
               [](auto x, auto low) { return x <= low ? low : x; },
               [](auto x, auto low, auto) { return exceeds(x, low); },
               [](auto x, auto low, auto) { return 1 - exceeds(x, low); })

BINARY_NUMERIC(clamp_max,
               [](auto x, auto high) { return xs::select(xs::isnan(high) | (x >= high), high, x); },
               [](auto x, auto high) { return x >= high ? high : x; },
               [](auto x, auto high, auto) { return exceeds(high, x); },
               [](auto x, auto high, auto) { return 1 - exceeds(high, x); })

BINARY(exceeds,
       []<class V>(V a, V b) {
         return xs::select(xs::isnan(a) | xs::isnan(b), a + b, xs::select(a > b, V(1), V(0)));
       })

#ifdef XTAPE_ISA_BASELINE
namespace xtape {
Var clip(const Operand& x, const Operand& min, const Operand& max) { return clamp_max(clamp_min(x, min), max); }
}  // namespace xtape
#endif
