#include <xtape/models/logistic_regression.hpp>

#include <xtape/ops.hpp>

#include "check.hpp"
#include "train.hpp"

namespace xtape::models {

namespace {

/// The logits of x on a tape, once x is known to fit the model.
Var checked_logits(const LogisticRegression& model, std::string_view caller, Tape& tape, const Array& x) {
  check_fitted(caller, x, model.weights.shape()[0], model.weights.dtype());
  return model(tape.variable(x));
}

Array classes_of(const Var& logits) { return cast(logits > 0, DType::int64).value(); }

}  // namespace

Var LogisticRegression::operator()(const Var& x) const {
  check_is_fitted("LogisticRegression", weights.shape()[0]);
  return matmul(x, weights) + bias;
}

Var LogisticRegression::loss(const Var& x, const Operand& y) const {
  return with_penalty(binary_cross_entropy_with_logits((*this)(x), y), l2, weights);
}

optim::Result LogisticRegression::fit(const Array& x, const Array& y, const FitOptions& options) {
  const char* caller = "LogisticRegression.fit";
  const Array labels = as_dtype(checked_training_classes(caller, x, y, 2, l2).labels, x.dtype());

  LogisticRegression start{.l2 = l2};
  start.weights = Parameter("weights", Array::zeros({x.shape()[1]}, x.dtype()));
  start.bias = Parameter("bias", Array::zeros({}, x.dtype()));
  return train_from(std::move(start), *this, caller, x, labels, options);
}

Array LogisticRegression::predict(const Array& x) const {
  Tape tape;
  return classes_of(checked_logits(*this, "LogisticRegression.predict", tape, x));
}

Array LogisticRegression::predict_proba(const Array& x) const {
  Tape tape;
  const Var logits = checked_logits(*this, "LogisticRegression.predict_proba", tape, x);
  return stack({sigmoid(-logits), sigmoid(logits)}, 1).value();
}

double LogisticRegression::score(const Array& x, const Array& y) const {
  const char* caller = "LogisticRegression.score";
  Tape tape;
  const Var logits = checked_logits(*this, caller, tape, x);
  return accuracy(classes_of(logits), checked_labels(caller, x, y, 2));
}

}  // namespace xtape::models
