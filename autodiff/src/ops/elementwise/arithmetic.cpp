// Sums, products, roots and what compares by size.
#include "ops/elementwise.hpp"

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
