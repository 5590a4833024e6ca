// A loss of one's own. Focal loss (Lin et al., Focal Loss for Dense Object Detection, 2017) turns down the weight of
// examples that are already right. It takes two lines; its gradient is nobody's work.
#include <cmath>
#include <cstdio>
#include <exception>

#include <xtape/models/models.hpp>
#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

namespace {

using namespace xtape;

/// mean((1 - p)^gamma (-log p)), p being the probability that the model gives to the right class.
Var focal_loss(const Var& logits, const Array& labels, double gamma) {
  Var margin = where(labels, logits, -logits);
  return mean(pow(sigmoid(-margin), gamma) * softplus(-margin));
}

Array to_bool(const Array& labels) {
  Tape tape;
  return cast(tape.variable(labels), DType::boolean).value();
}

/// The tape's derivative for the bias against a central difference.
double derivative_error(const models::LogisticRegression& model, const Array& x, const Array& labels) {
  auto loss_at = [&](double bias) {
    Tape tape;
    return focal_loss(matmul(tape.variable(x), model.weights) + bias, labels, 2).item<double>();
  };
  Tape tape;
  Var derivative = tape.gradient(focal_loss(model(tape.variable(x)), labels, 2), model.bias);
  double bias = model.bias.value().item<double>(), h = 1e-5;
  return std::abs(derivative.item<double>() - (loss_at(bias + h) - loss_at(bias - h)) / (2 * h));
}

int run(const char* path) {
  models::Dataset cancer = models::split_target(models::read_csv(path), "benign");
  models::TrainTest split = models::train_test_split(cancer.x, cancer.y, 0.25, 0);
  models::Standardizer standardizer;
  Array x = standardizer.fit(split.x_train).transform(split.x_train);
  Array labels = to_bool(split.y_train);

  models::LogisticRegression model;
  model.weights = Parameter("weights", Array::zeros({x.shape()[1]}));
  auto loss = [&](Tape& tape) { return focal_loss(model(tape.variable(x)), labels, 2); };
  optim::Result result = optim::minimize({model.weights, model.bias}, loss, optim::Adam{.learning_rate = 0.05},
                                         {.iterations = 200, .gradient_norm = 1e-3});

  double accuracy = model.score(standardizer.transform(split.x_test), split.y_test);
  double error = derivative_error(model, x, labels);
  std::printf("focal loss %.6f: %s\n", result.loss, result.message.c_str());
  std::printf("test accuracy %.4f; derivative off a central difference by %.1e\n", accuracy, error);
  return accuracy >= 0.95 && error < 1e-8 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc > 1 ? argv[1] : "data/breast_cancer.csv");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "focal_loss: %s\n", error.what());
    return 1;
  }
}
