// Linear regression: the closed form against normal equations by plain loops and against gradient methods.
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <xtape/error.hpp>
#include <xtape/models/linear_regression.hpp>
#include <xtape/ops.hpp>
#include <xtape/optim/momentum.hpp>

#include "models/plain.hpp"
#include "support/check.hpp"

namespace xtape::test {
namespace {

using models::ClosedForm;
using models::FitOptions;
using models::LinearRegression;

/// Each element within `relative` of the largest.
testing::AssertionResult near(const Array& actual, const Reals& expected, Real relative) {
  return close(actual, Tensor{actual.dtype(), actual.shape(), expected}, relative);
}

Reals column(const Array& matrix, std::size_t j) {
  const Reals all = tensor_of(matrix).elements;
  Reals result;
  for (std::size_t i = j; i < all.size(); i += static_cast<std::size_t>(matrix.shape().back()))
    result.push_back(all[i]);
  return result;
}

FitOptions by_momentum(double rate) {
  FitOptions options;
  options.optimizer = optim::Momentum{.learning_rate = rate};
  options.stopping = {.iterations = 50000, .gradient_norm = 1e-12};
  return options;
}

FitOptions by_newton() { return {.optimizer = optim::Newton{}, .stopping = {.iterations = 1}}; }

void expect_normal_equations(const LinearRegression& model, const Array& x, const Array& y, Real relative) {
  Reals expected = normal_equations(x, tensor_of(y).elements, model.l2, model.fit_intercept);
  const Real bias = model.fit_intercept ? expected.back() : 0;
  expected.resize(static_cast<std::size_t>(x.shape()[1]));
  EXPECT_TRUE(near(model.weights.value(), expected, relative)) << "l2 " << model.l2;
  EXPECT_TRUE(near(model.bias.value(), {bias}, relative)) << "l2 " << model.l2;
}

TEST(LinearRegression, ClosedFormSolvesTheNormalEquations) {
  Random random(1);
  const Array x = random_array(random, {40, 5}), y = random_array(random, {40});
  for (double l2 : {0.0, 0.3}) {
    for (bool intercept : {true, false}) {
      LinearRegression model{.l2 = l2, .fit_intercept = intercept};
      EXPECT_EQ(model.fit(x, y).rank, 5);
      expect_normal_equations(model, x, y, 1e-13);
    }
  }
}

TEST(LinearRegression, ClosedFormSolvesDiabetes) {
  const models::Dataset raw = dataset("diabetes.csv", "progression");
  for (double l2 : {0.0, 0.1}) {
    LinearRegression model{.l2 = l2};
    EXPECT_EQ(model.fit(raw.x, raw.y).rank, 10);
    expect_normal_equations(model, raw.x, raw.y, 1e-11);
  }
  LinearRegression model;
  model.fit(raw.x, raw.y);
  EXPECT_NEAR(model.score(raw.x, raw.y), 0.5177, 5e-5);  // as published for this fit, to four digits
}

TEST(LinearRegression, GradientMethodsReachTheClosedForm) {
  const models::Dataset diabetes = standardized_dataset("diabetes.csv", "progression");
  for (double l2 : {0.0, 0.1}) {
    for (const FitOptions& options : {by_momentum(0.05), by_newton()}) {
      LinearRegression exact{.l2 = l2}, trained{.l2 = l2};
      exact.fit(diabetes.x, diabetes.y);
      const optim::Result result = trained.fit(diabetes.x, diabetes.y, options);
      EXPECT_TRUE(near(trained.weights.value(), tensor_of(exact.weights.value()).elements, 1e-10)) << result.message;
      EXPECT_TRUE(near(trained.bias.value(), tensor_of(exact.bias.value()).elements, 1e-12)) << result.message;
    }
  }
}

TEST(LinearRegression, ClosedFormIsWhereTheGradientVanishes) {
  Random random(2);
  const Array x = random_array(random, {30, 4}), y = random_array(random, {30, 3});
  LinearRegression model{.l2 = 0.7};
  model.fit(x, y);
  Tape tape;
  auto [by_weights, by_bias] = tape.gradient<2>(model.loss(tape.variable(x), y), {model.weights, model.bias});
  EXPECT_LT(xtape::max(xtape::abs(by_weights)).item<double>(), 1e-15);
  EXPECT_LT(xtape::max(xtape::abs(by_bias)).item<double>(), 1e-15);
}

TEST(LinearRegression, OutputsFittedTogetherAreThoseFittedAlone) {
  Random random(3);
  const Array x = random_array(random, {25, 3}), y = random_array(random, {25, 2});
  LinearRegression closed{.l2 = 0.2}, trained{.l2 = 0.2};
  closed.fit(x, y);
  trained.fit(x, y, by_momentum(0.2));
  ASSERT_EQ(closed.weights.shape(), Shape({3, 2}));
  ASSERT_EQ(closed.bias.shape(), Shape({2}));
  double score = 0;
  for (std::size_t j = 0; j < 2; ++j) {
    LinearRegression alone{.l2 = 0.2};
    const Array target = array_of(tensor(column(y, j)));
    alone.fit(x, target);
    expect_normal_equations(alone, x, target, 1e-13);
    const Reals weights = tensor_of(alone.weights.value()).elements;
    for (const LinearRegression& together : {closed, trained}) {
      EXPECT_TRUE(close(tensor(column(together.weights.value(), j)), tensor(weights), 1e-11));
      EXPECT_NEAR(together.bias.value().values<double>()[j], alone.bias.value().item<double>(), 1e-11);
    }
    score += alone.score(x, target) / 2;
  }
  EXPECT_NEAR(closed.score(x, y), score, 1e-14);
  EXPECT_EQ(closed.predict(x).shape(), Shape({25, 2}));
}

TEST(LinearRegression, LossIsTheSquaredErrorWithThePenalty) {
  Random random(4);
  const Array x = random_array(random, {7, 3}), y = random_array(random, {7, 2}), w = random_array(random, {3, 2});
  LinearRegression model{.l2 = 0.4};
  model.weights = Parameter("weights", w);
  model.bias = Parameter("bias", Array{0.5, -1});
  Real expected = 0;
  const Reals xs = tensor_of(x).elements, ys = tensor_of(y).elements, ws = tensor_of(w).elements;
  for (const Real weight : ws) expected += 0.2L * weight * weight;
  for (std::size_t i = 0; i < 7; ++i) {
    for (std::size_t j = 0; j < 2; ++j) {
      Real residual = (j == 0 ? 0.5L : -1) - ys[2 * i + j];
      for (std::size_t k = 0; k < 3; ++k) residual += xs[3 * i + k] * ws[2 * k + j];
      expected += residual * residual / 7;
    }
  }
  Tape tape;
  EXPECT_NEAR(model.loss(tape.variable(x), y).item<double>(), static_cast<double>(expected), 1e-14);
}

TEST(LinearRegression, RankDeficientFeaturesGiveTheLeastNorm) {
  // The third column is twice the first, and the fourth is constant.
  Random random(5);
  const Reals two = random_tensor(random, {20, 2}).elements;
  std::vector<double> all, reduced;
  for (std::size_t i = 0; i < 20; ++i) {
    const auto a = static_cast<double>(two[2 * i]), b = static_cast<double>(two[2 * i + 1]);
    all.insert(all.end(), {a, b, 2 * a, 0.1});
    reduced.insert(reduced.end(), {a, b});
  }
  const Array x = Array::from(all, {20, 4}), y = random_array(random, {20});
  LinearRegression model;
  const ClosedForm report = model.fit(x, y);
  EXPECT_EQ(report.rank, 2);
  EXPECT_EQ(report.singular_values.size(), 4);
  const Reals alone = normal_equations(Array::from(reduced, {20, 2}), tensor_of(y).elements, 0, true);
  // (u, 2 u) is the shortest pair with u + 2 (2 u) = alone[0].
  EXPECT_TRUE(near(model.weights.value(), {alone[0] / 5, alone[1], 2 * alone[0] / 5, 0}, 1e-13));
  EXPECT_NEAR(model.bias.value().item<double>(), static_cast<double>(alone[2]), 1e-13);
}

TEST(LinearRegression, WithFewerRowsThanFeaturesDescentFromZeroFindsTheClosedForm) {
  Random random(6);
  const Array x = random_array(random, {4, 9}), y = random_array(random, {4});
  LinearRegression closed{.fit_intercept = false}, trained{.fit_intercept = false};
  EXPECT_EQ(closed.fit(x, y).rank, 4);
  // x^T (x x^T)^-1 y, by plain loops.
  const Reals xs = tensor_of(x).elements, ys = tensor_of(y).elements;
  std::vector<Reals> gram(4, Reals(5, 0));
  for (std::size_t i = 0; i < 4; ++i) {
    gram[i][4] = ys[i];
    for (std::size_t j = 0; j < 4; ++j)
      for (std::size_t k = 0; k < 9; ++k) gram[i][j] += xs[9 * i + k] * xs[9 * j + k];
  }
  const Reals multipliers = solve(gram);
  Reals expected(9, 0);
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t k = 0; k < 9; ++k) expected[k] += xs[9 * i + k] * multipliers[i];
  EXPECT_TRUE(near(closed.weights.value(), expected, 1e-13));
  trained.fit(x, y, by_momentum(0.1));
  EXPECT_TRUE(near(trained.weights.value(), expected, 1e-10));
}

TEST(LinearRegression, WithoutInterceptTheBiasTakesNoPart) {
  Random random(7);
  const Array x = random_array(random, {10, 2}), y = random_array(random, {10});
  LinearRegression model{.fit_intercept = false};
  EXPECT_EQ(model.parameters().size(), 1U);
  model.fit(x, y, by_newton());
  expect_normal_equations(model, x, y, 1e-12);
  EXPECT_TRUE(equals(model.predict(Array{{0, 0}}), {0}));
  LinearRegression with_intercept;
  EXPECT_EQ(with_intercept.parameters().size(), 2U);
}

TEST(LinearRegression, OneRowOrConstantFeaturesLeaveTheMean) {
  LinearRegression model;
  EXPECT_EQ(model.fit(Array{{3, 4}}, Array{7}).rank, 0);
  EXPECT_TRUE(equals(model.weights.value(), {0, 0}));
  EXPECT_TRUE(equals(model.bias.value(), {7}));
  // The mean of three times 0.1 is not 0.1.
  EXPECT_EQ(model.fit(one_feature({0.1, 0.1, 0.1}), Array{1, 2, 6}).rank, 0);
  EXPECT_TRUE(equals(model.weights.value(), {0}));
  EXPECT_TRUE(equals(model.bias.value(), {3}));
}

TEST(LinearRegression, FeaturesFarFromTheirMeansAreNoTrouble) {
  LinearRegression model;
  model.fit(one_feature({1e9, 1e9 + 1, 1e9 + 2}), Array{5, 7, 9});
  EXPECT_NEAR(model.weights.value().item<double>(), 2, 1e-12);
  EXPECT_NEAR(model.predict(one_feature({1e9 + 3})).item<double>(), 11, 1e-6);
}

TEST(LinearRegression, ScoreIsRSquared) {
  LinearRegression model;
  model.weights = Parameter("weights", Array{2});
  // Predictions 2, 4, 6; residuals 1, -1, 0; deviations of y from 4 squared: 1 + 1 + 4.
  EXPECT_NEAR(model.score(one_feature({1, 2, 3}), Array{3, 3, 6}), 1 - 2.0 / 6, 1e-15);
  EXPECT_EQ(model.score(one_feature({1, 1}), Array{2, 2}), 1);  // a constant, predicted
  EXPECT_EQ(model.score(one_feature({1, 2}), Array{2, 2}), 0);  // a constant, missed
  EXPECT_LT(model.score(one_feature({1, 2, 3}), Array{6, 4, 2}), 0);
  model.weights = Parameter("weights", Array{{2, 1}});
  model.bias = Parameter("bias", Array{0, 0});
  EXPECT_NEAR(model.score(one_feature({1, 2, 3}), Array{{3, 1}, {3, 2}, {6, 3}}), (1 - 2.0 / 6 + 1) / 2, 1e-15);
}

TEST(LinearRegression, ScoreHasNoUnit) {
  LinearRegression model;
  model.weights = Parameter("weights", Array{2});
  for (const double unit : {1e-200, 1e-320, 1e200, 1e307}) {
    const Array x = one_feature({unit, 2 * unit, 3 * unit}), y{3 * unit, 3 * unit, 6 * unit};
    EXPECT_NEAR(model.score(x, y), 1 - 2.0 / 6, 1e-12) << unit;
  }
  // A constant that is missed by less than a square can tell.
  EXPECT_EQ(model.score(one_feature({1e-200, 1e-200}), Array{1e-200, 1e-200}), 0);
  EXPECT_EQ(message_of<ValueError>([&] {
              model.score(one_feature({1, 2}), Array{1.5e308, 1.6e308});
            }),
            "LinearRegression.score: the mean of y overflows float64");
}

TEST(LinearRegression, TakesFloat32AndTargetsOfEveryType) {
  Random random(8);
  const Array x = random_array(random, {30, 3}, DType::float32), y = random_array(random, {30}, DType::float32);
  LinearRegression closed, trained;
  closed.fit(x, y);
  EXPECT_EQ(closed.weights.dtype(), DType::float32);
  expect_normal_equations(closed, x, y, 1e-6);
  FitOptions options = by_momentum(0.2);
  options.stopping = {.iterations = 500};
  trained.fit(x, y, options);
  EXPECT_EQ(trained.bias.dtype(), DType::float32);
  expect_normal_equations(trained, x, y, 1e-5);
  EXPECT_EQ(closed.predict(x).dtype(), DType::float32);
  EXPECT_NEAR(closed.score(x, y), trained.score(x, y), 1e-6);

  const Array points = one_feature({1, 2, 3});
  LinearRegression whole, floating;
  whole.fit(points, Array::from(std::vector<std::int64_t>{1, 2, 4}));
  floating.fit(points, Array{1, 2, 4});
  EXPECT_TRUE(same_bits(whole.weights.value(), floating.weights.value()));
}

/// What both fits say of bad input; the model stays as it was.
template <class Exception>
std::string fit_error(const Array& x, const Array& y, double l2 = 0) {
  LinearRegression model{.l2 = l2};
  model.weights = Parameter("weights", Array{7});
  const std::string message = message_of<Exception>([&] { model.fit(x, y); });
  EXPECT_EQ(message_of<Exception>([&] { model.fit(x, y, FitOptions{}); }), message);
  EXPECT_TRUE(equals(model.weights.value(), {7}));
  const std::string start = "LinearRegression.fit: ";
  return message.starts_with(start) ? message.substr(start.size()) : message;
}

TEST(LinearRegressionInput, IsChecked) {
  const double nan = std::nan("");
  const Array x = one_feature({1, 2});
  EXPECT_EQ(fit_error<ValueError>(x, Array{1, nan}), "y is nan at row 1 (counted from 0)");
  EXPECT_EQ(fit_error<ValueError>(x, Array{{1, 2}, {-INFINITY, 3}}), "y is -inf at row 1, column 0 (counted from 0)");
  EXPECT_EQ(fit_error<ValueError>(one_feature({1, nan}), Array{1, 2}), "x is nan at row 1, column 0 (counted from 0)");
  EXPECT_EQ(fit_error<ShapeError>(x, Array{1, 2, 3}), "x has 2 rows, y has 3");
  EXPECT_EQ(fit_error<ShapeError>(x, Array(1.0)), "y must be (rows) or (rows, outputs), is []");
  EXPECT_EQ(fit_error<ShapeError>(x, Array::zeros({2, 0})), "y has no elements, its shape is [2, 0]");
  EXPECT_EQ(fit_error<ValueError>(x, Array{1, 2}, -1), "l2 must be finite and not negative, is -1");
  EXPECT_EQ(fit_error<DTypeError>(Array::zeros({2, 1}, DType::int64), Array{1, 2}),
            "x must be float32 or float64, is int64");
  EXPECT_EQ(fit_error<ValueError>(Array::zeros({2, 1}, DType::float32), Array{1, 1e300}),
            "y as float32 is inf at row 1 (counted from 0)");
}

TEST(LinearRegressionInput, PredictingNeedsAFitOnTheSame) {
  LinearRegression model;
  EXPECT_EQ(message_of<ValueError>([&] { model.predict(one_feature({1})); }),
            "LinearRegression.predict: not fitted yet; call fit first");
  model.fit(one_feature({1, 2}), Array{1, 2});
  EXPECT_EQ(message_of<ShapeError>([&] {
              model.predict(Array{{1, 2}});
            }),
            "LinearRegression.predict: x has 2 features, was fitted on 1");
  EXPECT_EQ(message_of<DTypeError>([&] {
              model.predict(Array::zeros({1, 1}, DType::float32));
            }),
            "LinearRegression.predict: x is float32, was fitted on float64");
  EXPECT_EQ(message_of<ShapeError>([&] {
              model.score(one_feature({1, 2}), Array{{1, 2}, {3, 4}});
            }),
            "LinearRegression.score: y is [2, 2], the predictions are [2]");
}

TEST(LinearRegressionInput, ASolutionThatOverflowsLeavesTheModelAlone) {
  LinearRegression model;
  model.weights = Parameter("weights", Array{7});
  EXPECT_EQ(message_of<NumericalError>([&] {
              model.fit(one_feature({1e-300, 2e-300}), Array{1e100, 2e100});
            }),
            "LinearRegression.fit: the solution is too large for float64");
  EXPECT_TRUE(equals(model.weights.value(), {7}));
}

TEST(LinearRegressionInput, SaysWhatOverflows) {
  const auto said = [](const Array& x, const Array& y) {
    LinearRegression model;
    return message_of<ValueError>([&] { model.fit(x, y); });
  };
  const std::string start = "LinearRegression.fit: ";
  EXPECT_EQ(said(Array{{1, 1.5e308}, {2, 1.5e308}}, Array{1, 2}),
            start + "the mean of x overflows float64 in column 1 (counted from 0)");
  EXPECT_EQ(said(one_feature({1, 2}), Array{1.5e308, 1.6e308}), start + "the mean of y overflows float64");
  EXPECT_EQ(said(one_feature({1.7e308, -1.7e308, -1.7e308}), Array{1, 2, 3}),
            start + "x less its mean overflows float64 in column 0 (counted from 0)");
}

TEST(LinearRegression, ThePenaltyMayBeAsLargeAsANumber) {
  LinearRegression model{.l2 = 1e308, .fit_intercept = false};
  // Where the gradient 2/n sum(x (w x - y)) + l2 w vanishes; both sums are 5e308.
  model.fit(one_feature({1e154, 2e154, 0, 0}), Array{1e154, 2e154, 0, 0});
  EXPECT_NEAR(model.weights.value().item<double>(), 2.5 / (2.5 + 1), 1e-14);
}

}  // namespace
}  // namespace xtape::test
