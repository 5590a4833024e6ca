// Rows of the arithmetic ops and of the functions of one variable.
#include <cmath>

#include "ops/partials.hpp"
#include "ops/row.hpp"
#include "ops/strong.hpp"

namespace xtape::test {

namespace {

Build cast_to(DType dtype) {
  return [dtype](std::span<const Var> x) { return cast(x[0], dtype); };
}

/// The elements converted one by one, and given the dtype.
Reference converted(DType dtype) {
  return [dtype](std::span<const Tensor> x) {
    Tensor result = x[0];
    result.dtype = dtype;
    for (Real& element : result.elements) element = rounded(element, dtype);
    return result;
  };
}

Build to_the(double exponent) {
  return [exponent](std::span<const Var> x) { return power(x[0], exponent); };
}

Build call(Binary op) {
  return [op](std::span<const Var> x) { return op(x[0], x[1]); };
}

Var clip_all(std::span<const Var> x) { return clip(x[0], x[1], x[2]); }

/// The upper bound counts where the lower one is above it.
Tensor clipped(std::span<const Tensor> x) {
  return broadcast_apply([](const Real* a) { return std::fmin(std::fmax(a[0], a[1]), a[2]); }, x);
}

/// With the sign of y.
Tensor integer_mod(std::span<const Tensor> x) {
  return broadcast_apply([](const Real* a) { return a[0] - a[1] * std::floor(a[0] / a[1]); }, x);
}

Real finite(Real x, Real nan, Real above, Real below) {
  return std::isnan(x) ? nan : std::isfinite(x) ? x : x > 0 ? above : below;
}

Real log_sigmoid_of(const Real* x) { return -(std::fmax(-x[0], Real{0}) + std::log1p(std::exp(-std::abs(x[0])))); }

}  // namespace

std::vector<Row> elementwise_rows() {
  const auto signs = special({0, -0.0L, 1, -1, kInf, -kInf, kNaN});
  const auto halves = special({0, -0.0L, 0.5L, -0.5L, 1.5L, -1.5L, 2.5L, -2.5L, 0.3L, -0.7L, 8388609.0L, 0x1p52L + 1,
                               0x1p51L + 0.5L, 0x1p22L + 0.5L, -0x1p52L - 1, kInf, -kInf, kNaN});
  const auto roots =
      special({0,        -0.0L,     1,       -1,      1e-108L, 1.7e-108L, 1.6e-81L, 1.5e-81L, 1e-15L, 1.1e-15L, -2e-12L,
               5.6e102L, -5.7e102L, 1.1e77L, 1.2e77L, 6.9e12L, 7e12L,     4.2e9L,   4.3e9L,   kInf,   -kInf,    kNaN});
  return {
      {"add", binary(add), signs, ulp(1), numeric()},
      {"subtract", binary(subtract), signs, ulp(1), numeric()},
      {"multiply", binary(multiply), signs, ulp(1), numeric()},
      {"divide", binary(divide), domains({{-2, 2}, {0.5L, 2}}), signs, ulp(1)},
      {"strong_multiply", binary(strong_multiply), signs, ulp(1)},
      {"strong_divide", binary(strong_divide), domains({{-2, 2}, {0.5L, 2}}), signs, ulp(1)},
      {"negate", unary(negate), signs, ulp(0.5L), numeric()},
      {"power", binary(power), domains({{0.2L, 3}, {-2, 2}}),
       special({0, -0.0L, 1, -1, 2, -2, 3, 0.5L, -0.5L, kInf, -kInf, kNaN}), ulp(2),
       sample({real({4}, 0.2L, 3)}, to_the(3)), sample({real({4}, 0.2L, 3)}, to_the(-1)),
       sample({real({4}, 0.2L, 3)}, to_the(0.5)), sample({real({4}, -2, 2)}, to_the(2)),
       sample({real({4}, -2, 2)}, to_the(0)), sample({real({4}, -2, 2)}, to_the(1)),
       sample({real({4}, 0.2L, 3)}, to_the(2.75)),
       sample({real({2, 2}, -2, 2)}, [](std::span<const Var> x) { return power(1.5, x[0]); })},
      {"power_cube", called("power"), unary([](const Operand& x) { return power(x, 3); }), roots,
       function([](const Real* x) { return x[0] * x[0] * x[0]; }), ulp(2)},
      {"power_fourth", called("power"), unary([](const Operand& x) { return power(x, 4); }), roots,
       function([](const Real* x) { return x[0] * x[0] * x[0] * x[0]; }), ulp(2)},
      {"power_inverse", called("power"), unary([](const Operand& x) { return power(x, -1); }), domain(0.5L, 2), signs,
       function([](const Real* x) { return 1 / x[0]; }), ulp(1)},
      {"mod", binary(mod), domains({{-2, 2}, {0.3L, 0.4L}}),
       special({0, -0.0L, 1, -1, 3, -3, 0.75L, -1e-20L, 1e20L, kInf, -kInf, kNaN}), ulp(1), numeric(1, 9),
       sample({real({9}, 0.5L, 5), real({9}, -0.4L, -0.3L)}, call(mod)),
       sample({integer({20}, -9, 9), integer({20}, -3, -1)}, call(mod), integer_mod)},
      {"reciprocal", unary(reciprocal), domain(0.5L, 2), signs, function([](const Real* x) { return 1 / x[0]; }),
       ulp(1)},
      {"floor", unary(floor), halves, ulp(0.5L), numeric()},
      {"ceil", unary(ceil), halves, ulp(0.5L), numeric()},
      {"round", unary(round), halves, ulp(0.5L), numeric(),
       fails<DTypeError>({integer({2}, 0, 9)}, [](std::span<const Var> x) { return round(x[0], 1); },
                         {"round", "int64"})},
      {"trunc", unary(trunc), halves, ulp(0.5L), numeric()},
      {"nan_to_num", unary([](const Operand& x) { return nan_to_num(x, 1.5, 2.5, -3.5); }), signs,
       function([](const Real* x) { return finite(x[0], 1.5L, 2.5L, -3.5L); }), ulp(0.5L),
       sample({real({5})}, [](std::span<const Var> x) { return nan_to_num(x[0]); })},
      {"square", unary(square), signs, ulp(1), numeric()},
      {"abs", unary(abs), signs, ulp(0.5L), numeric()},
      {"sign", unary(sign), signs, ulp(0.5L), numeric()},
      {"maximum", binary(maximum), signs, ulp(0.5L), numeric(), any_zero()},
      {"minimum", binary(minimum), signs, ulp(0.5L), numeric(), any_zero()},
      {"clamp_min", binary(clamp_min), signs, ulp(0.5L), numeric(), any_zero()},
      {"clamp_max", binary(clamp_max), signs, ulp(0.5L), numeric(), any_zero()},
      {"exceeds", binary(exceeds), signs, ulp(0.5L)},
      {"clip", sample({real({9}), real({9}, -1, -0.5L), real({9}, 0.5L, 1)}, clip_all, clipped),
       sample({real({2, 9}), real({}, -1, -0.5L), real({2, 1}, 0.5L, 1)}, clip_all, clipped),
       sample({real({9}), real({9}, 0.5L, 1), real({9}, -1, -0.5L)}, clip_all, clipped),
       sample({integer({30}, -9, 9), integer({30}, -5, 0), integer({30}, 0, 5)}, clip_all, clipped),
       sample({real({9})}, [](std::span<const Var> x) { return clip(x[0], -0.5, 1); }),
       fails<ShapeError>({real({2}), real({3}), real({2})}, clip_all, {"clamp_min", "[2]", "[3]"}),
       fails<DTypeError>({real({2}), real({2}), integer({2}, 0, 1)}, clip_all, {"clamp_max", "float64", "int64"})},
      {"sqrt", unary(sqrt), domain(0.1L, 5), signs, ulp(0.5L)},
      {"exp", unary(exp), domain(-5, 5),
       special({0, -0.0L, 88, 88.7L, 89, -104, 709.7L, 709.8L, -745, -746, kInf, -kInf, kNaN}), ulp(2)},
      {"expm1", unary(expm1), domain(-5, 5),
       special({0, -0.0L, 1e-12L, -1e-12L, 88.7L, 709.7L, 710, -50, kInf, -kInf, kNaN}), ulp(2)},
      {"log", unary(log), domain(0.1L, 5), special({0, -0.0L, 1, -1, 1e-310L, 1e-320L, 1e308L, kInf, -kInf, kNaN}),
       ulp(2)},
      {"log1p", unary(log1p), domain(-0.9L, 5),
       special({0, -0.0L, -1, -2, 4.248354255291589e-18L, 1e-300L, 1e307L, 1.7e308L, kInf, -kInf, kNaN}), ulp(2)},
      {"tanh", unary(tanh), domain(-3, 3), special({0, -0.0L, 1e-20L, 20, -20, 50, kInf, -kInf, kNaN}), ulp(2)},
      {"sigmoid", unary(sigmoid), domain(-20, 20), special({0, -0.0L, 37, -37, 800, -800, kInf, -kInf, kNaN}),
       ulp_and_condition(4)},
      {"softplus", unary(softplus), domain(-20, 20), special({0, -0.0L, 1000, -1000, -740, kInf, -kInf, kNaN}),
       ulp_and_condition(4)},
      {"log_sigmoid", unary(log_sigmoid), domain(-20, 20), special({0, -0.0L, 1000, -1000, 740, kInf, -kInf, kNaN}),
       function(log_sigmoid_of), ulp_and_condition(4)},
      {"relu", unary(relu), signs, ulp(0.5L)},
      {"larger_share", binary(larger_share), signs, ulp(0.5L)},
      {"bce_with_logits", binary(bce_with_logits), domains({{-8, 8}, {0, 1}})},
      {"stop_gradient", sample({real({3})}, [](std::span<const Var> x) { return stop_gradient(x[0]); }),
       sample(
           {real({3})}, [](std::span<const Var> x) { return stop_gradient(x[0]) * x[0]; },
           [](std::span<const Tensor> x) { return broadcast_apply([](const Real* a) { return a[0] * a[0]; }, x); })},
      {"cast", sample({real({2, 3})}, cast_to(DType::float64), converted(DType::float64)),
       sample({real({2, 3})}, cast_to(DType::float32), converted(DType::float32)),
       sample({real({2, 3}, -9, 9)}, cast_to(DType::int64), converted(DType::int64)),
       sample({real({2, 3})}, cast_to(DType::boolean), converted(DType::boolean)),
       sample({integer({4}, -2, 2)}, cast_to(DType::float32), converted(DType::float32)),
       sample({integer({4}, -2, 2)}, cast_to(DType::float64), converted(DType::float64)),
       sample({integer({4}, -2, 2)}, cast_to(DType::boolean), converted(DType::boolean)),
       sample({integer({4}, -2, 2)}, cast_to(DType::int64), converted(DType::int64)),
       sample({boolean({5})}, cast_to(DType::float64), converted(DType::float64)),
       sample({boolean({5})}, cast_to(DType::float32), converted(DType::float32)),
       sample({boolean({5})}, cast_to(DType::int64), converted(DType::int64)),
       sample({boolean({5})}, cast_to(DType::boolean), converted(DType::boolean))},
  };
}

}  // namespace xtape::test
