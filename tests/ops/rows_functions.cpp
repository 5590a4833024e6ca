// Rows of roots, logarithms, trigonometric, hyperbolic and special functions.
#include <cmath>

#include "ops/row.hpp"

namespace xtape::test {

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
  };
}

}  // namespace xtape::test
