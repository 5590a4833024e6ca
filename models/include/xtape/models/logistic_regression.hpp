// Logistic regression for two classes. Names and methods follow scikit-learn.
#pragma once

#include <xtape/array.hpp>
#include <xtape/models/fit.hpp>
#include <xtape/operand.hpp>
#include <xtape/parameter.hpp>
#include <xtape/tape.hpp>

namespace xtape::models {

/// P(y = 1 | x) = sigmoid(x weights + bias). Features are float32 or float64 (n, d) and finite; labels (n) are 0 or 1,
/// as int64, bool or floating. Cox, The Regression Analysis of Binary Sequences, 1958.
struct LogisticRegression {
  double l2 = 0;  ///< weight of the penalty l2 / 2 sum(weights^2), 1 / (n C) in scikit-learn's terms; not on the bias
  Parameter weights{"weights", Array::zeros({0})};  ///< (d)
  Parameter bias{"bias", Array(0.0)};               ///< ()

  /// The logits, shape (n). Throws ValueError before `fit`, as `loss`.
  Var operator()(const Var& x) const;
  /// The mean cross-entropy with the penalty. Labels are bool or of x's dtype.
  Var loss(const Var& x, const Operand& y) const;
  optim::Parameters parameters() { return {weights, bias}; }

  /// Trains from zero weights. Throws as fit.hpp says; ValueError also if a label is not 0 or 1, there is one class
  /// only, or l2 is negative.
  optim::Result fit(const Array& x, const Array& y, const FitOptions& options = {});

  /// The likelier class, int64 (n). Throws ValueError before `fit` and if x is not finite, ShapeError if d differs,
  /// DTypeError if x's dtype does, as the next two.
  Array predict(const Array& x) const;
  /// The probabilities of class 0 and class 1, (n, 2), in x's dtype.
  Array predict_proba(const Array& x) const;
  /// The fraction of rows whose class is predicted right.
  double score(const Array& x, const Array& y) const;
};

}  // namespace xtape::models
