// Logistic regression: the optimum, predictions, and what it says of bad input.
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <xtape/error.hpp>
#include <xtape/models/logistic_regression.hpp>
#include <xtape/optim/adam.hpp>

#include "support/check.hpp"

namespace xtape::test {
namespace {

using models::FitOptions;
using models::LogisticRegression;

constexpr std::size_t kRows = 60, kFeatures = 3;

struct Data {
  std::vector<double> x, y;
  Array x_array() const {
    return Array::from(x, {static_cast<std::int64_t>(kRows), static_cast<std::int64_t>(kFeatures)});
  }
  Array y_array() const { return Array::from(y); }
};

Array column(const std::vector<double>& values) {
  return Array::from(values, {static_cast<std::int64_t>(values.size()), 1});
}

/// Two overlapping clouds.
Data make_data() {
  Data data;
  std::uint64_t state = 12345;
  auto uniform = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 11) * 0x1p-53 * 4 - 2;
  };
  for (std::size_t i = 0; i < kRows; ++i) {
    double logit = 0.3 + uniform();
    for (std::size_t j = 0; j < kFeatures; ++j) {
      data.x.push_back(uniform());
      logit += (j == 0 ? 1.5 : j == 1 ? -0.7 : 0.2) * data.x.back();
    }
    data.y.push_back(logit > 0 ? 1 : 0);
  }
  return data;
}

using Matrix = std::array<std::array<double, kFeatures + 2>, kFeatures + 1>;

/// Solves the system whose right-hand side is the last column, by elimination with pivots.
std::array<double, kFeatures + 1> solve(Matrix a) {
  constexpr std::size_t n = kFeatures + 1;
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i)
      if (std::abs(a[i][k]) > std::abs(a[pivot][k])) pivot = i;
    std::swap(a[k], a[pivot]);
    for (std::size_t i = 0; i < n; ++i) {
      double factor = i == k ? 0 : a[i][k] / a[k][k];
      for (std::size_t j = k; j <= n; ++j) a[i][j] -= factor * a[k][j];
    }
  }
  std::array<double, n> result;
  for (std::size_t k = 0; k < n; ++k) result[k] = a[k][n] / a[k][k];
  return result;
}

/// The weights and, last, the bias at the optimum, by Newton's method in plain loops.
std::array<double, kFeatures + 1> newton(const Data& data, double l2) {
  constexpr std::size_t n = kFeatures + 1;
  std::array<double, n> w{};
  for (int iteration = 0; iteration < 50; ++iteration) {
    Matrix a{};  // the Hessian beside the gradient
    for (std::size_t i = 0; i < kRows; ++i) {
      std::array<double, n> x{data.x[i * kFeatures], data.x[i * kFeatures + 1], data.x[i * kFeatures + 2], 1};
      double logit = 0;
      for (std::size_t j = 0; j < n; ++j) logit += w[j] * x[j];
      double p = 1 / (1 + std::exp(-logit));
      for (std::size_t j = 0; j < n; ++j) {
        a[j][n] += (p - data.y[i]) * x[j] / kRows;
        for (std::size_t k = 0; k < n; ++k) a[j][k] += p * (1 - p) * x[j] * x[k] / kRows;
      }
    }
    for (std::size_t j = 0; j < kFeatures; ++j) {
      a[j][n] += l2 * w[j];
      a[j][j] += l2;
    }
    std::array<double, n> step = solve(a);
    for (std::size_t j = 0; j < n; ++j) w[j] -= step[j];
  }
  return w;
}

FitOptions exact_options() {
  FitOptions options;
  options.optimizer = optim::GradientDescent{.learning_rate = 1};
  options.stopping = {.iterations = 20000, .gradient_norm = 1e-11};
  return options;
}

TEST(LogisticRegression, ReachesTheOptimumThatNewtonFinds) {
  Data data = make_data();
  for (double l2 : {0.0, 0.05}) {
    LogisticRegression model{.l2 = l2};
    optim::Result result = model.fit(data.x_array(), data.y_array(), exact_options());
    EXPECT_EQ(result.reason, optim::StopReason::gradient_norm) << result.message;
    std::array<double, kFeatures + 1> expected = newton(data, l2);
    for (std::size_t j = 0; j < kFeatures; ++j)
      EXPECT_NEAR(model.weights.value().values<double>()[j], expected[j], 1e-8) << "l2 " << l2;
    EXPECT_NEAR(model.bias.value().item<double>(), expected[kFeatures], 1e-8) << "l2 " << l2;
  }
}

TEST(LogisticRegression, LossIsTheMeanCrossEntropyWithThePenalty) {
  Data data = make_data();
  LogisticRegression model{.l2 = 0.3};
  model.weights = Parameter("weights", Array{0.5, -1, 2});
  model.bias.assign(Array(0.25));
  double expected = 0.5 * 0.3 * 5.25;
  for (std::size_t i = 0; i < kRows; ++i) {
    double logit = 0.25 + 0.5 * data.x[3 * i] - data.x[3 * i + 1] + 2 * data.x[3 * i + 2];
    expected += std::log1p(std::exp(data.y[i] == 1 ? -logit : logit)) / kRows;
  }
  Tape tape;
  EXPECT_NEAR(model.loss(tape.variable(data.x_array()), data.y_array()).item<double>(), expected, 1e-14);
}

TEST(LogisticRegression, FitsWithAnyRuleAndReportsProgress) {
  Data data = make_data();
  LogisticRegression model;
  FitOptions options;
  int calls = 0;
  options.optimizer = optim::Adam{.learning_rate = 0.1};
  options.stopping = {.iterations = 50};
  options.progress = [&](const optim::Step&) { ++calls; };
  optim::Result result = model.fit(data.x_array(), data.y_array(), options);
  EXPECT_EQ(result.iterations, 50);
  EXPECT_EQ(calls, 51);
  EXPECT_LT(result.loss, 0.5);
}

TEST(LogisticRegression, FitStartsFromZeroAgain) {
  Data data = make_data();
  LogisticRegression model;
  FitOptions options;
  options.stopping.iterations = 5;
  double first = model.fit(data.x_array(), data.y_array(), options).loss;
  EXPECT_EQ(model.fit(data.x_array(), data.y_array(), options).loss, first);
}

TEST(LogisticRegression, TakesLabelsOfEveryType) {
  Array x = column({-2, -1, 1, 2});
  FitOptions options;
  options.stopping.iterations = 20;
  double expected = LogisticRegression().fit(x, Array{0, 0, 1, 1}, options).loss;
  EXPECT_EQ(LogisticRegression().fit(x, Array::from(std::vector<std::int64_t>{0, 0, 1, 1}), options).loss, expected);
  EXPECT_EQ(LogisticRegression().fit(x, Array::from(std::vector<bool>{false, false, true, true}), options).loss,
            expected);
  EXPECT_EQ(LogisticRegression().fit(x, Array::from(std::vector<float>{0, 0, 1, 1}), options).loss, expected);
}

TEST(LogisticRegression, PredictsClassesProbabilitiesAndScore) {
  LogisticRegression model;
  model.weights = Parameter("weights", Array{1, -1});
  Array x{{2, 0}, {0, 3}, {1, 0}, {-800, 0}};
  Array classes = model.predict(x);
  EXPECT_EQ(classes.dtype(), DType::int64);
  EXPECT_TRUE(equals(classes, {1, 0, 1, 0}));
  Array probabilities = model.predict_proba(x);
  ASSERT_EQ(probabilities.shape(), Shape({4, 2}));
  EXPECT_NEAR(probabilities.values<double>()[1], 1 / (1 + std::exp(-2.0)), 1e-15);
  EXPECT_NEAR(probabilities.values<double>()[2], 1 / (1 + std::exp(-3.0)), 1e-15);
  EXPECT_EQ(probabilities.values<double>()[7], 0);
  EXPECT_EQ(model.score(x, Array{1, 0, 0, 0}), 0.75);
  EXPECT_EQ(model.score(x, Array::from(std::vector<bool>{true, false, true, false})), 1);
}

TEST(LogisticRegression, ScoreIsTheFractionOfRowsThatAreRight) {
  LogisticRegression model;
  model.weights = Parameter("weights", Array{1});
  std::vector<double> x, y;
  int right = 0;
  for (int i = 0; i < 1237; ++i) {
    x.push_back(std::sin(i));
    y.push_back(i % 2);
    right += (x.back() > 0) == (y.back() == 1);
  }
  EXPECT_NEAR(model.score(column(x), Array::from(y)), right / 1237.0, 1e-15);
}

/// What fit says of bad input; the model stays as it was.
template <class Exception>
std::string fit_error(const Array& x, const Array& y, double l2 = 0) {
  LogisticRegression model{.l2 = l2};
  model.weights = Parameter("weights", Array{7});
  std::string message = message_of<Exception>([&] { model.fit(x, y); });
  EXPECT_EQ(model.weights.value().item<double>(), 7);
  const std::string start = "LogisticRegression.fit: ";
  return message.starts_with(start) ? message.substr(start.size()) : message;
}

TEST(BadInput, LabelsAreZeroAndOneAndBoth) {
  Array x = column({1, 2, 3});
  EXPECT_EQ(fit_error<ValueError>(x, Array{1, 1, 1}), "y holds one class only, 1; two are needed");
  EXPECT_EQ(fit_error<ValueError>(x, Array{0, 1, 2}), "labels must be 0 or 1; row 2 (counted from 0) has 2");
  EXPECT_EQ(fit_error<ValueError>(x, Array::from(std::vector<std::int64_t>{0, -1, 1})),
            "labels must be 0 or 1; row 1 (counted from 0) has -1");
  EXPECT_EQ(fit_error<ValueError>(x, Array{0.5, 0, 1}), "labels must be 0 or 1; row 0 (counted from 0) has 0.5");
  EXPECT_EQ(fit_error<ValueError>(x, Array{0, 1, std::numeric_limits<double>::quiet_NaN()}),
            "labels must be 0 or 1; row 2 (counted from 0) has nan");
}

TEST(BadInput, DataIsFinite) {
  double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(fit_error<ValueError>(Array{{1, 2}, {3, nan}}, Array{0, 1}),
            "x is nan at row 1, column 1 (counted from 0)");
  EXPECT_EQ(fit_error<ValueError>(Array{{1, 2}, {-infinity, 4}}, Array{0, 1}),
            "x is -inf at row 1, column 0 (counted from 0)");
}

TEST(BadInput, ShapesFit) {
  EXPECT_EQ(fit_error<ShapeError>(column({1, 2}), Array{0, 1, 1}), "x has 2 rows, y has 3");
  EXPECT_EQ(fit_error<ShapeError>(Array{1, 2}, Array{0, 1}), "x must be a matrix (rows, features), is [2]");
  EXPECT_EQ(fit_error<ShapeError>(column({1, 2}), column({0, 1})), "y must be a vector of labels, is [2, 1]");
  EXPECT_EQ(fit_error<ShapeError>(Array::zeros({0, 3}), Array::zeros({0})), "x has no elements, its shape is [0, 3]");
  EXPECT_EQ(fit_error<DTypeError>(Array::zeros({2, 1}, DType::int64), Array{0, 1}),
            "x must be float32 or float64, is int64");
}

TEST(BadInput, SettingsAreNotNegative) {
  Array x = column({1, 2}), y{0, 1};
  EXPECT_EQ(fit_error<ValueError>(x, y, -0.1), "l2 must be finite and not negative, is -0.1");
  EXPECT_EQ(fit_error<ValueError>(x, y, std::numeric_limits<double>::infinity()),
            "l2 must be finite and not negative, is inf");
  EXPECT_EQ(message_of<ValueError>([&] {
              LogisticRegression model;
              model.fit(x, y, {.optimizer = optim::GradientDescent{.learning_rate = -1}});
            }),
            "learning rate: must be finite and not negative, is -1");
}

TEST(BadInput, PredictingNeedsAFitOnAsManyFeatures) {
  LogisticRegression model;
  Array x{{1, 2}};
  EXPECT_EQ(message_of<ValueError>([&] { model.predict(x); }),
            "LogisticRegression.predict: not fitted yet; call fit first");
  model.weights = Parameter("weights", Array{1, 1});
  EXPECT_EQ(message_of<ShapeError>([&] {
              model.predict(Array{{1, 2, 3}});
            }),
            "LogisticRegression.predict: x has 3 features, was fitted on 2");
  EXPECT_EQ(message_of<ShapeError>([&] { model.predict_proba(column({1})); }),
            "LogisticRegression.predict_proba: x has 1 features, was fitted on 2");
  EXPECT_EQ(message_of<ShapeError>([&] {
              model.score(x, Array{0, 1});
            }),
            "LogisticRegression.score: x has 1 rows, y has 2");
  EXPECT_EQ(message_of<ValueError>([&] {
              model.score(Array{{1, std::nan("")}}, Array{0});
            }),
            "LogisticRegression.score: x is nan at row 0, column 1 (counted from 0)");
}

TEST(BadInput, ALossThatTurnsNonFiniteStopsTheFit) {
  LogisticRegression model;
  Array x = column({1e150, -1e150, 1e150}), y{1, 0, 0};
  FitOptions options;
  std::vector<double> losses;
  options.optimizer = optim::GradientDescent{.learning_rate = 1e20};
  options.progress = [&](const optim::Step& step) { losses.push_back(step.loss); };
  std::string message = message_of<NumericalError>([&] { model.fit(x, y, options); });
  EXPECT_TRUE(contains(message, {"LogisticRegression.fit: the loss is ", " at iteration 1"})) << message;
  EXPECT_EQ(losses.size(), 2u);
  EXPECT_TRUE(std::isfinite(model.weights.value().item<double>()));
  EXPECT_NE(model.weights.value().item<double>(), 0);
}

TEST(BadInput, AGradientTooLargeForItsNormStopsTheFit) {
  LogisticRegression model;
  std::string message = message_of<NumericalError>([&] { model.fit(column({1e200, -1e200, 1e200}), Array{1, 0, 0}); });
  EXPECT_EQ(message, "LogisticRegression.fit: the gradient is too large: its norm overflows at iteration 0");
  EXPECT_EQ(model.weights.value().item<double>(), 0);
}

}  // namespace
}  // namespace xtape::test
