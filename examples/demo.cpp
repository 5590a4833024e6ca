// Logistic regression on the Wisconsin breast cancer data, by full-batch gradient descent from zero weights, with the
// tape's gradient held against the formula of the textbooks.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <xtape/models/models.hpp>
#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

namespace {

using namespace xtape;

constexpr double kAccuracy = 0.95;            // the test accuracy to reach
constexpr double kGradientTolerance = 1e-12;  // how far the two gradients may be apart

struct Problem {
  std::vector<std::string> names;
  std::int64_t rows = 0;
  models::TrainTest data;
};

Problem load(const char* path) {
  models::Dataset cancer = models::split_target(models::read_csv(path), "benign");
  Problem problem{cancer.feature_names, cancer.y.size(), models::train_test_split(cancer.x, cancer.y, 0.25, 0)};
  models::Standardizer standardizer;
  standardizer.fit(problem.data.x_train);
  problem.data.x_train = standardizer.transform(problem.data.x_train);
  problem.data.x_test = standardizer.transform(problem.data.x_test);
  return problem;
}

/// -(1/m) sum (y_i - p_i) (x_i, 1) by plain loops, without the library.
std::vector<double> textbook_gradient(const double* x, const double* y, std::size_t m, std::size_t d,
                                      const double* weights, double bias) {
  std::vector<double> gradient(d + 1, 0.0);
  for (std::size_t i = 0; i < m; ++i) {
    double logit = bias;
    for (std::size_t j = 0; j < d; ++j) logit += weights[j] * x[i * d + j];
    double residual = y[i] - 1 / (1 + std::exp(-logit));
    for (std::size_t j = 0; j < d; ++j) gradient[j] -= residual * x[i * d + j];
    gradient[d] -= residual;
  }
  for (double& component : gradient) component /= static_cast<double>(m);
  return gradient;
}

/// The largest difference between the tape's gradient and the textbook's.
double gradient_difference(const models::LogisticRegression& model, const Array& x, const Array& y) {
  Tape tape;
  auto [by_weights, by_bias] = tape.gradient<2>(model.loss(tape.variable(x), y), {model.weights, model.bias});
  auto d = static_cast<std::size_t>(x.shape()[1]);
  std::vector<double> expected =
      textbook_gradient(x.data<double>(), y.data<double>(), static_cast<std::size_t>(y.size()), d,
                        model.weights.value().data<double>(), model.bias.value().item<double>());
  double largest = std::abs(by_bias.item<double>() - expected[d]);
  Array gradient = by_weights.value();
  for (std::size_t j = 0; j < d; ++j) largest = std::max(largest, std::abs(gradient.values<double>()[j] - expected[j]));
  return largest;
}

optim::Result train(models::LogisticRegression& model, const models::TrainTest& data) {
  models::FitOptions options;
  options.optimizer = optim::GradientDescent{.learning_rate = 0.5};
  options.stopping = {.iterations = 10000, .gradient_norm = 5e-3};
  options.progress = [](const optim::Step& step) {
    if (step.iteration % 50 != 0) return;
    std::printf("  iteration %4lld  loss %.6f  gradient norm %.2e\n", static_cast<long long>(step.iteration), step.loss,
                step.gradient_norm);
    std::fflush(stdout);
  };
  return model.fit(data.x_train, data.y_train, options);
}

double loss_of(const models::LogisticRegression& model, const Array& x, const Array& y) {
  Tape tape;
  return model.loss(tape.variable(x), y).item<double>();
}

void print_largest_weights(const models::LogisticRegression& model, const std::vector<std::string>& names) {
  Array weights = model.weights.value();
  std::span<const double> w = weights.values<double>();
  std::vector<std::size_t> order(w.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return std::abs(w[a]) > std::abs(w[b]); });
  std::puts("five largest weights");
  for (std::size_t i = 0; i < 5 && i < order.size(); ++i)
    std::printf("  %-26s %+.4f\n", names[order[i]].c_str(), w[order[i]]);
}

int run(const char* path) {
  Problem problem = load(path);
  const models::TrainTest& data = problem.data;
  auto features = static_cast<long long>(problem.names.size());
  std::printf("%s: %lld rows (%lld to train, %lld to test), %lld features\n", path,
              static_cast<long long>(problem.rows), static_cast<long long>(data.y_train.size()),
              static_cast<long long>(data.y_test.size()), features);

  models::LogisticRegression model;
  model.weights = Parameter("weights", Array::zeros({features}));
  double difference_at_start = gradient_difference(model, data.x_train, data.y_train);

  auto start = std::chrono::steady_clock::now();
  optim::Result result = train(model, data);
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  double difference_at_end = gradient_difference(model, data.x_train, data.y_train);
  double accuracy = model.score(data.x_test, data.y_test);

  std::printf("iterations      %lld; stopped because %s\n", static_cast<long long>(result.iterations),
              result.message.c_str());
  std::printf("time            %.3f s\n", seconds);
  std::printf("train           loss %.6f  accuracy %.4f\n", loss_of(model, data.x_train, data.y_train),
              model.score(data.x_train, data.y_train));
  std::printf("test            loss %.6f  accuracy %.4f\n", loss_of(model, data.x_test, data.y_test), accuracy);
  print_largest_weights(model, problem.names);
  std::printf("tape's gradient against -(1/m) sum (y_i - p_i) (x_i, 1), largest difference\n");
  std::printf("  at the start  %.2e\n  at the end    %.2e\n", difference_at_start, difference_at_end);

  Tape tape;
  model.loss(tape.variable(data.x_train), data.y_train);
  std::printf("the loss as a program\n%s", tape.dump().c_str());

  if (!(accuracy >= kAccuracy)) std::printf("FAILED: test accuracy is below %.2f\n", kAccuracy);
  bool exact = std::max(difference_at_start, difference_at_end) <= kGradientTolerance;
  if (!exact) std::printf("FAILED: the gradients differ by more than %.0e\n", kGradientTolerance);
  return accuracy >= kAccuracy && exact ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc > 1 ? argv[1] : "data/breast_cancer.csv");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "demo: %s\n", error.what());
    return 1;
  }
}
