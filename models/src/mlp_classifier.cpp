#include <xtape/models/mlp_classifier.hpp>

#include <string>

#include <xtape/initialize.hpp>
#include <xtape/ops.hpp>
#include <xtape/optim/fail.hpp>

#include "check.hpp"
#include "train.hpp"

namespace xtape::models {

namespace {

using Layer = MLPClassifier::Layer;

Var activate(Activation activation, const Var& x) {
  switch (activation) {
    case Activation::relu:
      return relu(x);
    case Activation::tanh:
      return tanh(x);
    case Activation::logistic:
      break;
  }
  return sigmoid(x);
}

void check_hidden_layers(std::string_view caller, const std::vector<std::int64_t>& sizes) {
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] > 0) continue;
    optim::detail::fail<ValueError>(caller, ": hidden_layer_sizes must be positive, number ", i,
                                    " (counted from 0) is ", sizes[i]);
  }
}

/// A layer's key is the seed, and its number as the stream.
Layer initial_layer(const Key& key, const Shape& shape, bool before_relu, DType dtype) {
  const std::string name = "layers[" + std::to_string(key.stream) + "].";
  // Derived, so that no weight has the bits of an epoch's order.
  const Key of_weights = fold_in(key, 0);
  const Array weights = before_relu
                            ? kaiming_uniform(of_weights, shape, {.layout = Layout::inputs_outputs, .dtype = dtype})
                            : xavier_uniform(of_weights, shape, {.layout = Layout::inputs_outputs, .dtype = dtype});
  return {Parameter(name + "weights", weights), Parameter(name + "bias", Array::zeros({shape[1]}, dtype))};
}

std::vector<Layer> initial_layers(const MLPClassifier& model, std::int64_t features, std::int64_t classes,
                                  std::uint64_t seed, DType dtype) {
  const bool relu_follows = model.activation == Activation::relu;
  std::vector<Layer> layers;
  std::int64_t inputs = features;
  for (const std::int64_t outputs : model.hidden_layer_sizes) {
    layers.push_back(initial_layer({seed, layers.size()}, {inputs, outputs}, relu_follows, dtype));
    inputs = outputs;
  }
  layers.push_back(initial_layer({seed, layers.size()}, {inputs, classes}, false, dtype));
  return layers;
}

/// The logits of x on a tape, once x is known to fit the model.
Var checked_logits(const MLPClassifier& model, std::string_view caller, Tape& tape, const Array& x) {
  if (model.layers.empty()) check_fitted(caller, x, 0, x.dtype());
  const Parameter& first = model.layers.front().weights;
  check_fitted(caller, x, first.shape()[0], first.dtype());
  return model(tape.variable(x));
}

}  // namespace

Var MLPClassifier::operator()(const Var& x) const {
  check_is_fitted("MLPClassifier", layers.empty() ? 0 : layers.front().weights.shape()[0]);
  Var h = x;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (i > 0) h = activate(activation, h);
    h = matmul(h, layers[i].weights) + layers[i].bias;
  }
  return h;
}

Var MLPClassifier::loss(const Var& x, const Operand& y) const {
  Var result = softmax_cross_entropy((*this)(x), y);
  for (const Layer& layer : layers) result = with_penalty(result, l2, layer.weights);
  return result;
}

optim::Parameters MLPClassifier::parameters() {
  optim::Parameters result;
  for (Layer& layer : layers) {
    result.emplace_back(layer.weights);
    result.emplace_back(layer.bias);
  }
  return result;
}

optim::Result MLPClassifier::fit(const Array& x, const Array& y, const FitOptions& options) {
  const char* caller = "MLPClassifier.fit";
  const TrainingClasses training = checked_training_classes(caller, x, y, classes, l2);
  check_hidden_layers(caller, hidden_layer_sizes);

  MLPClassifier start = *this;
  start.layers = initial_layers(*this, x.shape()[1], training.count, options.seed, x.dtype());
  return train_from(std::move(start), *this, caller, x, training.labels, options);
}

Array MLPClassifier::predict(const Array& x) const {
  Tape tape;
  return likeliest_class(checked_logits(*this, "MLPClassifier.predict", tape, x).value());
}

Array MLPClassifier::predict_proba(const Array& x) const {
  Tape tape;
  return softmax(checked_logits(*this, "MLPClassifier.predict_proba", tape, x)).value();
}

double MLPClassifier::score(const Array& x, const Array& y) const {
  const char* caller = "MLPClassifier.score";
  Tape tape;
  const Var logits = checked_logits(*this, caller, tape, x);
  return accuracy(likeliest_class(logits.value()), checked_labels(caller, x, y, layers.back().bias.shape()[0]));
}

}  // namespace xtape::models
