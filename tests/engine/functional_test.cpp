// Transforms of functions: against closed forms, nested, of several arguments, and what they refuse.
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include <xtape/control.hpp>
#include <xtape/custom_op.hpp>
#include <xtape/functional.hpp>
#include <xtape/vectorize.hpp>
#include <xtape/xtape.hpp>

#include "engine/derivative_cases.hpp"
#include "support/differences.hpp"

namespace xtape::test {

namespace {

Array matrix(std::vector<double> values, std::int64_t rows, std::int64_t columns) {
  return Array::from(values, Shape{rows, columns});
}

/// The function of Rosenbrock (1960), in any number of dimensions.
Var rosenbrock(const Var& x) {
  const Var head = slice(x, {Slice(0, -1)}), tail = slice(x, {Slice(1, Slice::kNone)});
  return sum(100.0 * square(tail - square(head)) + square(1.0 - head));
}

/// Ten layers of a small network.
Var network(const Var& x) {
  Var y = x;
  for (int layer = 1; layer <= 10; ++layer) y = tanh(y * (1 + 0.1 * layer) + 0.1 * roll(y, 1));
  return sum(y);
}

// ---- gradient and value_and_gradient

TEST(Functional, GradientOfTwoArguments) {
  const auto [dx, dy] = gradient([](const Var& x, const Var& y) { return sin(x) * y; })(0.5, 2.0);
  EXPECT_TRUE(near(dx, {2 * std::cos(0.5L)}, {}));
  EXPECT_TRUE(near(dy, {std::sin(0.5L)}, {}));
}

TEST(Functional, GradientForChosenArguments) {
  const auto f = [](const Var& weights, const Var& x, const Var& classes) {
    return sum(matmul(x, weights) * cast(classes, DType::float64));
  };
  const Array x = matrix({1, 2, 3, 4}, 2, 2), classes = Array::from<std::int64_t>({1, 0});
  const Array dw = gradient<0>(f)(vector({1, 1}), x, classes);
  EXPECT_TRUE(near(dw, {1, 2}, {2}));
  const auto [a, b] = gradient<1, 0>(f)(vector({1, 1}), x, classes);
  EXPECT_TRUE(near(a, {1, 1, 0, 0}, {2, 2}));
  EXPECT_TRUE(same_bits(b, dw));
}

TEST(Functional, ValueAndGradient) {
  const auto [value, derivative] = value_and_gradient([](const Var& x) { return sum(pow(x, 3)); })(vector({1, 2}));
  EXPECT_EQ(value.item<double>(), 9);
  EXPECT_TRUE(near(derivative, {3, 12}, {2}));
}

TEST(Functional, TakesParametersAndKeepsThem) {
  const Parameter w("w", vector({1, 2}));
  EXPECT_TRUE(near(gradient([](const Var& x) { return sum(square(x)); })(w), {2, 4}, {2}));
}

TEST(Functional, FollowsTheDtypeOfItsArguments) {
  const Array x = Array::from<float>({1, 2});
  const Array derivative = gradient([](const Var& v) { return sum(v * v); })(x);
  EXPECT_EQ(derivative.dtype(), DType::float32);
  EXPECT_EQ(gradient([](const Var& v) { return v * v; })(3.0F).dtype(), DType::float64) << "a number is float64";
}

TEST(Functional, WithAVarRecordsOnItsTape) {
  Tape tape;
  const Var x = tape.variable(0.7);
  const Var derivative = gradient([](const Var& v) { return exp(v); })(x);
  EXPECT_TRUE(tape.owns(derivative));
  EXPECT_TRUE(near(tape.gradient(derivative, x).value(), {std::exp(0.7L)}, {}));
}

TEST(Functional, NestsThreeDeep) {
  const auto f = [](const Var& x) { return sin(x) * exp(2.0 * x); };
  const auto third = gradient([&](const Var& a) { return gradient([&](const Var& b) { return gradient(f)(b); })(a); });
  // (e^{2x} sin x)''' = e^{2x} (2 sin x + 11 cos x)
  const Real x = 0.3L;
  EXPECT_TRUE(near(third(0.3), {std::exp(2 * x) * (2 * std::sin(x) + 11 * std::cos(x))}, {}, 1e-15L * 8));
}

TEST(Functional, CapturedVarsAreConstant) {
  // d/dx (x d/dy (x y) at y = x) = d/dx (x x)
  const auto f = [](const Var& x) { return x * gradient([&](const Var& y) { return x * y; })(x); };
  EXPECT_EQ(gradient(f)(3.0).item<double>(), 6);
  Tape tape;
  const Var x = tape.variable(3.0);
  EXPECT_EQ(gradient([&](const Var& y) { return x * y; })(x).item<double>(), 3);
}

// ---- vjp, jvp, directional derivatives

TEST(Functional, VjpAndJvpAreProductsWithTheJacobian) {
  const auto f = [](const Var& x, const Var& w) { return tanh(matmul(w, x)); };
  const Array x = vector({0.1, -0.4, 0.3}), w = matrix({1, 2, 3, 4, 5, 6}, 2, 3), u = vector({0.3, -2});
  const Array dx = vector({1, 0.5, -1}), dw = matrix({0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, 2, 3);
  const auto [y, products] = vjp(f, {x, w}, u);
  const auto [again, tangent] = jvp(f, {x, w}, {dx, dw});
  EXPECT_TRUE(same_bits(y, again));
  EXPECT_NEAR(static_cast<double>(test::dot(tensor_of(products[0]), tensor_of(dx)) +
                                  test::dot(tensor_of(products[1]), tensor_of(dw))),
              static_cast<double>(test::dot(tensor_of(u), tensor_of(tangent))), 1e-14);
}

TEST(Functional, JvpIsADifferenceQuotient) {
  const auto f = [](const Var& x) { return cumsum(exp(x) * sin(x), 0); };
  const Array x = vector({0.2, 0.5, -1}), v = vector({1, -2, 0.5});
  const auto [y, tangent] = jvp(f, x, v);
  // sum of e^x (sin x + cos x) v
  std::vector<Real> expected;
  Real sum = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const Real at = static_cast<Real>(x.values<double>()[i]);
    sum += std::exp(at) * (std::sin(at) + std::cos(at)) * static_cast<Real>(v.values<double>()[i]);
    expected.push_back(sum);
  }
  EXPECT_TRUE(near(tangent, expected, {3}));
}

TEST(Functional, VjpOfOneArgument) {
  const auto [y, product] = vjp([](const Var& x) { return square(x); }, vector({1, 2}), vector({3, 4}));
  EXPECT_TRUE(near(y, {1, 4}, {2}));
  EXPECT_TRUE(near(product, {6, 16}, {2}));
}

TEST(Functional, DirectionalDerivativeIsTheProjectionOfTheGradient) {
  const auto f = [](const Var& x) { return sum(x * x * x); };
  const Array x = vector({1, 2}), d = vector({3, 4}), back = vector({-3, -4});
  const Array slope = directional_derivative(f, x, d);
  EXPECT_TRUE(near(slope, {(3 * 3 + 12 * 4) / 5.0L}, {}));
  EXPECT_EQ(directional_derivative(f, x, back).item<double>(), -slope.item<double>());
}

TEST(Functional, ADirectionOfSeveralArgumentsHasOneLength) {
  const auto f = [](const Var& x, const Var& y) { return x * y; };
  EXPECT_TRUE(near(directional_derivative(f, {2.0, 5.0}, {3.0, 4.0}), {(5 * 3 + 2 * 4) / 5.0L}, {}));
}

TEST(Functional, ADirectionWithoutLengthIsAnError) {
  const auto f = [](const Var& x) { return sum(x); };
  const auto at = [&](double d) {
    return message_of<ValueError>([&] { directional_derivative(f, vector({1, 2}), vector({0, d})); });
  };
  EXPECT_TRUE(contains(at(0), {"directional_derivative: the direction's length is 0"}));
  EXPECT_TRUE(contains(at(HUGE_VAL), {"length is inf"}));
  EXPECT_TRUE(contains(at(std::nan("")), {"length is nan"}));
}

// ---- Jacobians, Hessians and traces

TEST(Functional, JacobianHasTheShapeOfBoth) {
  const auto f = [](const Var& x) { return stack({x * sum(x), square(x)}); };  // (2, 3)
  const Array j = jacobian(f)(vector({1, 2, 3}));
  std::vector<Real> expected;
  for (int i = 0; i < 3; ++i)
    for (int k = 0; k < 3; ++k) expected.push_back(i + 1 + (i == k ? 6 : 0));
  for (int i = 0; i < 3; ++i)
    for (int k = 0; k < 3; ++k) expected.push_back(i == k ? 2 * (i + 1) : 0);
  EXPECT_TRUE(near(j, expected, {2, 3, 3}));
}

TEST(Functional, JacobianByTangentsEqualsThatByCotangents) {
  const auto wide = [](const Var& x) { return matmul(x, matrix({1, 2, 3, 4, 5, 6}, 2, 3)) * exp(sum(x)); };
  const auto both = [&](const Var& x) { return concatenate({x, x}); };
  const Array x = vector({0.1, 0.2});
  const Array by_tangents = jacobian(wide)(x);  // (3, 2)
  const Array by_cotangents = jacobian([&](const Var& twice) { return wide(slice(twice, {Slice(0, 2)})); })(
      vector({0.1, 0.2, 0, 0}));  // (3, 4)
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < 2; ++k)
      EXPECT_NEAR(by_tangents.values<double>()[2 * i + k], by_cotangents.values<double>()[4 * i + k], 1e-13);
  EXPECT_TRUE(near(jacobian(both)(x), {1, 0, 0, 1, 1, 0, 0, 1}, {4, 2}));
}

TEST(Functional, JacobiansOfSeveralArguments) {
  const auto f = [](const Var& a, const Var& b) { return a * b; };
  const auto [da, db] = jacobian(f)(vector({1, 2}), 3.0);
  EXPECT_TRUE(near(da, {3, 0, 0, 3}, {2, 2}));
  EXPECT_TRUE(near(db, {1, 2}, {2}));
}

TEST(Functional, JacobianOfScalarsIsAScalar) {
  EXPECT_TRUE(near(jacobian([](const Var& x) { return sin(x); })(0.4), {std::cos(0.4L)}, {}));
}

TEST(Functional, HessianOfAQuadraticForm) {
  const Array a = matrix({2, 1, 0, 3}, 2, 2);
  const auto f = [&](const Var& x) { return sum(x * matmul(a, x)); };
  EXPECT_TRUE(near(hessian(f)(vector({5, -1})), {4, 1, 1, 6}, {2, 2}));
}

TEST(Functional, HessianOfRosenbrockAndOfItsThirdOrder) {
  const std::vector<double> x{-1.2, 1};
  // H = [[1200 x^2 - 400 y + 2, -400 x], [-400 x, 200]]
  EXPECT_TRUE(near(hessian(rosenbrock)(vector(x)), {1200 * 1.44L - 400 + 2, 480, 480, 200}, {2, 2}));
  const Array third = jacobian([](const Var& v) { return hessian(rosenbrock)(v); })(vector(x));
  EXPECT_TRUE(near(third, {2400 * -1.2L, -400, -400, 0, -400, 0, 0, 0}, {2, 2, 2}, 1e-12L));
}

TEST(Functional, HessianOfSeveralArgumentsInBlocks) {
  const auto f = [](const Var& x, const Var& y) { return sum(square(x)) * y * y; };
  const auto blocks = hessian(f)(vector({1, 2}), 3.0);
  EXPECT_TRUE(near(blocks[0][0], {18, 0, 0, 18}, {2, 2}));
  EXPECT_TRUE(near(blocks[0][1], {12, 24}, {2}));
  EXPECT_TRUE(near(blocks[1][0], {12, 24}, {2}));
  EXPECT_TRUE(near(blocks[1][1], {10}, {}));
}

TEST(Functional, HessianVectorProductsNeedNoHessian) {
  const Array x = vector({-1.2, 1, 0.4, 2}), v = vector({1, -1, 2, 0.5});
  const Array h = hessian(rosenbrock)(x), product = hessian_vector_product(rosenbrock, x, v);
  for (std::size_t i = 0; i < 4; ++i) {
    double expected = 0;
    for (std::size_t k = 0; k < 4; ++k) expected += h.values<double>()[4 * i + k] * v.values<double>()[k];
    EXPECT_NEAR(product.values<double>()[i], expected, 1e-10);
  }
  const auto f = [](const Var& a, const Var& b) { return a * a * b; };
  const auto [first, second] = hessian_vector_product(f, {2.0, 3.0}, {1.0, 10.0});
  EXPECT_EQ(first.item<double>(), 6 + 40);
  EXPECT_EQ(second.item<double>(), 4);
}

TEST(Functional, TracesOfJacobianAndHessian) {
  const Array x = vector({0.1, 0.2, 0.3});
  EXPECT_TRUE(near(laplacian([](const Var& v) { return sum(exp(v)) * 2.0; })(x),
                   {2 * (std::exp(0.1L) + std::exp(0.2L) + std::exp(0.3L))}, {}));
  // 1 / r is harmonic in three dimensions.
  EXPECT_NEAR(laplacian([](const Var& v) { return 1.0 / norm(v); })(x).item<double>(), 0, 1e-11);
  EXPECT_TRUE(near(divergence([](const Var& v) { return v * sum(v); })(x), {3 * 0.6L + 0.6L}, {}));
  EXPECT_TRUE(near(laplacian([](const Var& a, const Var& b) { return a * a * b * b; })(2.0, 3.0), {18 + 8}, {}));
}

TEST(Functional, OfNothingGivesNothing) {
  const Array none = Array::zeros(Shape{0});
  const auto f = [](const Var& x) { return sum(exp(x)); };
  EXPECT_EQ(gradient(f)(none).shape(), Shape{0});
  EXPECT_EQ(hessian(f)(none).shape(), (Shape{0, 0}));
  EXPECT_EQ(jacobian([](const Var& x) { return x * 2.0; })(none).shape(), (Shape{0, 0}));
  EXPECT_EQ(laplacian(f)(none).item<double>(), 0);
}

// ---- Taylor

TEST(Taylor, OfElementaryFunctions) {
  const auto coefficients = [](auto f, double x, int order) { return taylor(f, x, 1.0, order); };
  std::vector<Real> exponential{1};
  for (int k = 1; k <= 8; ++k) exponential.push_back(exponential.back() / k);
  EXPECT_TRUE(near(coefficients([](const Var& x) { return exp(x); }, 0, 8), exponential, {9}));
  EXPECT_TRUE(near(coefficients([](const Var& x) { return 1.0 / (1.0 - x); }, 0, 6), {1, 1, 1, 1, 1, 1, 1}, {7}));
  EXPECT_TRUE(
      near(coefficients([](const Var& x) { return log1p(x); }, 0, 5), {0, 1, -1 / 2.0L, 1 / 3.0L, -0.25L, 0.2L}, {6}));
  EXPECT_TRUE(near(coefficients([](const Var& x) { return tanh(x); }, 0, 7),
                   {0, 1, 0, -1 / 3.0L, 0, 2 / 15.0L, 0, -17 / 315.0L}, {8}));
  EXPECT_TRUE(
      near(coefficients([](const Var& x) { return sqrt(x); }, 1, 4), {1, 0.5L, -0.125L, 0.0625L, -0.0390625L}, {5}));
  EXPECT_TRUE(near(coefficients([](const Var& x) { return pow(x, 3); }, 2, 5), {8, 12, 6, 1, 0, 0}, {6}));
}

TEST(Taylor, OfAQuotientOfWhatVaries) {
  // The Bernoulli numbers over k!.
  const Array c = taylor([](const Var& x) { return x / expm1(x); }, 1.0, 1.0, 4);
  const Array shifted = taylor([](const Var& x) { return expm1(x) * (x / expm1(x)); }, 1.0, 1.0, 4);
  EXPECT_TRUE(near(shifted, {1, 1, 0, 0, 0}, {5}));
  EXPECT_TRUE(holds([](const Var& x) { return x / expm1(x); }, Array(1.0), 2));
  EXPECT_EQ(c.shape(), Shape{5});
}

TEST(Taylor, AlongALineOfRosenbrock) {
  // On the line (-1.2 + t, 1 + 2 t) the function is a polynomial of degree 4.
  const Array c = taylor(rosenbrock, vector({-1.2, 1}), vector({1, 2}), 6);
  // y - x^2 = -0.44 + 4.4 t - t^2, 1 - x = 2.2 - t
  EXPECT_TRUE(
      near(c, {100 * 0.1936L + 4.84L, 100 * -3.872L - 4.4L, 100 * (19.36L + 0.88L) + 1, -880, 100, 0, 0}, {7}, 1e-12L));
}

TEST(Taylor, OfTensorsStandsAlongTheFirstAxis) {
  const Array c = taylor([](const Var& x) { return exp(x); }, vector({0, 1}), vector({1, 2}), 2);
  const Real e = std::exp(1.0L);
  EXPECT_TRUE(near(c, {1, e, 1, 2 * e, 0.5L, 2 * e}, {3, 2}));
}

TEST(Taylor, OfSeveralArguments) {
  const Array c = taylor([](const Var& x, const Var& y) { return x * y; }, {2.0, 3.0}, {5.0, 7.0}, 3);
  EXPECT_TRUE(near(c, {6, 29, 35, 0}, {4}));
}

TEST(Taylor, OfANetworkAgreesWithNestedDerivatives) {
  const Array x = vector({0.3, -0.2, 0.5, 0.1}), d = vector({1, 0.5, -1, 2});
  const Array c = taylor(network, x, d, 3);
  const auto along = [&](const Var& t) { return network(x + t * d); };
  const auto first = gradient(along);
  const auto second = gradient([&](const Var& t) { return first(t); });
  const auto third = gradient([&](const Var& t) { return second(t); });
  const Real expected[] = {static_cast<Real>(first(0.0).item<double>()),
                           static_cast<Real>(second(0.0).item<double>()) / 2,
                           static_cast<Real>(third(0.0).item<double>()) / 6};
  for (std::size_t k = 1; k <= 3; ++k) EXPECT_NEAR(c.values<double>()[k], static_cast<double>(expected[k - 1]), 1e-11);
}

TEST(Taylor, NodesGrowWithTheSquareOfTheOrder) {
  const auto nodes = [](int order) {
    Tape tape;
    const Var x = tape.variable(0.3);
    taylor([](const Var& v) { return exp(sin(v)) / (1.0 + v * v) * log(2.0 + v); }, x, tape.variable(1.0), order);
    return static_cast<double>(tape.size());
  };
  EXPECT_LT(nodes(32), 5 * nodes(16));
}

TEST(Taylor, IsDifferentiable) {
  // d/dx of the second coefficient of exp is exp / 2.
  const auto f = [](const Var& x) { return slice(taylor([](const Var& v) { return exp(v); }, x, 1.0, 2), {2}); };
  EXPECT_TRUE(near(gradient(f)(0.4), {std::exp(0.4L) / 2}, {}));
}

TEST(Taylor, PolynomialsAreEvaluated) {
  EXPECT_EQ(taylor_polynomial(vector({1, 2, 3}), 2.0).item<double>(), 1 + 4 + 12);
  EXPECT_TRUE(near(taylor_polynomial(vector({1, 2, 3}), vector({0, 1, 2})), {1, 6, 17}, {3}));
  EXPECT_TRUE(near(taylor_polynomial(matrix({1, 2, 3, 4}, 2, 2), 10.0), {31, 42}, {2}));
  const Array c = taylor([](const Var& x) { return cos(x); }, 0.5, 1.0, 12);
  EXPECT_NEAR(taylor_polynomial(c, 0.25).item<double>(), std::cos(0.75), 1e-15);
}

// ---- What is refused

TEST(Functional, RefusesWhatIsNoFunctionOfItsArguments) {
  Tape other;
  const Var foreign = other.variable(1.0);
  EXPECT_TRUE(contains(message_of<ValueError>([&] { gradient([&](const Var&) { return foreign; })(1.0); }),
                       {"gradient: the function's result is a Var of another tape"}));
  EXPECT_TRUE(contains(message_of<ValueError>([&] { gradient([&](const Var& x) { return x * foreign; })(1.0); }),
                       {"multiply: the operands are Vars of two tapes"}));
  EXPECT_TRUE(contains(message_of<ValueError>([] { gradient([](const Var&) { return Var(); })(1.0); }),
                       {"gradient: the function's result is a Var that is empty or of a tape that is gone"}));
}

TEST(Functional, RefusesWrongShapes) {
  const auto twice = [](const Var& x) { return x * 2.0; };
  const Array x = vector({1, 2}), long_one = vector({1, 2, 3});
  EXPECT_TRUE(contains(message_of<ShapeError>([&] { gradient(twice)(x); }),
                       {"gradient: the function gives [2], it must give a scalar"}));
  EXPECT_TRUE(contains(message_of<ShapeError>([&] { hessian(twice)(x); }), {"hessian: the function gives [2]"}));
  EXPECT_TRUE(contains(message_of<ShapeError>([&] { laplacian(twice)(x); }), {"laplacian: the function gives [2]"}));
  EXPECT_TRUE(
      contains(message_of<ShapeError>([&] { hessian_vector_product(twice, x, x); }), {"it must give a scalar"}));
  EXPECT_TRUE(contains(message_of<ShapeError>([&] { jvp(twice, x, long_one); }),
                       {"jvp: the vector for argument 0 is [3], the argument [2]"}));
  EXPECT_TRUE(contains(message_of<ShapeError>([&] { vjp(twice, x, long_one); }),
                       {"vjp: the cotangent is [3], the function gives [2]"}));
  EXPECT_TRUE(contains(message_of<ShapeError>([&] { divergence([](const Var& v) { return sum(v); })(x); }),
                       {"divergence: the function gives [] for an argument [2]"}));
  EXPECT_TRUE(contains(message_of<ShapeError>([&] { taylor_polynomial(2.0, 1.0); }),
                       {"taylor_polynomial: the coefficients are []"}));
}

TEST(Functional, RefusesWhatHasNoDerivative) {
  const auto f = [](const Var& x) { return sum(cast(x, DType::float64)); };
  const Array counts = Array::from<std::int64_t>({1, 2});
  EXPECT_TRUE(contains(message_of<DTypeError>([&] { gradient(f)(counts); }),
                       {"gradient: argument 0 is int64, only float32 and float64 have derivatives"}));
  EXPECT_TRUE(contains(message_of<DTypeError>([&] { gradient([](const Var& x) { return x > 0.0; })(1.0); }),
                       {"gradient: the function gives bool"}));
  EXPECT_TRUE(contains(message_of<DTypeError>([&] {
                         jvp(f, vector({1, 2}), Array::from<float>({1, 2}));
                       }),
                       {"jvp: the vector for argument 0 is float32, the argument float64"}));
  EXPECT_TRUE(contains(message_of<ValueError>([&] { taylor(f, vector({1}), vector({1}), -1); }),
                       {"taylor: the order is -1, it must not be negative"}));
}

TEST(Functional, RefusesForwardDerivativesOfRulesThatHaveNone) {
  const CustomOp opaque(
      "doubled", [](std::span<const Array> x) { return Array(2 * x[0].item<double>()); },
      [](std::span<const Array>, const Array&, const Array& cotangent) {
        return std::vector<Array>{Array(2 * cotangent.item<double>())};
      });
  const auto f = [&](const Var& x) { return opaque(x); };
  EXPECT_EQ(gradient(f)(3.0).item<double>(), 2);
  EXPECT_TRUE(contains(message_of<ValueError>([&] { jvp(f, 3.0, 1.0); }), {"doubled: it has no second derivative"}));
  const CustomOp clipped(
      "clipped", [](std::span<const Var> x) { return x[0] * 1.0; },
      [](std::span<const Var>, const Var&, const Var& cotangent) {
        return std::vector<Var>{clip(cotangent, -1.0, 1.0)};
      });
  EXPECT_TRUE(contains(message_of<ValueError>([&] { jvp([&](const Var& x) { return clipped(x); }, 3.0, 1.0); }),
                       {"jvp: the rule of a custom op is not linear in its cotangent"}));
}

TEST(Functional, ArgumentsHaveValuesToBranchOn) {
  const auto f = [](const Var& x) { return x > 0.0 ? x * 2.0 : -x; };
  EXPECT_EQ(gradient(f)(1.0).item<double>(), 2);
  EXPECT_EQ(gradient(f)(-1.0).item<double>(), -1);
}

TEST(Functional, DerivativesHaveTheDtypeOfTheValue) {
  const auto narrow = [](const Var& x) { return 2.0 * cast(x, DType::float32); };
  const auto tall = [&](const Var& x) { return concatenate({narrow(x), narrow(x)}, 0); };
  const Array x = vector({1, 2}), few = Array::from<float>({1, 2});
  const Array square = jacobian(narrow)(x);
  EXPECT_EQ(square.dtype(), DType::float32) << "by cotangents";
  const auto values = square.values<float>();
  EXPECT_EQ(std::vector<float>(values.begin(), values.end()), (std::vector<float>{2, 0, 0, 2}));
  EXPECT_EQ(jacobian(tall)(x).dtype(), DType::float32) << "by tangents";
  EXPECT_EQ(jacobian([](const Var& v) { return cast(v, DType::float64); })(few).dtype(), DType::float64);
  EXPECT_EQ(divergence(narrow)(x).dtype(), DType::float32);
  EXPECT_EQ(divergence(narrow)(x).item<float>(), 4);
  const auto cubes = [](const Var& v) { return cast(sum(v * v * v), DType::float32); };
  EXPECT_EQ(directional_derivative(cubes, x, vector({0, 5})).item<float>(), 12);
  EXPECT_EQ(laplacian(cubes)(x).item<float>(), 18);
}

TEST(Functional, ArgumentsOfSeveralDtypes) {
  const Array x = vector({1, 2}), w = Array::from<float>({1, 2});
  const auto f = [](const Var& a, const Var& b) { return sum(a * a) * cast(sum(b * b), DType::float64); };
  const auto slope = [&](Array dx, Array dw) { return directional_derivative(f, {x, w}, {dx, dw}).item<double>(); };
  EXPECT_EQ(slope(vector({1, 0}), Array::from<float>({0, 0})), 10);
  EXPECT_NEAR(slope(vector({3, 0}), Array::from<float>({0, 4})), (3 * 10 + 4 * 20) / 5.0, 1e-13);
  EXPECT_EQ(jvp(f, {x, w}, {vector({3, 0}), Array::from<float>({0, 4})}).derivative.item<double>(), 110);
  EXPECT_EQ(laplacian(f)(x, w).item<double>(), 40);
}

TEST(Functional, DirectionalDerivativesOfABatch) {
  const auto slope = [](const Var& x, const Var& d) {
    return directional_derivative([](const Var& v) { return sum(v * v); }, x, d);
  };
  EXPECT_TRUE(near(vectorize(slope)(matrix({1, 2, 3, 4}, 2, 2), matrix({1, 0, 0, 2}, 2, 2)), {2, 8}, {2}));
  const std::string message = message_of<ValueError>([&] {
    vectorize(slope)(matrix({1, 2, 3, 4}, 2, 2), matrix({1, 0, 0, 0}, 2, 2));
  });
  EXPECT_TRUE(contains(message, {"the direction's length is 0", "functional_test.cpp"}));
}

TEST(Functional, IntegerArgumentsAreNamedBeforeTheFunctionIsCalled) {
  const auto cube = [](const Var& x) { return x * x * x; };
  const std::string expected = ": argument 0 is int64, only float32 and float64 have derivatives";
  EXPECT_EQ(message_of<DTypeError>([&] { gradient(cube)(2); }), "gradient" + expected);
  EXPECT_EQ(message_of<DTypeError>([&] { jacobian(cube)(2); }), "jacobian" + expected);
  EXPECT_EQ(message_of<DTypeError>([&] { hessian(cube)(2); }), "hessian" + expected);
  EXPECT_EQ(message_of<DTypeError>([&] { laplacian(cube)(2); }), "laplacian" + expected);
  EXPECT_EQ(message_of<DTypeError>([&] { divergence(cube)(2); }), "divergence" + expected);
  EXPECT_EQ(message_of<DTypeError>([&] { vjp(cube, 2, 1.0); }), "vjp" + expected);
}

TEST(Taylor, NumbersTakeTheDtypeOfTheCoefficients) {
  EXPECT_EQ(taylor_polynomial(vector({1, 2, 3}), 2).item<double>(), 17);
  EXPECT_EQ(taylor_polynomial(Array::from<float>({1, 2}), 0.5).item<float>(), 2);
}

TEST(Taylor, ASingleCoefficientBroadcasts) {
  EXPECT_TRUE(near(taylor_polynomial(vector({3}), vector({0, 1, 2})), {3, 3, 3}, {3}));
  EXPECT_TRUE(contains(message_of<ShapeError>([&] {
                         taylor_polynomial(matrix({1, 2}, 1, 2), vector({0, 1, 2}));
                       }),
                       {"taylor_polynomial: cannot broadcast [2] with [3]"}));
}

TEST(Taylor, RefusesRulesThatAreNotLinear) {
  const auto f =
      custom_gradient([](const Var& x) { return x * x; },
                      [](std::span<const Var>, const Var&, const Var& u) { return std::vector<Var>{u * u}; });
  EXPECT_TRUE(contains(message_of<ValueError>([&] { taylor(f, 3.0, 1.0, 2); }),
                       {"taylor: the rule of a custom op is not linear in its cotangent"}));
}

}  // namespace

}  // namespace xtape::test
