// The logarithm of the gamma function and its derivatives.
#include "ops/elementwise.hpp"

#include "kernels/isa/digamma.hpp"
#include "kernels/isa/polygamma.hpp"
#include "kernels/isa/sleef.hpp"

#ifdef XTAPE_ISA_BASELINE
#include "ops/errors.hpp"
#endif

UNARY(lgamma,
      [](auto x) { return sleef::lgamma(x); },
      [](auto x, auto) { return digamma(x); })

UNARY(digamma,
      [](auto x) { return digamma_lane(x); },
      [](auto x, auto) { return polygamma(1, x); })

XTAPE_KERNELS(polygamma, floating_kernels<2>([](auto n, auto x) { return polygamma_lane(n, x); }))

#ifdef XTAPE_ISA_BASELINE

namespace xtape::detail {
namespace {

/// The order is a literal.
void polygamma_vjp(Rule& rule) {
  const Var order = rule.x(0), x = rule.x(1);
  double n = 0;
  is_literal(VarAccess::state(order), VarAccess::node(order), n);
  rule.give(1, strong_multiply(rule.cotangent, polygamma(static_cast<int>(n) + 1, x)));
}

}  // namespace
}  // namespace xtape::detail

XTAPE_DESCRIBE(polygamma, RULE([](auto& rule) { polygamma_vjp(rule); }))

namespace xtape {

Var polygamma(int n, const Operand& x) {
  constexpr int kLargest = detail::isa_baseline::kMaxPolygammaOrder;
  if (n < 0 || n > kLargest) detail::fail<ValueError>("polygamma", "the order ", n, " is not from 0 to ", kLargest);
  if (n == 0) return digamma(x);
  const Operand order = literal(n, x.file, x.line);
  return detail::record_elementwise(detail::polygamma_op, {&order, &x});
}

}  // namespace xtape
#endif
