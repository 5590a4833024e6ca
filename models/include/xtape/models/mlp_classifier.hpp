// A multilayer perceptron for classification. Names and methods follow scikit-learn.
#pragma once

#include <cstdint>
#include <vector>

#include <xtape/array.hpp>
#include <xtape/models/fit.hpp>
#include <xtape/models/labels.hpp>
#include <xtape/operand.hpp>
#include <xtape/parameter.hpp>
#include <xtape/tape.hpp>

namespace xtape::models {

/// What follows each hidden layer: max(x, 0), tanh(x) or 1 / (1 + exp(-x)).
enum class Activation : std::uint8_t { relu, tanh, logistic };

/// P(y = j | x) = softmax(logits)[j], the logits being a chain of layers h weights + bias with the activation between
/// them. Features are float32 or float64 (n, d) and finite; labels (n) are the classes 0 ... k - 1, as int64, bool or
/// floating. Rumelhart, Hinton and Williams, Learning representations by back-propagating errors, 1986.
struct MLPClassifier {
  struct Layer {
    Parameter weights, bias;  ///< (inputs, outputs) and (outputs)
  };

  std::vector<std::int64_t> hidden_layer_sizes = {100};
  Activation activation = Activation::relu;
  double l2 = 0;                   ///< weight of the penalty l2 / 2 sum(weights^2) over all layers; not on the biases
  std::int64_t classes = 0;        ///< k; 0 takes the largest label of `fit` + 1
  std::vector<Layer> layers = {};  ///< hidden layers and, last, the output layer; what `fit` makes

  /// The logits, shape (n, k). Throws ValueError before `fit`, as `loss`.
  Var operator()(const Var& x) const;
  /// The mean cross-entropy with the penalty. Labels are int64 (n), as class_labels gives them.
  Var loss(const Var& x, const Operand& y) const;
  /// Weights and bias of each layer.
  optim::Parameters parameters();

  /// Trains from biases of zero and random weights, uniform in [-r, r]: r = sqrt(6 / inputs) for layers that relu
  /// follows (He et al., Delving Deep into Rectifiers, 2015), r = sqrt(6 / (inputs + outputs)) for the others (Glorot
  /// and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010). The same
  /// options.seed gives the same weights on every machine. Throws as fit.hpp says; ValueError also if a label is no
  /// class, there is one class only, a hidden layer is empty, or l2 is negative.
  optim::Result fit(const Array& x, const Array& y, const FitOptions& options = {});

  /// The likeliest class, int64 (n); at a tie the first. Throws ValueError before `fit` and if x is not finite,
  /// ShapeError if d differs, DTypeError if x's dtype does, as the next two.
  Array predict(const Array& x) const;
  /// The probabilities of the classes, (n, k), in x's dtype.
  Array predict_proba(const Array& x) const;
  /// The fraction of rows whose class is predicted right.
  double score(const Array& x, const Array& y) const;
};

}  // namespace xtape::models
