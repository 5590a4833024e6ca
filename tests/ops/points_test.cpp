// Values and gradients where calculus is silent: docs/numerics.md, line by line.
#include <cmath>
#include <numbers>
#include <string>

#include <gtest/gtest.h>

#include "ops/row.hpp"

namespace xtape::test {

namespace {

using Vars = std::span<const Var>;
using Numbers = std::vector<Real>;

constexpr Real kLn2 = std::numbers::ln2_v<Real>;

struct Point {
  std::string name;
  std::vector<Numbers> inputs;
  Build build;
  Numbers value;
  std::vector<Numbers> gradients;  ///< for each input, of sum(cotangent * value)
  Real cotangent = 1;
  Real condition = 1;  ///< by which rounding errors grow
};

Real logistic(Real x) { return 1 / (1 + std::exp(-x)); }

Var at_least_log(Vars x) { return where(x[0] > 0, log(x[0]), 0); }
Var norm2(Vars x) { return sqrt(sum(square(x[0]))); }
Var deviation(Vars x) { return sqrt(mean(square(x[0] - mean(x[0])))); }

template <auto op>
Var one(Vars x) {
  return static_cast<Var (*)(const Operand&)>(op)(x[0]);
}
template <auto op>
Var two(Vars x) {
  return static_cast<Var (*)(const Operand&, const Operand&)>(op)(x[0], x[1]);
}
template <auto op>
Var over_all(Vars x) {
  return op(x[0], Axes(), false);
}

Build bce(double target) {
  return [target](Vars x) {
    const Array targets = cast(x[0] * 0 + target, x[0].dtype()).value();
    return binary_cross_entropy_with_logits(x[0], targets);
  };
}

Build to_the(double exponent) {
  return [exponent](Vars x) { return power(x[0], exponent); };
}

std::vector<Point> kinks_and_ties() {
  return {
      {"abs at 0", {{0, -0.0L, -3, 2}}, one<abs>, {0, 0, 3, 2}, {{0, 0, -1, 1}}},
      {"relu at 0", {{0, -0.0L, -3, 2}}, one<relu>, {0, 0, 0, 2}, {{0, 0, 0, 1}}},
      {"sign", {{0, -3, 2}}, one<sign>, {0, -1, 1}, {{0, 0, 0}}},
      {"maximum at a tie", {{2, 3, 1}, {2, 1, 3}}, two<maximum>, {2, 3, 3}, {{0.5L, 1, 0}, {0.5L, 0, 1}}},
      {"minimum at a tie", {{2, 3, 1}, {2, 1, 3}}, two<minimum>, {2, 1, 1}, {{0.5L, 0, 1}, {0.5L, 1, 0}}},
      {"maximum of one leaf with itself", {{2}}, [](Vars x) { return maximum(x[0], x[0]); }, {2}, {{1}}},
      {"max with ties", {{2, 2, 1}}, over_all<max>, {2}, {{0.5L, 0.5L, 0}}},
      {"min with ties", {{1, 2, 1, 1}}, over_all<min>, {1}, {{1 / Real{3}, 0, 1 / Real{3}, 1 / Real{3}}}},
      {"max with infinite ties", {{kInf, kInf, 1}}, over_all<max>, {kInf}, {{0.5L, 0.5L, 0}}},
      {"x + x", {{3}}, [](Vars x) { return x[0] + x[0]; }, {6}, {{2}}},
      {"x * x", {{3}}, [](Vars x) { return x[0] * x[0]; }, {9}, {{6}}},
      {"take with a repeated index",
       {{5, 6, 7}},
       [](Vars x) {
         return take(x[0], Array::from<std::int64_t>({1, 1, 0, 1}), 0);
       },
       {6, 6, 5, 6},
       {{1, 3, 0}}},
      {"take_along_axis with a repeated index",
       {{5, 6, 7}},
       [](Vars x) {
         return take_along_axis(x[0], Array::from<std::int64_t>({-1, 2, 0}), 0);
       },
       {7, 7, 5},
       {{1, 0, 2}}},
  };
}

std::vector<Point> not_a_number() {
  return {
      {"maximum with NaN first", {{kNaN}, {1}}, two<maximum>, {kNaN}, {{kNaN}, {kNaN}}},
      {"maximum with NaN second", {{1}, {kNaN}}, two<maximum>, {kNaN}, {{kNaN}, {kNaN}}},
      {"minimum with NaN first", {{kNaN}, {1}}, two<minimum>, {kNaN}, {{kNaN}, {kNaN}}},
      {"minimum with NaN second", {{1}, {kNaN}}, two<minimum>, {kNaN}, {{kNaN}, {kNaN}}},
      {"relu of NaN", {{kNaN}}, one<relu>, {kNaN}, {{kNaN}}},
      {"sign of NaN", {{kNaN}}, one<sign>, {kNaN}, {{0}}},
      {"max with NaN first", {{kNaN, 1, 2}}, over_all<max>, {kNaN}, {{kNaN, kNaN, kNaN}}},
      {"max with NaN last", {{1, 2, kNaN}}, over_all<max>, {kNaN}, {{kNaN, kNaN, kNaN}}},
      {"min with NaN", {{1, kNaN, 2}}, over_all<min>, {kNaN}, {{kNaN, kNaN, kNaN}}},
      {"softmax of all -inf", {{-kInf, -kInf}}, [](Vars x) { return softmax(x[0]); }, {kNaN, kNaN}, {{kNaN, kNaN}}},
      {"softmax with +inf", {{kInf, 0}}, [](Vars x) { return softmax(x[0]); }, {kNaN, kNaN}, {{kNaN, kNaN}}},
      {"contractions follow IEEE", {{0, 1}, {kInf, 1}}, two<matmul>, {kNaN}, {{kInf, 1}, {0, 1}}},
  };
}

std::vector<Point> strong_zeros() {
  return {
      {"where of log at 0", {{0}}, at_least_log, {0}, {{0}}},
      {"where of exp at 1000", {{1000}}, [](Vars x) { return where(x[0] <= 0, exp(x[0]), 1 + x[0]); }, {1001}, {{1}}},
      {"sqrt at 0", {{0}}, one<sqrt>, {0}, {{kInf}}},
      {"sqrt at 0 with cotangent 0", {{0}}, one<sqrt>, {0}, {{0}}, 0},
      {"log at 0", {{0}}, one<log>, {-kInf}, {{kInf}}},
      {"log at 0 with cotangent 0", {{0}}, one<log>, {-kInf}, {{0}}, 0},
      {"0 times inf", {{0}, {kInf}}, two<multiply>, {kNaN}, {{kInf}, {0}}},
      {"multiply by inf with cotangent 0", {{1}, {kInf}}, two<multiply>, {kInf}, {{0}, {0}}, 0},
      {"multiply by NaN with cotangent 0", {{1}, {kNaN}}, two<multiply>, {kNaN}, {{0}, {0}}, 0},
      {"divide by 0 with cotangent 0", {{1}, {0}}, two<divide>, {kInf}, {{0}, {0}}, 0},
      {"0 divided by 0 with cotangent 0", {{0}, {0}}, two<divide>, {kNaN}, {{0}, {0}}, 0},
      {"norm of a zero vector", {{0, 0, 0}}, norm2, {0}, {{0, 0, 0}}},
      {"squared norm of a zero vector", {{0, 0, 0}}, [](Vars x) { return sum(square(x[0])); }, {0}, {{0, 0, 0}}},
      {"deviation of a constant vector", {{2, 2, 2, 2}}, deviation, {0}, {{0, 0, 0, 0}}},
  };
}

std::vector<Point> saturations() {
  const Real p = logistic(1);
  return {
      {"softplus at 0", {{0}}, one<softplus>, {kLn2}, {{0.5L}}},
      {"log_sigmoid at 0", {{0}}, one<log_sigmoid>, {-kLn2}, {{0.5L}}},
      {"softplus far out", {{1000, -1000}}, one<softplus>, {1000, 0}, {{1, 0}}},
      {"log_sigmoid far out", {{1000, -1000}}, one<log_sigmoid>, {0, -1000}, {{0, 1}}},
      {"sigmoid far out", {{800, -800}}, one<sigmoid>, {1, 0}, {{0, 0}}},
      {"cross-entropy at 0 against 0", {{0}}, bce(0), {kLn2}, {{0.5L}}},
      {"cross-entropy at 0 against 1", {{0}}, bce(1), {kLn2}, {{-0.5L}}},
      {"cross-entropy at 0 against 0.25", {{0}}, bce(0.25), {kLn2}, {{0.25L}}},
      {"cross-entropy far out, right", {{1000}}, bce(1), {0}, {{0}}},
      {"cross-entropy far out, wrong", {{-1000}}, bce(1), {1000}, {{-1}}},
      {"softmax of large logits",
       {{1000, 1001}},
       [](Vars x) {
         return softmax(x[0]) * Array{1, 2};
       },
       {1 - p, 2 * p},
       {{-p * (1 - p), p * (1 - p)}}},
      {"log_softmax of large logits",
       {{1000, 1001}},
       [](Vars x) { return sum(log_softmax(x[0])); },
       {std::log(p) + std::log(1 - p)},
       {{1 - 2 * (1 - p), 1 - 2 * p}}},
      {"logsumexp with -inf", {{-kInf, 3}}, over_all<logsumexp>, {3}, {{0, 1}}},
      {"logsumexp of all -inf", {{-kInf, -kInf}}, over_all<logsumexp>, {-kInf}, {{0, 0}}},
      {"logsumexp with inf", {{kInf, 0}}, over_all<logsumexp>, {kInf}, {{1, 0}}},
      {"logsumexp with infinities", {{kInf, 0, kInf, -kInf}}, over_all<logsumexp>, {kInf}, {{0.5L, 0, 0.5L, 0}}},
      {"logsumexp of large logits", {{1000, 1000}}, over_all<logsumexp>, {1000 + kLn2}, {{0.5L, 0.5L}}, 1, 1000},
      {"tanh at 50", {{50}}, one<tanh>, {1}, {{0}}},
      {"exp at 710", {{710}}, one<exp>, {kInf}, {{kInf}}},
      {"log1p at -1", {{-1}}, one<log1p>, {-kInf}, {{kInf}}},
  };
}

std::vector<Point> powers() {
  return {
      {"pow(0, 0)", {{0}, {0}}, two<power>, {1}, {{0}, {0}}},
      {"pow(0, 1), pow(0, 2), pow(0, 0.5)",
       {{0, 0, 0}, {1, 2, 0.5L}},
       two<power>,
       {0, 0, 0},
       {{1, 0, kInf}, {0, 0, 0}}},
      {"pow(0, -1) with a constant exponent", {{0}}, to_the(-1), {kInf}, {{-kInf}}},
      {"pow(0, 0) with a constant exponent", {{0}}, to_the(0), {1}, {{0}}},
      {"pow(0, 1) with a constant exponent", {{0}}, to_the(1), {0}, {{1}}},
      {"pow(0, 2) with a constant exponent", {{0}}, to_the(2), {0}, {{0}}},
      {"pow(0, 0.5) with a constant exponent", {{0}}, to_the(0.5), {0}, {{kInf}}},
      {"pow(-2, 2)", {{-2}, {2}}, two<power>, {4}, {{-4}, {kNaN}}},
      {"pow(-2, 2) with a constant exponent", {{-2}}, to_the(2), {4}, {{-4}}},
      {"pow(-2, 3) with a constant exponent", {{-2}}, to_the(3), {-8}, {{12}}},
      {"pow(x, 3), far out", {{0, kInf, -kInf, kNaN}}, to_the(3), {0, kInf, -kInf, kNaN}, {{0, kInf, kInf, kNaN}}},
      {"pow(x, 4), far out", {{0, kInf, -kInf, -2}}, to_the(4), {0, kInf, kInf, 16}, {{0, kInf, -kInf, -32}}},
      {"pow(x, -1), far out", {{-0.0L, kInf, -kInf, -2}}, to_the(-1), {-kInf, 0, 0, -0.5L}, {{-kInf, 0, 0, -0.25L}}},
      {"pow(x, inf) with a constant exponent", {{0, 0.5L, 2}}, to_the(INFINITY), {0, 0, kInf}, {{0, 0, kInf}}},
  };
}

std::vector<Point> elementwise_functions() {
  const Real quarter = std::numbers::pi_v<Real> / 2;
  const auto clip_to_unit = [](Vars x) { return clip(x[0], 0, 1); };
  return {
      {"clip with numbers", {{-1, 0, 0.5L, 1, 2}}, clip_to_unit, {0, 0, 0.5L, 1, 1}, {{0, 0, 1, 0, 0}}},
      {"clip with tensors",
       {{-1, 0, 0.5L, 1, 2, 3}, {0, 0, 0, 0, 0, 2}, {1, 1, 1, 1, 1, 1}},
       [](Vars x) { return clip(x[0], x[1], x[2]); },
       {0, 0, 0.5L, 1, 1, 1},
       {{0, 0, 1, 0, 0, 0}, {1, 1, 0, 0, 0, 0}, {0, 0, 0, 1, 1, 1}}},
      {"clip of NaN", {{kNaN}}, clip_to_unit, {kNaN}, {{kNaN}}},
      {"clamp_min with a NaN bound", {{1}, {kNaN}}, two<clamp_min>, {kNaN}, {{kNaN}, {kNaN}}},
      {"clamp_max with a NaN bound", {{1}, {kNaN}}, two<clamp_max>, {kNaN}, {{kNaN}, {kNaN}}},
      {"logaddexp of infinities",
       {{kInf, -kInf, kInf, -kInf}, {kInf, -kInf, -kInf, 1}},
       two<logaddexp>,
       {kInf, -kInf, kInf, 1},
       {{0.5L, 0.5L, 1, 0}, {0.5L, 0.5L, 0, 1}}},
      {"xlogy", {{0, 0, 0}, {0, 2, kNaN}}, two<xlogy>, {0, 0, kNaN}, {{0, kLn2, kNaN}, {0, 0, kNaN}}},
      {"xlog1py", {{0, 0, 0}, {-1, 1, kNaN}}, two<xlog1py>, {0, 0, kNaN}, {{0, kLn2, kNaN}, {0, 0, kNaN}}},
      {"atan2 at the origin", {{0}, {0}}, two<atan2>, {0}, {{0}, {0}}},
      {"hypot at the origin", {{0}, {0}}, two<hypot>, {0}, {{0}, {0}}},
      {"asin at 1", {{1}}, one<asin>, {quarter}, {{kInf}}},
      {"asin at 1 with cotangent 0", {{1}}, one<asin>, {quarter}, {{0}}, 0},
      {"acos at 1", {{1}}, one<acos>, {0}, {{-kInf}}},
      {"acos at 1 with cotangent 0", {{1}}, one<acos>, {0}, {{0}}, 0},
      {"acosh at 1 with cotangent 0", {{1}}, one<acosh>, {0}, {{0}}, 0},
      {"cbrt at 0", {{0}}, one<cbrt>, {0}, {{kInf}}},
      {"erfinv at 1", {{1}}, one<erfinv>, {kInf}, {{kInf}}},
      {"floor, at integers too", {{-1, 0.5L, 2}}, one<floor>, {-1, 0, 2}, {{0, 0, 0}}},
      {"round to one decimal",
       {{1.25L, -1.35L, 12345.678L, 4e9L, kInf, kNaN}},
       [](Vars x) { return round(x[0], 1); },
       {1.2L, -1.4L, 12345.7L, 4e9L, kInf, kNaN},
       {{0, 0, 0, 0, 0, 0}}},
      {"round to hundreds",
       {{1250, 1350, -49, kInf}},
       [](Vars x) { return round(x[0], -2); },
       {1200, 1400, 0, kInf},
       {{0, 0, 0, 0}}},
      {"round to more decimals than there are",
       {{0, 0.1L, 3e9L}},
       [](Vars x) { return round(x[0], 400); },
       {0, 0.1L, 3e9L},
       {{0, 0, 0}}},
      {"round to more than there is",
       {{0, 0.1L, -3e9L}},
       [](Vars x) { return round(x[0], -400); },
       {0, 0, 0},
       {{0, 0, 0}}},
      {"mod", {{-7, 7, -6}, {3, -3, 3}}, two<mod>, {2, -2, 0}, {{1, 1, 1}, {3, 3, 2}}},
      {"nan_to_num",
       {{kNaN, kInf, -kInf, 3}},
       [](Vars x) { return nan_to_num(x[0], 1, 2, -2); },
       {1, 2, -2, 3},
       {{0, 0, 0, 1}}},
      {"leaky_relu at 0",
       {{0, -2, 2}},
       [](Vars x) { return leaky_relu(x[0], 0.25); },
       {0, -0.5L, 2},
       {{0.25L, 0.25L, 1}}},
      {"elu far out", {{1000, -1000}}, [](Vars x) { return elu(x[0]); }, {1000, -1}, {{1, 0}}},
      {"relu6 at its kinks", {{0, 6, 3}}, one<relu6>, {0, 6, 3}, {{0, 0, 1}}},
      {"hard_tanh at its kinks", {{-1, 1, 0.5L}}, [](Vars x) { return hard_tanh(x[0]); }, {-1, 1, 0.5L}, {{0, 0, 1}}},
      {"hard_sigmoid at its kinks", {{-3, 3, 0}}, one<hard_sigmoid>, {0, 1, 0.5L}, {{0, 0, 1 / Real{6}}}},
      {"silu far out", {{-kInf, -1000, 1000}}, one<silu>, {0, 0, 1000}, {{0, 0, 1}}},
      {"gelu far out", {{-kInf, -1000, 1000}}, [](Vars x) { return gelu(x[0]); }, {0, 0, 1000}, {{0, 0, 1}}},
      {"mish far out", {{-kInf, -1000, 1000}}, one<mish>, {0, 0, 1000}, {{0, 0, 1}}},
      {"softsign", {{0, -kInf, kInf}}, one<softsign>, {0, -1, 1}, {{1, 0, 0}}},
  };
}

void check(const Point& point, DType dtype) {
  SCOPED_TRACE(point.name + ", " + std::string(name(dtype)));
  Tape tape;
  std::vector<Var> leaves;
  for (const Numbers& input : point.inputs)
    leaves.push_back(tape.variable(array_of(tensor(input, {std::ssize(input)}, dtype))));
  const Real tolerance = point.condition * (dtype == DType::float32 ? 1e-6L : 1e-15L);
  const Var y = point.build(leaves);
  EXPECT_TRUE(close(y.value(), {dtype, y.shape(), point.value}, tolerance)) << "value";
  const Var cotangent = tape.variable(Array::full(y.shape(), static_cast<double>(point.cotangent), dtype));
  const std::vector<Var> gradients = tape.vjp(y, cotangent, std::span<const Target>(floating_targets(leaves)));
  for (std::size_t i = 0; i < gradients.size(); ++i)
    EXPECT_TRUE(close(gradients[i].value(), {dtype, leaves[i].shape(), point.gradients[i]}, tolerance))
        << "gradient " << i;
}

class Points : public testing::TestWithParam<std::vector<Point> (*)()> {};

TEST_P(Points, ValuesAndGradients) {
  for (const Point& point : GetParam()())
    for (DType dtype : {DType::float64, DType::float32})
      if (point.name != "softmax of large logits" || dtype == DType::float64) check(point, dtype);
}

INSTANTIATE_TEST_SUITE_P(Numerics, Points,
                         testing::Values(kinks_and_ties, not_a_number, strong_zeros, saturations, powers,
                                         elementwise_functions));

TEST(Numerics, RelativeAccuracyNearZero) {
  Tape tape;
  const Var x = tape.variable(Array{1e-12, 1e-300, -40});
  const Tensor small = tensor_of(expm1(x).value()), logs = tensor_of(log1p(exp(x)).value());
  EXPECT_LE(ulps(small.elements[0], std::expm1(static_cast<Real>(1e-12)), DType::float64), 2);
  EXPECT_LE(ulps(small.elements[1], static_cast<Real>(1e-300), DType::float64), 2);
  EXPECT_LE(ulps(logs.elements[2], 4.248354255291588977e-18L, DType::float64), 4);
}

TEST(Numerics, ReductionsOfNothing) {
  Tape tape;
  const Var x = tape.variable(Array::zeros({3, 0}));
  EXPECT_TRUE(equals(sum(x, 1).value(), {0, 0, 0}));
  EXPECT_TRUE(equals(mean(x, 1).value(), {kNaN, kNaN, kNaN}));
  EXPECT_THROW(max(x, 1), ShapeError);
  EXPECT_THROW(min(x), ShapeError);
  EXPECT_EQ(max(x, 0).shape(), (Shape{0}));
  for (const Var& y : {sum(x), mean(x)}) {
    const Var gradient = tape.gradient(y, x);
    EXPECT_EQ(gradient.value().shape(), (Shape{3, 0}));
  }
}

TEST(Numerics, ProductsOfNothing) {
  Tape tape;
  const Var a = tape.variable(Array::zeros({2, 0})), b = tape.variable(Array::zeros({0, 3}));
  const Var product = matmul(a, b);
  EXPECT_TRUE(equals(product.value(), {0, 0, 0, 0, 0, 0}));
  const auto [da, db] = tape.gradient<2>(sum(product), {a, b});
  EXPECT_EQ(da.value().shape(), (Shape{2, 0}));
  EXPECT_EQ(db.value().shape(), (Shape{0, 3}));
}

TEST(Numerics, BroadcastAgainstNothing) {
  Tape tape;
  const Var a = tape.variable(Array::zeros({4, 0})), b = tape.variable(Array::ones({4, 1}));
  EXPECT_EQ((a + b).value().shape(), (Shape{4, 0}));
  const auto [da, db] = tape.gradient<2>(sum(a + b), {a, b});
  EXPECT_EQ(da.value().shape(), (Shape{4, 0}));
  EXPECT_TRUE(equals(db.value(), {0, 0, 0, 0}));
}

/// The k-th derivative of a function of one number.
Real derivative(const Build& build, double at, int order) {
  Tape tape;
  const Var x = tape.variable(at);
  Var y = build(std::span<const Var>(&x, 1));
  for (int i = 0; i < order; ++i) y = tape.gradient(y, x);
  return y.item<double>();
}

TEST(Numerics, SecondOrderAtHardPoints) {
  const auto exponent_var = [](double exponent) {
    return [exponent](Vars x) { return power(x[0], x[0] * 0 + exponent); };
  };
  EXPECT_EQ(derivative(to_the(2), 0, 2), 2);
  EXPECT_EQ(derivative(to_the(3), 0, 2), 0);
  EXPECT_EQ(derivative(to_the(3), 0, 3), 6);
  EXPECT_EQ(derivative(to_the(1), 0, 2), 0);
  EXPECT_EQ(derivative(to_the(0), 0, 2), 0);
  EXPECT_EQ(derivative(to_the(2), -2, 2), 2);
  EXPECT_EQ(derivative(exponent_var(2), 3, 1), 6);
  EXPECT_EQ(derivative([](Vars x) { return where(x[0] > 0, sqrt(x[0]), power(x[0], 3)); }, 0, 3), 6);
  EXPECT_EQ(derivative([](Vars x) { return where(x[0] > 0, sqrt(x[0]), x[0] * x[0] * x[0]); }, 0, 3), 6);
  EXPECT_EQ(derivative([](Vars x) { return sqrt(square(x[0]) + 1); }, 0, 2), 1);
}

TEST(Numerics, PowerHasSecondDerivativesForVarExponents) {
  Tape tape;
  const Var x = tape.variable(Array{0, 0, 0, 2}), y = tape.variable(Array{2, 1, 3, 0});
  const Var first = tape.gradient(sum(power(x, y)), x);
  EXPECT_TRUE(equals(first.value(), {0, 1, 0, 0}));
  EXPECT_TRUE(equals(tape.gradient(sum(first), x).value(), {2, 0, 0, 0}));
}

TEST(Numerics, MixedSecondDerivativeBesideZero) {
  Tape tape;
  const Var x = tape.variable(1.0), y = tape.variable(0.0);
  const auto [dx, dy] = tape.gradient<2>(square(x) * y, {x, y});
  const auto [hx, hy] = tape.gradient<2>(dx + dy, {x, y});
  EXPECT_EQ((hx + hy).item<double>(), 4);
}

TEST(Numerics, SecondOrderOfElementwiseFunctions) {
  EXPECT_EQ(derivative([](Vars x) { return logaddexp(x[0], x[0] * 3); }, 0, 2), 1);
  EXPECT_EQ(derivative([](Vars x) { return xlogy(x[0], x[0] + 1); }, 0, 2), 2);
  EXPECT_EQ(derivative([](Vars x) { return hypot(x[0], 1); }, 0, 2), 1);
  EXPECT_EQ(derivative(one<erf>, 0, 2), 0);
  EXPECT_EQ(derivative(one<softsign>, 0, 2), 0);
  EXPECT_NEAR(static_cast<double>(derivative(one<digamma>, 1, 4)), -24.886266123440879, 1e-13);  // -4! zeta(5)
}

TEST(Numerics, RemainderOfIntegers) {
  Tape tape;
  const Var x = tape.variable(Array::from<std::int64_t>({7, -7, 7, -7, 5, INT64_MIN, 6}));
  const Var y = tape.variable(Array::from<std::int64_t>({3, 3, -3, -3, 0, -1, 3}));
  EXPECT_TRUE(equals(mod(x, y).value(), {1, 2, -2, -1, 0, 0, 0}));
}

TEST(Numerics, TwoSpellingsAgree) {
  for (double value : {0.0, 0.25, 2.0, 7.5}) {
    for (int order : {0, 1}) {
      EXPECT_EQ(derivative(to_the(0.5), value, order), derivative(one<sqrt>, value, order)) << value;
      EXPECT_EQ(derivative(to_the(2), value, order), derivative(one<square>, value, order)) << value;
    }
  }
  for (double value : {-1.5, -0.0, 0.0, 2.0, std::numeric_limits<double>::quiet_NaN()})
    for (int order : {0, 1}) {
      const Real clamped = derivative([](Vars x) { return clamp_min(x[0], 0); }, value, order);
      EXPECT_TRUE(equals(Array(static_cast<double>(derivative(one<relu>, value, order))), {clamped})) << value;
    }
  Tape tape;
  const Var a = tape.variable(Array{1, 2, 3}), b = tape.variable(Array{3, 2, 1});
  const Var pairwise = maximum(a, b), stacked = max(stack({a, b}), 0);
  EXPECT_TRUE(same_bits(pairwise.value(), stacked.value()));
  const auto [pa, pb] = tape.gradient<2>(sum(pairwise), {a, b});
  const auto [sa, sb] = tape.gradient<2>(sum(stacked), {a, b});
  EXPECT_TRUE(same_bits(pa.value(), sa.value()));
  EXPECT_TRUE(same_bits(pb.value(), sb.value()));
}

TEST(Numerics, NoGradientForIntegersAndBools) {
  Tape tape;
  const Var x = tape.variable(2.0), n = tape.variable(3), b = tape.variable(true);
  EXPECT_THROW(tape.gradient(x * x, n), DTypeError);
  EXPECT_THROW(tape.gradient(x * x, b), DTypeError);
}

}  // namespace

}  // namespace xtape::test
