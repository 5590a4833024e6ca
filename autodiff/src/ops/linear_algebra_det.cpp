// det and slogdet. At a singular matrix the cofactors, which are det's gradient, come from the singular values.
#include <array>

#include "ops/linear_algebra_cofactors.hpp"
#include "ops/linear_algebra_lu.hpp"
#include "ops/linear_algebra_scaled.hpp"
#include "ops/reduction.hpp"

namespace xtape::detail {

namespace {

/// The product of the pivots, less the scales.
template <class T>
Scaled determinant(const PackedLu<T>& packed) {
  Scaled result;
  for (std::int64_t i = 0; i < packed.n; ++i) {
    const bool exchanged = packed.exchanges()[i] != static_cast<T>(i + 1);
    const auto pivot = static_cast<double>(packed.factors()[i * (packed.n + 1)]);
    result.multiply(exchanged ? -pivot : pivot);
    result.exponent -= std::ilogb(packed.row_scales()[i]) + std::ilogb(packed.column_scales()[i]);
  }
  return result;
}

/// One number for each matrix: of(determinant), NaN for one that is not finite.
template <class Of>
void execute_of_determinant(const Call& call, Of of) {
  const std::int64_t n = call.inputs[1].shape.back();
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < call.output.shape.size(); ++i) {
      const PackedLu<T> packed(n, call.inputs[0], i);
      const bool finite = n == 0 || !std::isnan(packed.condition());
      elements_of<T>(call.output)[i] = static_cast<T>(finite ? of(determinant(packed)) : std::nan(""));
    }
  });
}

double sign_of(const Scaled& x) { return x.mantissa > 0 ? 1 : x.mantissa < 0 ? -1 : 0; }

/// y = det(a): a gets g times the cofactors (Giles 2008, 2.2.4, where they are det(a) a^-T).
void det_vjp(Rule& rule) {
  const Var a = rule.x(1);
  const Var cofactors = cofactors_of(rule.x(0), a);
  const Var g = broadcasted(with_unit_axes(rule.cotangent, 2), a.shape());
  rule.give(1, strong_multiply(g, cofactors));
}

/// y = log(|det(a)|): a gets g a^-T.
void log_abs_det_vjp(Rule& rule) {
  const Var factors = rule.x(0), a = rule.x(1);
  const Var turned = matrix_transposed(lu_inverted(factors, a, InverseOf::slogdet));
  const Var g = broadcasted(with_unit_axes(rule.cotangent, 2), a.shape());
  rule.give(1, strong_multiply(g, turned));
}

}  // namespace

extern constinit const Op det_op, det_sign_op, log_abs_det_op;
constinit const Op det_op{.name = "det",
                          .kind = OpKind::opaque,
                          .vjp = det_vjp,
                          .execute =
                              [](const Call& call) {
                                execute_of_determinant(call,
                                                       [](const Scaled& x) { return x.mantissa == 0 ? 0 : x.value(); });
                              },
                          .batch = over_leading_axis};
XTAPE_LIST_OP(det_op);
constinit const Op det_sign_op{.name = "det_sign",
                               .kind = OpKind::opaque,
                               .execute = [](const Call& call) { execute_of_determinant(call, sign_of); },
                               .batch = over_leading_axis};
XTAPE_LIST_OP(det_sign_op);
constinit const Op log_abs_det_op{
    .name = "log_abs_det",
    .kind = OpKind::opaque,
    .vjp = log_abs_det_vjp,
    .execute =
        [](const Call& call) { execute_of_determinant(call, [](const Scaled& x) { return x.log_magnitude(); }); },
    .batch = over_leading_axis};
XTAPE_LIST_OP(log_abs_det_op);

namespace {

Var determinant_of(const Var& a) { return append_node(det_op, leading(a.shape()), {lu_factors(a), a}); }

/// Over the last two axes, as (..., 1, 1).
Var trace_of_product(const Var& a, const Var& b) {
  const Var terms = a * matrix_transposed(b);
  return sum(terms, Axes{-2, -1}, true);
}

/// The third derivative of det at a regular matrix. With b = a^-1, x = b g and y = b h it is
/// det(a) ((tr x tr y - tr x y) 1 - tr(y) x - tr(x) y + x y + y x) b, transposed.
Var third_derivative(const Var& a, const Var& g, const Var& h) {
  const Var inverse = lu_inverted(lu_factors(a), a, InverseOf::det);
  const Var identity = broadcasted(identity_like(a, a.shape().back()), a.shape());
  const Var x = matrix_product(inverse, g), y = matrix_product(inverse, h);
  const Var xy = matrix_product(x, y), yx = matrix_product(y, x);
  const Var trace_x = trace_of_product(x, identity), trace_y = trace_of_product(y, identity);
  const Var trace_xy = trace_of_product(x, y);
  const Var traces = trace_x * trace_y;
  const Var diagonal = (traces - trace_xy) * identity;
  const Var first = trace_y * x, second = trace_x * y;
  const Var both = xy + yx;
  const Var inside = diagonal + both - first - second;
  const Var det = with_unit_axes(determinant_of(a), 2);
  return det * matrix_transposed(matrix_product(inside, inverse));
}

template <std::size_t N>
std::array<Var, N> square_results(std::string_view op, const Operand& a, std::array<const Op*, N> ops) {
  return record_results<N>(
      op,
      [&](const Var& x) {
        check_square(op, "a", x);
        const Var factors = lu_factors(x);
        std::array<Var, N> results;
        for (std::size_t i = 0; i < N; ++i) results[i] = append_node(*ops[i], leading(x.shape()), {factors, x});
        return results;
      },
      a);
}

}  // namespace

void cofactor_slope_vjp(Rule& rule) {
  const Var a = rule.x(1), g = rule.x(2);
  if (rule.wants(1)) rule.give(1, third_derivative(a, g, rule.cotangent));
  if (rule.wants(2)) rule.give(2, cofactor_slope_of({rule.x(0), rule.x(3)}, a, rule.cotangent));
}

}  // namespace xtape::detail

namespace xtape {

Var det(const Operand& a) { return detail::square_results<1>("det", a, {&detail::det_op})[0]; }

SlogdetResult slogdet(const Operand& a) {
  const auto [sign, logabsdet] =
      detail::square_results<2>("slogdet", a, {&detail::det_sign_op, &detail::log_abs_det_op});
  return {sign, logabsdet};
}

}  // namespace xtape
