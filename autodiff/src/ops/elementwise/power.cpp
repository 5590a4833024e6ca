// power, whose exponent is part of the program's structure where it is a literal.
#include "ops/elementwise.hpp"

#include "kernels/isa/sleef.hpp"

namespace xtape::detail::XTAPE_ISA {

inline float scalar_pow(float x, float y) { return __builtin_powf(x, y); }
inline double scalar_pow(double x, double y) { return __builtin_pow(x, y); }

/// SLEEF overflows some hundred ulp early, so that results of infinity are computed again; the others stay, because
/// an element's bits must not depend on its neighbours.
template <class V>
[[gnu::cold, gnu::noinline]] V pow_again(V x, V y, V result) {
  using T = typename V::value_type;
  alignas(64) T a[V::size], b[V::size], c[V::size];
  x.store_aligned(a);
  y.store_aligned(b);
  result.store_aligned(c);
  for (std::size_t i = 0; i < V::size; ++i)
    if (__builtin_isinf(c[i])) c[i] = scalar_pow(a[i], b[i]);
  return V::load_aligned(c);
}

template <class V>
inline V pow_lane(V x, V y) {
  const V result = sleef::pow(x, y);
  const V infinity(static_cast<typename V::value_type>(__builtin_inf()));
  const auto overflow = xs::abs(result) == infinity;
  if (xs::any(overflow)) [[unlikely]] return pow_again(x, y, result);
  return result;
}

}  // namespace xtape::detail::XTAPE_ISA

XTAPE_KERNELS(power, floating_kernels<2>([](auto x, auto y) { return pow_lane(x, y); }))

#ifdef XTAPE_ISA_BASELINE

#include <optional>

namespace xtape::detail {
namespace {

bool is_number(const Operand& operand) {
  return operand.kind == Operand::Kind::integer || operand.kind == Operand::Kind::real;
}

std::optional<double> literal_value(const Var& var) {
  double value = 0;
  return is_literal(VarAccess::state(var), VarAccess::node(var), value) ? std::optional(value) : std::nullopt;
}

/// The exponent, if it is known now.
std::optional<double> known_exponent(const Operand& y) {
  if (y.kind == Operand::Kind::integer) return static_cast<double>(y.integer);
  if (y.kind == Operand::Kind::real) return y.real;
  return y.kind == Operand::Kind::var ? literal_value(y.var) : std::nullopt;
}

/// x as a value of its own, so that a gradient with respect to it is not one with respect to x.
Var first_power(const Operand& x) {
  TapeState& state = VarAccess::state(x.var);
  if (state.rule_depth > 0) return x.var;
  const NodeId node = append_alias(state, VarAccess::node(x.var));
  state.program[node].location = location_of(state, x);
  return VarAccess::make(state, node);
}

bool is_by_products(double exponent) { return exponent == -1 || exponent == 3 || exponent == 4; }

/// 1 / x, x^3 and x^4 within 2 ulp, denormals and overflow included: where they are not 0, x^2 is not denormal. Of
/// higher powers the products would be further off.
Var by_products(const Operand& x, double exponent) {
  return record_composite(
      "power",
      [=](const Var& v) {
        if (exponent == -1) return 1 / v;
        const Var squared = square(v);
        return exponent == 3 ? squared * v : square(squared);
      },
      x);
}

/// y x^(y - 1), 0 where y is 0.
Var slope_in_base(const Var& x, const Var& y) {
  if (const auto exponent = literal_value(y))
    return strong_multiply(literal(*exponent), power(x, literal(*exponent - 1)));
  return strong_multiply(y, power(x, y - 1));
}

/// x^y log x, and 0 at 0^0.
Var slope_in_exponent(const Var& x, const Var& y, const Var& result) {
  return where(logical_and(x == 0, y == 0), 0, strong_multiply(result, log(x)));
}

void power_vjp(Rule& rule) {
  const Var x = rule.x(0), y = rule.x(1);
  if (rule.wants(0) && literal_value(y) != 0.0) rule.give(0, strong_multiply(rule.cotangent, slope_in_base(x, y)));
  if (rule.wants(1)) rule.give(1, strong_multiply(rule.cotangent, slope_in_exponent(x, y, rule.y())));
}

}  // namespace
}  // namespace xtape::detail

XTAPE_DESCRIBE(power, RULE([](auto& rule) { power_vjp(rule); }))

namespace xtape {

Var power(const Operand& a, const Operand& b) {
  if (const auto exponent = detail::known_exponent(b);
      exponent && a.kind == Operand::Kind::var && is_floating(a.var.dtype())) {
    if (*exponent == 1) return detail::first_power(a);
    if (*exponent == 2) return square(a);
    if (detail::is_by_products(*exponent)) return detail::by_products(a, *exponent);
  }
  Operand exponent = b;
  exponent.literal = exponent.literal || detail::is_number(b);
  return detail::record_elementwise(detail::power_op, {&a, &exponent});
}

}  // namespace xtape
#endif
