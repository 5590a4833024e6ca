#include <xtape/models/linear_regression.hpp>

#include <algorithm>
#include <cmath>

#include <xtape/linalg.hpp>
#include <xtape/ops.hpp>
#include <xtape/optim/fail.hpp>

#include "check.hpp"
#include "train.hpp"

namespace xtape::models {

using optim::detail::fail;

namespace {

/// The columns' means, once they are known not to overflow.
Var checked_means(std::string_view caller, const std::string& of, const Var& x) {
  Var means = mean(x, 0);
  check_overflow(caller, "the mean of " + of, means.value());
  return means;
}

/// Columns less their means; exact zeros where a column is constant, which rounding in the mean would hide.
Var centered(std::string_view caller, const std::string& of, const Var& x, const Var& means) {
  Var deviations = where(max(x, 0) == min(x, 0), 0.0, x - means);
  check_overflow(caller, of + " less its mean", max(abs(deviations), 0).value());
  return deviations;
}

/// Rows of zeros but for `diagonal`, (d, d).
Array scaled_identity(std::int64_t d, double diagonal) {
  std::vector<double> elements(static_cast<std::size_t>(d * d), 0.0);
  for (std::int64_t i = 0; i < d; ++i) elements[static_cast<std::size_t>(i * d + i)] = diagonal;
  return Array::from(elements, {d, d});
}

/// Least squares of x and y, both float64. The penalty is d more rows: n l2 / 2 |w|^2 = |sqrt(n l2 / 2) I w - 0|^2.
linalg::LeastSquares solve(const Array& x, const Array& y, double l2) {
  if (l2 == 0) return linalg::lstsq(x, y);
  const std::int64_t d = x.shape()[1];
  Shape zeros = y.shape();
  zeros[0] = d;
  Tape tape;
  const double diagonal = std::sqrt(static_cast<double>(x.shape()[0]) / 2) * std::sqrt(l2);
  const Var rows = concatenate({tape.variable(x), scaled_identity(d, diagonal)}, 0);
  const Var targets = concatenate({tape.variable(y), Array::zeros(zeros)}, 0);
  return linalg::lstsq(rows.value(), targets.value(), std::nullopt);
}

struct Solution {
  Array weights, bias;  ///< float64
  ClosedForm report;
};

Solution solve_with_intercept(std::string_view caller, const Array& x, const Array& y, double l2) {
  Tape tape;
  const Var features = tape.variable(x), targets = tape.variable(y);
  const Var x_means = checked_means(caller, "x", features), y_means = checked_means(caller, "y", targets);
  const Array a = centered(caller, "x", features, x_means).value(), b = centered(caller, "y", targets, y_means).value();
  const linalg::LeastSquares least = solve(a, b, l2);
  const Array bias = (y_means - matmul(x_means, least.solution)).value();
  return {least.solution, bias, {least.rank, least.singular_values}};
}

Solution solve_without_intercept(std::string_view, const Array& x, const Array& y, double l2) {
  const linalg::LeastSquares least = solve(x, y, l2);
  const Shape outputs = y.rank() == 1 ? Shape{} : Shape{y.shape()[1]};
  return {least.solution, Array::zeros(outputs), {least.rank, least.singular_values}};
}

void check_solution(std::string_view caller, const Array& weights, const Array& bias) {
  Tape tape;
  if (logical_and(all(isfinite(tape.variable(weights))), all(isfinite(tape.variable(bias))))) return;
  fail<NumericalError>(caller, ": the solution is too large for ", name(weights.dtype()));
}

/// The predictions on a tape, once x is known to fit the model.
Var checked_predictions(const LinearRegression& model, std::string_view caller, Tape& tape, const Array& x) {
  check_fitted(caller, x, model.weights.shape()[0], model.weights.dtype());
  return model(tape.variable(x));
}

Var squared_sums(const Var& x) { return sum(square(x), 0); }

}  // namespace

Var LinearRegression::operator()(const Var& x) const {
  check_is_fitted("LinearRegression", weights.shape()[0]);
  const Var products = matmul(x, weights);
  return fit_intercept ? products + bias : products;
}

Var LinearRegression::loss(const Var& x, const Operand& y) const {
  const auto rows = static_cast<double>(x.shape()[0]);
  return with_penalty(squared_error((*this)(x), y, Reduction::sum) / rows, l2, weights);
}

optim::Parameters LinearRegression::parameters() {
  if (!fit_intercept) return {weights};
  return {weights, bias};
}

ClosedForm LinearRegression::fit(const Array& x, const Array& y) {
  const char* caller = "LinearRegression.fit";
  check_features(caller, x);
  check_l2(caller, l2);
  const Array features = as_dtype(x, DType::float64);
  const Array targets = as_dtype(checked_targets(caller, x, y), DType::float64);

  const auto solve_it = fit_intercept ? solve_with_intercept : solve_without_intercept;
  const Solution solution = solve_it(caller, features, targets, l2);
  const Array best_weights = as_dtype(solution.weights, x.dtype()), best_bias = as_dtype(solution.bias, x.dtype());
  check_solution(caller, best_weights, best_bias);
  weights = Parameter("weights", best_weights);
  bias = Parameter("bias", best_bias);
  return solution.report;
}

optim::Result LinearRegression::fit(const Array& x, const Array& y, const FitOptions& options) {
  const char* caller = "LinearRegression.fit";
  check_features(caller, x);
  check_l2(caller, l2);
  const Array targets = checked_targets(caller, x, y);

  const std::int64_t d = x.shape()[1];
  const bool one_output = y.rank() == 1;
  LinearRegression start{.l2 = l2, .fit_intercept = fit_intercept};
  start.weights = Parameter("weights", Array::zeros(one_output ? Shape{d} : Shape{d, y.shape()[1]}, x.dtype()));
  start.bias = Parameter("bias", Array::zeros(one_output ? Shape{} : Shape{y.shape()[1]}, x.dtype()));
  return train_from(std::move(start), *this, caller, x, targets, options);
}

Array LinearRegression::predict(const Array& x) const {
  Tape tape;
  return checked_predictions(*this, "LinearRegression.predict", tape, x).value();
}

double LinearRegression::score(const Array& x, const Array& y) const {
  const char* caller = "LinearRegression.score";
  Tape tape;
  const Var predicted = checked_predictions(*this, caller, tape, x);
  const Array targets = checked_targets(caller, x, y);
  if (targets.shape() != predicted.shape()) {
    fail<ShapeError>(caller, ": y is ", to_string(y.shape()), ", the predictions are ", to_string(predicted.shape()));
  }
  const Var truth = cast(tape.variable(targets), DType::float64);
  const Var residual = truth - cast(predicted, DType::float64);
  const Var deviation = centered(caller, "y", truth, checked_means(caller, "y", truth));
  const Var largest = max(abs(deviation), 0), constant = largest == 0.0;
  // In units of the largest deviation, squares of deviations neither overflow nor vanish.
  const Var unit = where(constant, 1.0, largest);
  const Var share = squared_sums(residual / unit) / where(constant, 1.0, squared_sums(deviation / unit));
  const Var of_constant = cast(max(abs(residual), 0) == 0.0, DType::float64);
  return mean(where(constant, of_constant, 1.0 - share)).item<double>();
}

}  // namespace xtape::models
