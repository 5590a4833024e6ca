// Rounding to integers, and the remainder.
#include "ops/elementwise.hpp"

#include "kernels/isa/remainder.hpp"
#include "kernels/isa/rounding.hpp"

UNARY_NUMERIC(floor, [](auto x) { return floor_lane(x); }, [](auto x) { return x; })
UNARY_NUMERIC(ceil, [](auto x) { return ceil_lane(x); }, [](auto x) { return x; })
UNARY_NUMERIC(round, [](auto x) { return round_lane(x); }, [](auto x) { return x; })
UNARY_NUMERIC(trunc, [](auto x) { return trunc_lane(x); }, [](auto x) { return x; })

// How many y are taken from x is found by rounding: floor(x / y) may be one more, where the quotient has rounded up.
BINARY_NUMERIC(mod,
               [](auto x, auto y) { return mod_lane(x, y); },
               [](auto x, auto y) { return integer_mod(x, y); },
               RULE([](auto& rule) {
                 if (rule.wants(0)) rule.give(0, rule.cotangent);
                 if (rule.wants(1)) {
                   const Var share = rule.y() / rule.x(1);
                   const Var whole = round(share - rule.x(0) / rule.x(1));
                   rule.give(1, strong_multiply(rule.cotangent, whole));
                 }
               }))
