// Sums, products, roots and what compares by size.
#include "ops/elementwise.hpp"

#include "kernels/isa/sleef.hpp"

#ifdef XTAPE_ISA_BASELINE
#include "ops/partials.hpp"
#endif

BINARY_NUMERIC(add,
               [](auto a, auto b) { return a + b; },
               [](auto a, auto b) { return a + b; },
               RULE([](auto& rule) {
                 if (rule.wants(0)) rule.give(0, rule.cotangent);
                 if (rule.wants(1)) rule.give(1, rule.cotangent);
               }))

BINARY_NUMERIC(subtract,
               [](auto a, auto b) { return a - b; },
               [](auto a, auto b) { return a - b; },
               RULE([](auto& rule) {
                 if (rule.wants(0)) rule.give(0, rule.cotangent);
                 if (rule.wants(1)) rule.give(1, -rule.cotangent);
               }))

BINARY_NUMERIC(multiply,
               [](auto a, auto b) { return a * b; },
               [](auto a, auto b) { return a * b; },
               [](auto, auto b, auto) { return b; },
               [](auto a, auto, auto) { return a; })

BINARY(divide,
       [](auto a, auto b) { return a / b; },
       RULE([](auto& rule) {
         const Var share = strong_divide(rule.cotangent, rule.x(1));
         if (rule.wants(0)) rule.give(0, share);
         if (rule.wants(1)) rule.give(1, -strong_multiply(share, rule.y()));
       }))

// xsimd's -x is 0 - x, which loses the sign of -0.
UNARY_NUMERIC(negate,
              []<class V>(V x) { return x ^ V(-0.0); },
              [](auto x) { return -x; },
              RULE([](auto& rule) { rule.give(0, -rule.cotangent); }))

UNARY_NUMERIC(square,
              [](auto x) { return x * x; },
              [](auto x) { return x * x; },
              [](auto x, auto) { return x + x; })

UNARY(sqrt,
      [](auto x) { return xs::sqrt(x); },
      [](auto, auto y) { return 0.5 / y; })

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

UNARY_NUMERIC(abs,
              [](auto x) { return xs::abs(x); },
              [](auto x) { return x < 0 ? -x : x; },
              [](auto x, auto) { return sign(x); })

// Zeros keep their sign, and NaN stays. For integers, a comparison that holds is -1.
UNARY_NUMERIC(sign,
              []<class V>(V x) { return xs::select(x > V(0), V(1), xs::select(x < V(0), V(-1), x)); },
              [](auto x) { return (x < 0) - (x > 0); })

UNARY(relu,
      []<class V>(V x) { return xs::select(x <= V(0), V(0), x); },
      [](auto, auto y) { return sign(y); })

// 1 at inf, where the quotient is none; as a composite its slope would be a difference.
UNARY(softsign,
      []<class V>(V x) {
        const V size = xs::abs(x);
        const V infinity(static_cast<typename V::value_type>(__builtin_inf()));
        return xs::select(size == infinity, V(1) | (x & V(-0.0)), x / (V(1) + size));
      },
      [](auto x, auto) { return 1 / square(1 + abs(x)); })

// The hardware's max and min give their second argument where either is NaN.
BINARY_NUMERIC(maximum,
               [](auto a, auto b) { return xs::select(xs::isnan(a), a, xs::max(a, b)); },
               [](auto a, auto b) { return a > b ? a : b; },
               [](auto a, auto b, auto) { return larger_share(a, b); },
               [](auto a, auto b, auto) { return larger_share(b, a); })

BINARY_NUMERIC(minimum,
               [](auto a, auto b) { return xs::select(xs::isnan(a), a, xs::min(a, b)); },
               [](auto a, auto b) { return a < b ? a : b; },
               [](auto a, auto b, auto) { return larger_share(b, a); },
               [](auto a, auto b, auto) { return larger_share(a, b); })

BINARY(larger_share,
       []<class V>(V a, V b) {
         const V strict = xs::select(a > b, V(1), V(0));
         return xs::select(a == b, V(0.5), xs::select(xs::isnan(a) | xs::isnan(b), a + b, strict));
       })

// Unlike maximum and minimum, where x meets its bound it has no share in the gradient.
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
