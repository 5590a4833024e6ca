// Logistic regression for two classes. Names and methods follow scikit-learn.
#pragma once

#include <xtape/array.hpp>
#include <xtape/optim/gradient_descent.hpp>
#include <xtape/optim/minimize.hpp>
#include <xtape/parameter.hpp>
#include <xtape/tape.hpp>

namespace xtape::models {

/// How a model is trained.
struct FitOptions {
  optim::UpdateRule rule = optim::GradientDescent{.learning_rate = 0.1};
  optim::Stopping stopping = {};
  optim::Progress progress = nullptr;
};

/// P(y = 1 | x) = sigmoid(x weights + bias). Features are float64 (n, d) and finite; labels (n) are 0 or 1, as int64,
/// bool or floating.
struct LogisticRegression {
  double l2 = 0;  ///< weight of the penalty l2 / 2 sum(weights^2); the bias is not penalized
  Parameter weights{"weights", Array::zeros({0})};
  Parameter bias{"bias", Array(0.0)};

  /// The logits, shape (n).
  Var operator()(const Var& x) const;
  /// The mean cross-entropy with the penalty, recorded on the tape. Labels are float64 or bool.
  Var loss(Tape& tape, const Array& x, const Array& y) const;

  /// Trains by full batches, from zero weights. Throws ShapeError if shapes do not fit each other; DTypeError if x is
  /// not float64; ValueError if data is not finite, a label is not 0 or 1, there is one class only, or l2 is negative:
  /// then the parameters are unchanged. Throws NumericalError if the loss turns non-finite, and says at which
  /// iteration: then the parameters are the last finite ones.
  optim::Result fit(const Array& x, const Array& y, const FitOptions& options = {});

  /// The likelier class, int64 (n). Throws ValueError before `fit` and if x is not finite, ShapeError if d differs,
  /// as the next two.
  Array predict(const Array& x) const;
  /// The probabilities of class 0 and class 1, float64 (n, 2).
  Array predict_proba(const Array& x) const;
  /// The fraction of rows whose class is predicted right.
  double score(const Array& x, const Array& y) const;
};

}  // namespace xtape::models
