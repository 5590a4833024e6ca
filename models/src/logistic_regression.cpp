#include <xtape/models/logistic_regression.hpp>

#include <cmath>

#include <xtape/ops.hpp>
#include <xtape/optim/fail.hpp>

#include "check.hpp"

namespace xtape::models {

using optim::detail::fail;

namespace {

/// The logits of x on a tape, once x is known to fit the model.
Var checked_logits(const LogisticRegression& model, std::string_view caller, Tape& tape, const Array& x) {
  check_features(caller, x);
  check_feature_count(caller, x, model.weights.shape().size());
  return model(tape.variable(x));
}

void check_two_classes(std::string_view caller, const Array& labels) {
  double first = labels.values<double>()[0];
  for (double label : labels.values<double>())
    if (label != first) return;
  fail<ValueError>(caller, ": y holds one class only, ", first, "; two are needed");
}

}  // namespace

Var LogisticRegression::operator()(const Var& x) const { return matmul(x, weights) + bias; }

Var LogisticRegression::loss(Tape& tape, const Array& x, const Array& y) const {
  Var entropy = binary_cross_entropy_with_logits((*this)(tape.variable(x)), y);
  if (l2 == 0) return entropy;
  return entropy + 0.5 * l2 * sum(square(tape.read(weights)));
}

optim::Result LogisticRegression::fit(const Array& x, const Array& y, const FitOptions& options) {
  const char* caller = "LogisticRegression.fit";
  check_features(caller, x);
  Array labels = checked_labels(caller, x, y);
  check_two_classes(caller, labels);
  if (!(std::isfinite(l2) && l2 >= 0)) fail<ValueError>(caller, ": l2 must be finite and not negative, is ", l2);
  options.stopping.check();

  weights = Parameter("weights", Array::zeros({x.shape()[1]}));
  bias = Parameter("bias", Array(0.0));
  auto training_loss = [&](Tape& tape) { return loss(tape, x, labels); };
  optim::Result result =
      optim::minimize({weights, bias}, training_loss, options.rule, options.stopping, options.progress);
  if (result.reason == optim::StopReason::non_finite) fail<NumericalError>(caller, ": ", result.message);
  return result;
}

Array LogisticRegression::predict(const Array& x) const {
  Tape tape;
  return cast(checked_logits(*this, "LogisticRegression.predict", tape, x) > 0, DType::int64).value();
}

Array LogisticRegression::predict_proba(const Array& x) const {
  Tape tape;
  Var logits = checked_logits(*this, "LogisticRegression.predict_proba", tape, x);
  return stack({sigmoid(-logits), sigmoid(logits)}, 1).value();
}

double LogisticRegression::score(const Array& x, const Array& y) const {
  const char* caller = "LogisticRegression.score";
  Tape tape;
  Var logits = checked_logits(*this, caller, tape, x);
  Array labels = checked_labels(caller, x, y);
  return mean(cast((logits > 0) == (tape.variable(labels) > 0.5), DType::float64)).item<double>();
}

}  // namespace xtape::models
