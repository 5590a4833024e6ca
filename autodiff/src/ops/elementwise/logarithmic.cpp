// exp and log to the bases 2 and 10, and products and sums with logarithms.
#include "ops/elementwise.hpp"

#include "kernels/isa/exp_log.hpp"

#ifdef XTAPE_ISA_BASELINE
#include <numbers>
#endif

namespace xtape::detail::XTAPE_ISA {

/// x times the logarithm of y, 0 where x is 0 and y is no NaN.
template <class V>
inline V times_logarithm(const V& x, const V& y, const V& logarithm) {
  return xs::select((x == V(0)) & (y == y), V(0), x * logarithm);
}

template <class V>
inline V logaddexp_lane(const V& a, const V& b) {
  const V distance = xs::select(a == b, V(0), a - b);  // infinities that are equal, too
  return xs::max(a, b) + fraction_log1p(decay_lane(distance));
}

}  // namespace xtape::detail::XTAPE_ISA

#ifdef XTAPE_ISA_BASELINE
namespace xtape {
namespace {

/// The partials of xlogy and xlog1py are 0 where x and the logarithm's argument are.
Var unless_origin(const Var& x, const Var& argument, const Var& partial) {
  return where(logical_and(x == 0, argument == 0), 0, partial);
}

/// What a has in logaddexp(a, b): half where both are the same infinity.
Var exponential_share(const Var& a, const Var& b) {
  const Var infinite_tie = logical_and(a == b, isinf(a));
  const Var distance = a - b;
  return sigmoid(where(infinite_tie, 0, distance));
}

}  // namespace
}  // namespace xtape
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

BINARY(xlogy,
       [](auto x, auto y) { return times_logarithm(x, y, log_lane(y)); },
       [](auto x, auto y, auto) { return unless_origin(x, y, log(y)); },
       [](auto x, auto y, auto) { return unless_origin(x, y, x / y); })

BINARY(xlog1py,
       [](auto x, auto y) { return times_logarithm(x, y, log1p_lane(y)); },
       [](auto x, auto y, auto) {
         const Var argument = 1 + y;
         return unless_origin(x, argument, log1p(y));
       },
       [](auto x, auto y, auto) {
         const Var argument = 1 + y;
         return unless_origin(x, argument, x / argument);
       })

BINARY(logaddexp,
       [](auto a, auto b) { return logaddexp_lane(a, b); },
       [](auto a, auto b, auto) { return exponential_share(a, b); },
       [](auto a, auto b, auto) { return exponential_share(b, a); })
