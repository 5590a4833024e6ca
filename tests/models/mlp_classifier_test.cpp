// The multilayer perceptron: forward pass and gradient, initial weights, training.
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <xtape/models/mlp_classifier.hpp>
#include <xtape/models/split.hpp>
#include <xtape/ops.hpp>
#include <xtape/optim/adam.hpp>

#include "models/plain.hpp"
#include "support/check.hpp"

namespace xtape::test {
namespace {

using models::Activation;
using models::FitOptions;
using models::MLPClassifier;

FitOptions untrained(std::uint64_t seed) { return {.stopping = {.iterations = 0}, .seed = seed}; }

struct Sample {
  Array x, labels;
};

Sample make_sample(std::int64_t rows, std::int64_t features, std::int64_t classes) {
  Random random(21);
  const Array x = random_array(random, {rows, features});
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < rows; ++i) labels.push_back(i % classes);
  return {x, Array::from(labels)};
}

/// A model with weights as `fit` draws them and random biases.
MLPClassifier initial_model(const Sample& sample, MLPClassifier model) {
  model.fit(sample.x, sample.labels, untrained(3));
  Random random(22);
  for (MLPClassifier::Layer& layer : model.layers) layer.bias.assign(random_array(random, layer.bias.shape()));
  return model;
}

Real activate(Activation activation, Real x) {
  if (activation == Activation::tanh) return std::tanh(x);
  return activation == Activation::relu ? std::max<Real>(x, 0) : 1 / (1 + std::exp(-x));
}

/// The loss by plain loops.
Real plain_loss(const MLPClassifier& model, const Sample& sample) {
  const auto rows = static_cast<std::size_t>(sample.x.shape()[0]), d = static_cast<std::size_t>(sample.x.shape()[1]);
  const Reals x = tensor_of(sample.x).elements;
  Real loss = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    Reals h(x.begin() + static_cast<std::ptrdiff_t>(row * d), x.begin() + static_cast<std::ptrdiff_t>((row + 1) * d));
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
      const Reals w = tensor_of(model.layers[l].weights.value()).elements;
      Reals next = tensor_of(model.layers[l].bias.value()).elements;
      const std::size_t outputs = next.size();
      for (std::size_t i = 0; i < h.size(); ++i) {
        const Real input = l == 0 ? h[i] : activate(model.activation, h[i]);
        for (std::size_t j = 0; j < outputs; ++j) next[j] += input * w[i * outputs + j];
      }
      h = next;
    }
    Real total = 0;
    for (const Real logit : h) total += std::exp(logit);
    loss += (std::log(total) - h[static_cast<std::size_t>(sample.labels.values<std::int64_t>()[row])]) /
            static_cast<Real>(rows);
  }
  for (const MLPClassifier::Layer& layer : model.layers)
    for (const Real weight : tensor_of(layer.weights.value()).elements)
      loss += static_cast<Real>(model.l2) / 2 * weight * weight;
  return loss;
}

/// The central difference of the plain loss for one element of a parameter.
Real central_difference(MLPClassifier& model, const Sample& sample, Parameter& parameter, std::size_t i) {
  constexpr double h = 1e-5;
  const Array before = parameter.value();
  auto loss_at = [&](double offset) {
    std::vector<double> elements(before.values<double>().begin(), before.values<double>().end());
    elements[i] += offset;
    parameter.assign(Array::from(elements, before.shape()));
    return plain_loss(model, sample);
  };
  const Real difference = (loss_at(h) - loss_at(-h)) / (2 * h);
  parameter.assign(before);
  return difference;
}

TEST(MLPClassifier, LossAndGradientAreThoseOfPlainLoops) {
  const Sample sample = make_sample(9, 3, 3);
  for (const Activation activation : {Activation::relu, Activation::tanh, Activation::logistic}) {
    for (const std::vector<std::int64_t>& sizes : {std::vector<std::int64_t>{}, {5}, {4, 2}}) {
      MLPClassifier model = initial_model(sample, {.hidden_layer_sizes = sizes, .activation = activation, .l2 = 0.1});
      ASSERT_EQ(model.layers.size(), sizes.size() + 1);
      Tape tape;
      const Var loss = model.loss(tape.variable(sample.x), sample.labels);
      EXPECT_NEAR(loss.item<double>(), static_cast<double>(plain_loss(model, sample)), 1e-14);
      std::vector<Array> gradients;
      for (const Parameter& parameter : model.parameters()) gradients.push_back(tape.gradient(loss, parameter).value());
      for (std::size_t place = 0; place < gradients.size(); ++place) {
        Parameter& parameter = model.parameters()[place];
        for (std::size_t i = 0; i < static_cast<std::size_t>(parameter.value().size()); ++i) {
          EXPECT_NEAR(gradients[place].values<double>()[i],
                      static_cast<double>(central_difference(model, sample, parameter, i)), 1e-9)
              << parameter.name() << " element " << i;
        }
      }
    }
  }
}

TEST(MLPClassifier, InitialWeightsAreUniformWithinTheirBounds) {
  const Sample sample = make_sample(20, 60, 10);
  for (const Activation activation : {Activation::relu, Activation::tanh, Activation::logistic}) {
    MLPClassifier model{.hidden_layer_sizes = {200, 50}, .activation = activation};
    model.fit(sample.x, sample.labels, untrained(0));
    ASSERT_EQ(model.layers.size(), 3U);
    for (std::size_t l = 0; l < 3; ++l) {
      const Shape shape = model.layers[l].weights.shape();
      const bool he = activation == Activation::relu && l < 2;
      const double bound = std::sqrt(6.0 / static_cast<double>(he ? shape[0] : shape[0] + shape[1]));
      Real sum = 0, squares = 0, largest = 0;
      for (const Real w : tensor_of(model.layers[l].weights.value()).elements) {
        sum += w;
        squares += w * w;
        largest = std::max(largest, std::abs(w));
      }
      const auto n = static_cast<double>(shape.size());
      EXPECT_LE(largest, bound);
      EXPECT_GT(largest, bound * (1 - 10 / n));
      // The variance of the uniform law is bound^2 / 3; of its square, 4 bound^4 / 45. Four standard deviations.
      EXPECT_LT(std::abs(sum / n), 4 * bound / std::sqrt(3 * n));
      EXPECT_LT(std::abs(squares / n - bound * bound / 3), 4 * bound * bound * std::sqrt(4 / (45 * n)));
      EXPECT_TRUE(equals(model.layers[l].bias.value(), Reals(static_cast<std::size_t>(shape[1]), 0)));
    }
  }
}

TEST(MLPClassifier, TheSeedFixesWeightsAndBatches) {
  const Sample sample = make_sample(30, 4, 3);
  const auto trained = [&](std::uint64_t seed) {
    MLPClassifier model{.hidden_layer_sizes = {4, 4}};
    model.fit(sample.x, sample.labels, {.stopping = {.epochs = 2}, .batch_size = 8, .seed = seed});
    return model;
  };
  const MLPClassifier first = trained(5), again = trained(5), other = trained(6);
  for (std::size_t l = 0; l < 3; ++l)
    EXPECT_TRUE(same_bits(first.layers[l].weights.value(), again.layers[l].weights.value()));
  EXPECT_FALSE(same_bits(first.layers[0].weights.value(), other.layers[0].weights.value()));
  // Layers of the same shape get different weights, too.
  EXPECT_FALSE(same_bits(first.layers[0].weights.value(), first.layers[1].weights.value()));
  EXPECT_EQ(first.layers[1].bias.name(), "layers[1].bias");
}

TEST(MLPClassifier, LearnsWhatNoLinearModelCan) {
  const Array x{{0, 0}, {0, 1}, {1, 0}, {1, 1}}, exclusive_or{0, 1, 1, 0};
  for (const Activation activation : {Activation::relu, Activation::tanh, Activation::logistic}) {
    MLPClassifier model{.hidden_layer_sizes = {8}, .activation = activation};
    model.fit(x, exclusive_or, {.optimizer = optim::Adam{.learning_rate = 0.05}, .stopping = {.iterations = 1000}});
    EXPECT_EQ(model.score(x, exclusive_or), 1);
    const Array p = model.predict_proba(x);
    ASSERT_EQ(p.shape(), Shape({4, 2}));
    for (std::size_t i = 0; i < 4; ++i)
      EXPECT_NEAR(p.values<double>()[2 * i] + p.values<double>()[2 * i + 1], 1, 1e-15);
    EXPECT_TRUE(equals(model.predict(x), {0, 1, 1, 0}));
  }
}

TEST(MLPClassifier, StopsEarlyOnAValidationLoss) {
  const models::Dataset digits = dataset("digits.csv", "digit");
  Tape tape;
  const Array x = cast(tape.variable(digits.x) / 16, DType::float32).value();
  const models::TrainTest outer = models::train_test_split(x, digits.y, 0.3, 1);
  const models::TrainTest inner = models::train_test_split(outer.x_train, outer.y_train, 0.3, 1);
  const Array validation_labels = models::class_labels(inner.y_test);

  MLPClassifier model{.hidden_layer_sizes = {32}};
  const auto validation_loss = [&](Tape& on) { return model.loss(on.variable(inner.x_test), validation_labels); };
  std::vector<double> seen;
  FitOptions options;
  options.optimizer = optim::Adam{.learning_rate = 0.01};
  options.stopping.epochs = 500;
  options.stopping.early_stopping = {.validation_loss = validation_loss, .patience = 5};
  options.batch_size = 64;
  options.progress = [&](const optim::Step& step) {
    if (step.validation_loss) seen.push_back(*step.validation_loss);
  };
  const optim::Result result = model.fit(inner.x_train, inner.y_train, options);

  EXPECT_EQ(result.reason, optim::StopReason::validation_loss) << result.message;
  EXPECT_LT(result.epochs, 500);
  ASSERT_GT(seen.size(), 6U);
  EXPECT_EQ(std::min_element(seen.begin(), seen.end()), seen.end() - 6);  // five disappointments after the lowest
  EXPECT_EQ(validation_loss(tape).item<double>(), *std::min_element(seen.begin(), seen.end()));
  EXPECT_EQ(*result.validation_loss, *std::min_element(seen.begin(), seen.end()));
  EXPECT_EQ(model.layers[0].weights.dtype(), DType::float32);
  EXPECT_GE(model.score(outer.x_test, outer.y_test), 0.94);
}

}  // namespace
}  // namespace xtape::test
