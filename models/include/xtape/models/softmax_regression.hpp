// Softmax regression: logistic regression for any number of classes. Names and methods follow scikit-learn.
#pragma once

#include <cstdint>

#include <xtape/array.hpp>
#include <xtape/models/fit.hpp>
#include <xtape/models/labels.hpp>
#include <xtape/operand.hpp>
#include <xtape/parameter.hpp>
#include <xtape/tape.hpp>

namespace xtape::models {

/// P(y = j | x) = softmax(x weights + bias)[j]. Features are float32 or float64 (n, d) and finite; labels (n) are the
/// classes 0 ... k - 1, as int64, bool or floating. Without a penalty the loss does not change when one vector is added
/// to all columns of the weights: from zero weights, gradient methods keep their sum at zero.
struct SoftmaxRegression {
  double l2 = 0;             ///< weight of the penalty l2 / 2 sum(weights^2), 1 / (n C) in scikit-learn's terms
  std::int64_t classes = 0;  ///< k; 0 takes the largest label of `fit` + 1
  Parameter weights{"weights", Array::zeros({0, 0})};  ///< (d, k)
  Parameter bias{"bias", Array::zeros({0})};           ///< (k); not penalized

  /// The logits, shape (n, k). Throws ValueError before `fit`, as `loss`.
  Var operator()(const Var& x) const;
  /// The mean cross-entropy with the penalty. Labels are int64 (n), as class_labels gives them.
  Var loss(const Var& x, const Operand& y) const;
  optim::Parameters parameters() { return {weights, bias}; }

  /// Trains from zero weights. Throws as fit.hpp says; ValueError also if a label is no class, there is one class only,
  /// or l2 is negative.
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
