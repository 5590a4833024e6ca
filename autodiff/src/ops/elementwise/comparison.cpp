// Comparisons, logic and tests; the results are boolean and carry no gradient.
#include "ops/elementwise.hpp"

COMPARISON(equal, [](auto a, auto b) { return a == b; })
COMPARISON(not_equal, [](auto a, auto b) { return a != b; })
COMPARISON(less, [](auto a, auto b) { return a < b; })
COMPARISON(less_equal, [](auto a, auto b) { return a <= b; })
COMPARISON(greater, [](auto a, auto b) { return a > b; })
COMPARISON(greater_equal, [](auto a, auto b) { return a >= b; })

LOGICAL(logical_and, [](auto a, auto b) { return a & b; })
LOGICAL(logical_or, [](auto a, auto b) { return a | b; })
LOGICAL(logical_xor, [](auto a, auto b) { return a ^ b; })

XTAPE_KERNELS(logical_not, logical_kernels<1>([](auto x) { return x ^ Bool{1}; }))
XTAPE_DESCRIBE(logical_not)
XTAPE_UNARY_FUNCTION(logical_not)

// x - x is NaN for infinities and NaN.
XTAPE_KERNELS(isfinite, predicate_kernels([](auto x) { return x - x == 0; }))
XTAPE_DESCRIBE(isfinite)
XTAPE_KERNELS(isinf, predicate_kernels([](auto x) { return (x == x) & (x - x != 0); }))
XTAPE_DESCRIBE(isinf)
XTAPE_KERNELS(isnan, predicate_kernels([](auto x) { return x != x; }))
XTAPE_DESCRIBE(isnan)

#ifdef XTAPE_ISA_BASELINE
namespace xtape {
Var isfinite(const Operand& x) { return detail::record_elementwise(detail::isfinite_op, {&x}, DType::boolean); }
Var isinf(const Operand& x) { return detail::record_elementwise(detail::isinf_op, {&x}, DType::boolean); }
Var isnan(const Operand& x) { return detail::record_elementwise(detail::isnan_op, {&x}, DType::boolean); }
}  // namespace xtape
#endif
