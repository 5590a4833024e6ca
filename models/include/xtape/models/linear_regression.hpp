// Linear regression: least squares, in closed form or by any optimizer. Names and methods follow scikit-learn.
#pragma once

#include <cstdint>

#include <xtape/array.hpp>
#include <xtape/models/fit.hpp>
#include <xtape/operand.hpp>
#include <xtape/parameter.hpp>
#include <xtape/tape.hpp>

namespace xtape::models {

/// What the closed form says of the system that it solved: x, less its columns' means if there is an intercept, above
/// d rows for the penalty if there is one.
struct ClosedForm {
  std::int64_t rank = 0;  ///< of the system; below d the optimum is not unique
  Array singular_values;  ///< of the system, float64, descending
};

/// y = x weights + bias. Features are float32 or float64 (n, d) and finite; targets are (n), or (n, k) for k outputs,
/// and finite. Legendre, Nouvelles méthodes pour la détermination des orbites des comètes, 1805; the penalty: Hoerl
/// and Kennard, Ridge Regression, 1970.
struct LinearRegression {
  double l2 = 0;  ///< weight of the penalty l2 / 2 sum(weights^2), 2 alpha / n for Ridge's alpha; not on the bias
  bool fit_intercept = true;                        ///< false keeps the bias out of model and parameters
  Parameter weights{"weights", Array::zeros({0})};  ///< (d) or (d, k)
  Parameter bias{"bias", Array(0.0)};               ///< () or (k)

  /// The predictions, shape (n) or (n, k). Throws ValueError before `fit`, as `loss`.
  Var operator()(const Var& x) const;
  /// The squared error, summed over outputs and averaged over rows, with the penalty: k outputs fitted together are as
  /// each fitted alone. Targets have the shape and dtype of the predictions.
  Var loss(const Var& x, const Operand& y) const;
  /// The weights, and the bias if there is an intercept.
  optim::Parameters parameters();

  /// The optimum of `loss`, by singular value decomposition; where it is not unique (the rank is below d), the
  /// one whose weights have the least norm. Throws as fit.hpp says; ValueError also if a column's mean, or its distance
  /// from it, overflows float64; NumericalError if the decomposition does not converge or the weights overflow, and
  /// then the model is as it was.
  ClosedForm fit(const Array& x, const Array& y);
  /// Trains by an optimizer, from zero weights. Throws as fit.hpp says.
  optim::Result fit(const Array& x, const Array& y, const FitOptions& options);

  /// The predictions, (n) or (n, k), in x's dtype. Throws ValueError before `fit` and if x is not finite, ShapeError if
  /// d differs, DTypeError if x's dtype does, as the next.
  Array predict(const Array& x) const;
  /// R^2 = 1 - sum((y - prediction)^2) / sum((y - mean(y))^2), averaged over outputs; where a target is constant, 1 if
  /// it is predicted exactly and else 0. Throws as predict does; ValueError also if y's mean, or its distance from it,
  /// overflows float64.
  double score(const Array& x, const Array& y) const;
};

}  // namespace xtape::models
