// Softmax regression: its gradient by plain loops, logistic regression as its case of two classes, and predictions.
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <xtape/models/logistic_regression.hpp>
#include <xtape/models/softmax_regression.hpp>
#include <xtape/ops.hpp>

#include "models/plain.hpp"
#include "support/check.hpp"

namespace xtape::test {
namespace {

using models::FitOptions;
using models::LogisticRegression;
using models::SoftmaxRegression;

constexpr std::size_t kRows = 12, kFeatures = 4, kClasses = 3;

struct Sample {
  Array x, labels;
  SoftmaxRegression model;
};

Sample make_sample(double l2) {
  Random random(11);
  Sample sample{random_array(random, {12, 4}), {}, {.l2 = l2}};
  std::vector<std::int64_t> labels;
  for (std::size_t i = 0; i < kRows; ++i) labels.push_back(random.integer(0, 2));
  sample.labels = Array::from(labels);
  sample.model.weights = Parameter("weights", random_array(random, {4, 3}));
  sample.model.bias = Parameter("bias", random_array(random, {3}));
  return sample;
}

/// The loss, and its gradients x^T (p - onehot) / n + l2 w and sum(p - onehot) / n.
struct Expected {
  Real loss = 0;
  Reals by_weights, by_bias, probabilities;
};

Expected by_plain_loops(const Sample& sample) {
  const Reals x = tensor_of(sample.x).elements, w = tensor_of(sample.model.weights.value()).elements;
  const Reals b = tensor_of(sample.model.bias.value()).elements;
  const Real l2 = sample.model.l2;
  Expected expected{0, Reals(w.size(), 0), Reals(kClasses, 0), {}};
  for (std::size_t i = 0; i < w.size(); ++i) {
    expected.loss += l2 / 2 * w[i] * w[i];
    expected.by_weights[i] = l2 * w[i];
  }
  for (std::size_t i = 0; i < kRows; ++i) {
    const auto label = static_cast<std::size_t>(sample.labels.values<std::int64_t>()[i]);
    Reals p(kClasses);
    Real total = 0;
    for (std::size_t j = 0; j < kClasses; ++j) {
      Real logit = b[j];
      for (std::size_t k = 0; k < kFeatures; ++k) logit += x[i * kFeatures + k] * w[k * kClasses + j];
      p[j] = std::exp(logit);
      total += p[j];
    }
    for (std::size_t j = 0; j < kClasses; ++j) {
      p[j] /= total;
      expected.probabilities.push_back(p[j]);
      const Real residual = (p[j] - (j == label ? 1 : 0)) / kRows;
      expected.by_bias[j] += residual;
      for (std::size_t k = 0; k < kFeatures; ++k)
        expected.by_weights[k * kClasses + j] += x[i * kFeatures + k] * residual;
    }
    expected.loss -= std::log(p[label]) / kRows;
  }
  return expected;
}

TEST(SoftmaxRegression, LossAndGradientAreTheTextbooks) {
  for (double l2 : {0.0, 0.3}) {
    const Sample sample = make_sample(l2);
    const Expected expected = by_plain_loops(sample);
    Tape tape;
    const Var loss = sample.model.loss(tape.variable(sample.x), sample.labels);
    auto [by_weights, by_bias] = tape.gradient<2>(loss, {sample.model.weights, sample.model.bias});
    EXPECT_NEAR(loss.item<double>(), static_cast<double>(expected.loss), 1e-15);
    EXPECT_TRUE(close(by_weights.value(), tensor(expected.by_weights, {4, 3}), 1e-15));
    EXPECT_TRUE(close(by_bias.value(), tensor(expected.by_bias), 1e-15));
  }
}

TEST(SoftmaxRegression, PredictsClassesProbabilitiesAndScore) {
  const Sample sample = make_sample(0);
  const Expected expected = by_plain_loops(sample);
  EXPECT_TRUE(close(sample.model.predict_proba(sample.x), tensor(expected.probabilities, {12, 3}), 1e-15));
  const Array classes = sample.model.predict(sample.x);
  ASSERT_EQ(classes.dtype(), DType::int64);
  int right = 0;
  for (std::size_t i = 0; i < kRows; ++i) {
    const auto label = sample.labels.values<std::int64_t>()[i], found = classes.values<std::int64_t>()[i];
    right += found == label;
    for (std::size_t j = 0; j < kClasses; ++j) {
      EXPECT_LE(expected.probabilities[i * kClasses + j],
                expected.probabilities[i * kClasses + static_cast<std::size_t>(found)]);
    }
  }
  EXPECT_EQ(sample.model.score(sample.x, sample.labels), right / static_cast<double>(kRows));
  const SoftmaxRegression tied = [] {
    SoftmaxRegression model;
    model.weights = Parameter("weights", Array{{0, 1, 1}});
    model.bias = Parameter("bias", Array{0, 0, 0});
    return model;
  }();
  EXPECT_TRUE(equals(tied.predict(one_feature({1, -1, 0})), {1, 0, 0}));
}

FitOptions to_the_optimum() {
  FitOptions options;
  options.optimizer = optim::GradientDescent{.learning_rate = 1};
  options.stopping = {.iterations = 20000, .gradient_norm = 1e-11};
  return options;
}

TEST(SoftmaxRegression, TwoClassesAreLogisticRegression) {
  // With w the difference of both columns, which at the optimum are -w/2 and w/2: l2/2 (|w|^2/4 + |w|^2/4).
  Random random(12);
  const Array x = random_array(random, {50, 3});
  std::vector<std::int64_t> labels;
  for (std::size_t i = 0; i < 50; ++i) {
    const double score = x.values<double>()[3 * i] - 0.5 * x.values<double>()[3 * i + 1];
    labels.push_back(score + static_cast<double>(random.uniform(-1, 1)) > 0.2 ? 1 : 0);
  }
  const Array y = Array::from(labels);
  for (double l2 : {0.0, 0.02}) {
    LogisticRegression logistic{.l2 = l2};
    SoftmaxRegression softmax{.l2 = 2 * l2};
    const double logistic_loss = logistic.fit(x, y, to_the_optimum()).loss;
    EXPECT_NEAR(softmax.fit(x, y, to_the_optimum()).loss, logistic_loss, 1e-14);
    const Reals w = tensor_of(softmax.weights.value()).elements;
    for (std::size_t j = 0; j < 3; ++j) {
      const auto first = static_cast<double>(w[2 * j]), second = static_cast<double>(w[2 * j + 1]);
      EXPECT_NEAR(second - first, logistic.weights.value().values<double>()[j], 1e-8);
      EXPECT_NEAR(second + first, 0, 1e-13);
    }
    EXPECT_TRUE(close(softmax.predict_proba(x), tensor_of(logistic.predict_proba(x)), 1e-9));
    EXPECT_EQ(softmax.score(x, y), logistic.score(x, y));
  }
}

TEST(SoftmaxRegression, TakesLabelsOfEveryTypeAndCountsClasses) {
  const Array x = one_feature({-2, -1, 1, 2});
  FitOptions options;
  options.stopping.iterations = 5;
  SoftmaxRegression model;
  const double loss = model.fit(x, Array::from(std::vector<std::int64_t>{0, 0, 2, 2}), options).loss;
  EXPECT_EQ(model.weights.shape(), Shape({1, 3}));
  EXPECT_EQ(model.fit(x, Array{0, 0, 2, 2}, options).loss, loss);
  EXPECT_EQ(model.fit(x, Array::from(std::vector<float>{0, 0, 2, 2}), options).loss, loss);
  model.fit(x, Array::from(std::vector<bool>{false, true, false, true}), options);
  EXPECT_EQ(model.weights.shape(), Shape({1, 2}));
  model.classes = 7;
  model.fit(x, Array{0, 0, 2, 2}, options);
  EXPECT_EQ(model.predict_proba(x).shape(), Shape({4, 7}));
}

TEST(SoftmaxRegression, LearnsWineInBothDtypes) {
  const models::Dataset wine = standardized_dataset("wine.csv", "cultivar");
  FitOptions options;
  options.optimizer = optim::GradientDescent{.learning_rate = 0.5};
  options.stopping.iterations = 200;
  SoftmaxRegression model, narrow;
  model.fit(wine.x, wine.y, options);
  EXPECT_GE(model.score(wine.x, wine.y), 0.99);
  Tape tape;
  const Array x = cast(tape.variable(wine.x), DType::float32).value();
  narrow.fit(x, wine.y, options);
  EXPECT_EQ(narrow.weights.dtype(), DType::float32);
  EXPECT_EQ(narrow.predict_proba(x).dtype(), DType::float32);
  EXPECT_TRUE(
      close(narrow.weights.value(), {DType::float32, {13, 3}, tensor_of(model.weights.value()).elements}, 1e-4));
  EXPECT_EQ(narrow.score(x, wine.y), model.score(wine.x, wine.y));
}

}  // namespace
}  // namespace xtape::test
