// The strong-zero product and quotient; ops/strong.hpp says what for.
#include "ops/elementwise.hpp"

BINARY(strong_multiply,
       []<class V>(V a, V b) { return xs::select((a == V(0)) | (b == V(0)), V(0), a * b); },
       [](auto, auto b, auto) { return b; },
       [](auto a, auto, auto) { return a; })

BINARY(strong_divide,
       []<class V>(V a, V b) { return xs::select(a == V(0), V(0), a / b); },
       RULE([](auto& rule) {
         const Var share = strong_divide(rule.cotangent, rule.x(1));
         if (rule.wants(0)) rule.give(0, share);
         if (rule.wants(1)) rule.give(1, -strong_multiply(share, rule.y()));
       }))
