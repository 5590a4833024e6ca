// Rows of roots, logarithms, trigonometric, hyperbolic and special functions.
#include <cmath>

#include "ops/partials.hpp"
#include "ops/row.hpp"
#include "support/special.hpp"

namespace xtape::test {

namespace {

Build call_of_order(int n) {
  return [n](std::span<const Var> x) { return polygamma(n, x[0]); };
}

/// polygamma of one order, on either side of 0.
Row::Part order(int n) {
  return [n](Row& row) {
    for (Input input : {real({7}, 0.3L, 9), real({5}, -2.8L, -2.2L)})
      row.samples.push_back({{input}, call_of_order(n), nullptr});
  };
}

}  // namespace

std::vector<Row> function_rows() {
  const auto signs = special({0, -0.0L, 1, -1, kInf, -kInf, kNaN});
  const auto angles = special({0, -0.0L, 1e-9L, 0.785398163397448L, 1.5707963267948966L, 3.141592653589793L, -3, 22,
                               1e5L, 1e15L, 1e22L, 3e38L, 1e308L, kInf, -kInf, kNaN});
  const auto units =
      special({0, -0.0L, 1e-9L, 0.5L, 1 - 0x1p-24L, 1, -1, 1 + 0x1p-23L, -2, 1e-310L, kInf, -kInf, kNaN});
  const auto exponents = special({0, -0.0L, 1e-9L, 0.5L, 1, 2, -21.9L, 22.1L, 88.7L, 89, 89.4L, 89.42L, 709.8L, -710.4L,
                                  710.47L, 710.48L, kInf, -kInf, kNaN});
  const auto sizes = special({0, -0.0L, 1e-9L, 1, 1 + 0x1p-23L, 0.5L, -2, 0x1p14L + 1, 0x1p28L, 0x1p28L + 1, 1e20L,
                              -1e154L, 1e155L, -1e308L, kInf, -kInf, kNaN});
  const auto poles = special(
      {0,       -0.0L,  1,    2,     0.5L,     1.4616321449683622L, -0.5L,  -1,    -2,      -1.5L, -10.25L, 1e-10L,
       1e-300L, 171.5L, 1e5L, 1e15L, 2.5e305L, 2.56e305L,           1e306L, 4e36L, 4.1e36L, kInf,  -kInf,   kNaN});
  const auto logarithms = special({0, -0.0L, 1, 2, -1, 1e-310L, 1e300L, kInf, -kInf, kNaN});
  return {
      {"rsqrt", unary(rsqrt), domain(0.1L, 5), signs, ulp(2)},
      {"cbrt", unary(cbrt), domain(0.1L, 5), signs, ulp(2)},
      {"hypot", binary(hypot), domains({{0.1L, 2}, {-2, -0.1L}}),
       special({0, -0.0L, 3, -4, 1e200L, 1e-200L, kInf, -kInf, kNaN}), ulp(2)},
      {"exp2", unary(exp2), domain(-5, 5),
       special({0, -0.0L, 0.5L, 127.9L, 128, -149, -150, 1023.9L, -1074, -1075, kInf, -kInf, kNaN}), ulp(2)},
      {"log2", unary(log2), domain(0.1L, 5), special({0, -0.0L, 1, 2, 8, -1, 1e-310L, 1e308L, kInf, -kInf, kNaN}),
       ulp(2)},
      {"log10", unary(log10), domain(0.1L, 5), special({0, -0.0L, 1, 10, 1000, -1, 1e-310L, 1e308L, kInf, -kInf, kNaN}),
       ulp(2)},
      {"sin", unary(sin), domain(-7, 7), angles, ulp(2)},
      {"cos", unary(cos), domain(-7, 7), angles, ulp(2)},
      {"tan", unary(tan), domain(-1.4L, 1.4L), angles, ulp(2)},
      {"asin", unary(asin), domain(-0.9L, 0.9L), units, ulp(2)},
      {"acos", unary(acos), domain(-0.9L, 0.9L), units, ulp(2)},
      {"atan", unary(atan), domain(-4, 4), special({0, -0.0L, 1, 1e17L, -1e300L, kInf, -kInf, kNaN}), ulp(2)},
      {"atan2", binary(atan2), domains({{0.1L, 2}, {-2, -0.1L}}),
       special({0, -0.0L, 1, -1, 1e-300L, 1e300L, kInf, -kInf, kNaN}), ulp(2)},
      {"sinh", unary(sinh), domain(-5, 5), exponents, ulp(2)},
      {"cosh", unary(cosh), domain(-5, 5), exponents, ulp(2)},
      {"asinh", unary(asinh), domain(-5, 5), sizes, ulp(2)},
      {"acosh", unary(acosh), domain(1.1L, 5), sizes, ulp(2)},
      {"atanh", unary(atanh), domain(-0.9L, 0.9L), units, ulp(2)},
      {"erf", unary(erf), domain(-2, 2), sizes, ulp(2)},
      {"erfc", unary(erfc), domain(-2, 2), special({0, -0.0L, 1, 9.2L, 10, 26.5L, 27, 28, -6, kInf, -kInf, kNaN}),
       ulp(2)},
      {"erfinv", unary(erfinv), domain(-0.9L, 0.9L), units, ulp(2)},
      {"exp_negative_square", unary(exp_negative_square), domain(-2, 2),
       special({0, -0.0L, 5, 9.3L, -10.1L, 26.6L, -27.2L, 27.3L, 1e300L, kInf, -kInf, kNaN}), ulp(2)},
      {"exp_negative_half_square", unary(exp_negative_half_square), domain(-3, 3),
       special({0, -0.0L, 5, 13.1L, -14.3L, 37.6L, -38.5L, 38.7L, 1e300L, kInf, -kInf, kNaN}), ulp(2)},
      {"normal_cdf", unary(normal_cdf), domain(-2, 2),
       special({0, -0.0L, 5, -5, -10, -37.5L, -38.4L, -38.5L, kInf, -kInf, kNaN}), ulp_and_condition(2)},
      {"lgamma", unary(lgamma), domain(0.2L, 5), poles, ulp_and_condition(2)},
      {"digamma", unary(digamma), domain(0.2L, 5), poles, ulp_and_condition(4),
       sample({real({5}, -0.9L, -0.2L)}, [](std::span<const Var> x) { return digamma(x[0]); })},
      {"polygamma", unary([](const Operand& x) { return polygamma(1, x); }), domain(0.2L, 5), poles,
       function([](const Real* x) { return polygamma_of(1, x[0]); }), ulp_and_condition(2), order(1), order(0),
       order(2), order(5), fails<ValueError>({real({2})}, call_of_order(-1), {"polygamma", "-1", "60"}),
       fails<ValueError>({real({2})}, call_of_order(61), {"polygamma", "61", "60"})},
      {"xlogy", binary(xlogy), domains({{-2, 2}, {0.2L, 3}}), logarithms, ulp(2)},
      {"xlog1py", binary(xlog1py), domains({{-2, 2}, {-0.8L, 3}}), logarithms, ulp(2)},
      {"logaddexp", binary(logaddexp), special({0, -0.0L, 1, -1, 700, -750, 1e308L, kInf, -kInf, kNaN}),
       ulp_and_condition(4, 2)},
  };
}

}  // namespace xtape::test
