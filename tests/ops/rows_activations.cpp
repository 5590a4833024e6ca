// Rows of the activations.
#include <cmath>
#include <numbers>

#include "ops/reference.hpp"
#include "ops/row.hpp"

namespace xtape::test {

namespace {

Real sigmoid_of(Real x) { return 1 / (1 + std::exp(-x)); }
Real elu_of(Real x, Real alpha) { return x > 0 ? x : alpha * std::expm1(x); }

/// The limit 0 at -inf, where x is infinite.
Real at_least_zero(Real x, Real y) { return x == -kInf ? 0 : y; }

Real gelu_of(Real x) { return at_least_zero(x, x * std::erfc(-x / std::numbers::sqrt2_v<Real>) / 2); }
Real tanh_gelu_of(Real x) {
  const Real u = std::sqrt(2 / std::numbers::pi_v<Real>) * (x + Real{0.044715} * x * x * x);
  return at_least_zero(x, x * sigmoid_of(2 * u));
}
Real mish_of(Real x) {
  const Real softplus = std::isnan(x) ? x : std::fmax(x, Real{0}) + std::log1p(std::exp(-std::abs(x)));
  return at_least_zero(x, x * std::tanh(softplus));
}
Real clipped(Real x, Real low, Real high) { return x <= low ? low : x >= high ? high : x; }

#define FUNCTION(expression) function([](const Real* x) -> Real { return expression; })

Build call_glu(int axis) {
  return [axis](std::span<const Var> x) { return glu(x[0], axis); };
}

/// One half of an axis times sigmoid of the other.
Reference glu_along(std::size_t axis) {
  return [axis](std::span<const Tensor> x) {
    Shape shape = x[0].shape;
    const std::int64_t middle = shape[axis] /= 2;
    Tensor result = gathered(x[0], shape, [](const Index& index) { return index; });
    const Tensor gate = gathered(x[0], shape, [=](Index index) {
      index[axis] += middle;
      return index;
    });
    for (std::size_t i = 0; i < gate.elements.size(); ++i) result.elements[i] *= sigmoid_of(gate.elements[i]);
    return result;
  };
}

}  // namespace

std::vector<Row> activation_rows() {
  const auto points = special({0, -0.0L, 1, -1, 3, -3, 6, -6, 37, -37, 100, -100, 750, -750, kInf, -kInf, kNaN});
  return {
      {"leaky_relu", unary([](const Operand& x) { return leaky_relu(x, 0.25); }), points,
       FUNCTION(x[0] > 0 ? x[0] : x[0] / 4), ulp(1),
       sample({real({2, 3}), real({3}, 0, 1)}, [](std::span<const Var> x) { return leaky_relu(x[0], x[1]); })},
      {"elu", unary([](const Operand& x) { return elu(x); }), points, FUNCTION(elu_of(x[0], 1)), ulp(2),
       sample({real({2, 3}), real({3}, 0, 1)}, [](std::span<const Var> x) { return elu(x[0], x[1]); })},
      {"selu", unary(selu), points,
       FUNCTION(1.0507009873554804934193349852946L * elu_of(x[0], 1.6732632423543772848170429916717L)),
       ulp_and_condition(4)},
      {"gelu", unary([](const Operand& x) { return gelu(x); }), points, FUNCTION(gelu_of(x[0])), ulp_and_condition(4),
       any_zero()},
      {"gelu_tanh", called("gelu"), unary([](const Operand& x) { return gelu(x, true); }), points,
       FUNCTION(tanh_gelu_of(x[0])), ulp_and_condition(4, 2), any_zero()},
      {"silu", unary(silu), points, FUNCTION(at_least_zero(x[0], x[0] * sigmoid_of(x[0]))), ulp_and_condition(4),
       any_zero()},
      {"mish", unary(mish), points, FUNCTION(mish_of(x[0])), ulp_and_condition(4), any_zero()},
      {"softsign", unary(softsign), points, ulp(2)},
      {"relu6", unary(relu6), points, FUNCTION(clipped(x[0], 0, 6)), ulp(0.5L), any_zero()},
      {"hard_tanh", unary([](const Operand& x) { return hard_tanh(x); }), points, FUNCTION(clipped(x[0], -1, 1)),
       ulp(0.5L), sample({real({9})}, [](std::span<const Var> x) { return hard_tanh(x[0], -0.5, 1.5); })},
      {"hard_sigmoid", unary(hard_sigmoid), domain(-5, 5), points, FUNCTION(clipped(x[0] + 3, 0, 6) / 6),
       ulp_and_condition(4)},
      {"glu", sample({real({2, 6})}, call_glu(-1), glu_along(1)), sample({real({4, 3})}, call_glu(0), glu_along(0)),
       sample({real({2, 2, 3})}, call_glu(-2), glu_along(1)), sample({real({2, 0})}, call_glu(1), glu_along(1)),
       fails<ShapeError>({real({2, 3})}, call_glu(-1), {"glu", "[2, 3]", "odd"}),
       fails<ShapeError>({real({2, 4})}, call_glu(2), {"glu", "axis 2"}),
       fails<DTypeError>({integer({4}, 0, 5)}, call_glu(0), {"glu", "int64"})},
  };
}

}  // namespace xtape::test
