#include <xtape/models/softmax_regression.hpp>

#include <xtape/ops.hpp>

#include "check.hpp"
#include "train.hpp"

namespace xtape::models {

namespace {

/// The logits of x on a tape, once x is known to fit the model.
Var checked_logits(const SoftmaxRegression& model, std::string_view caller, Tape& tape, const Array& x) {
  check_fitted(caller, x, model.weights.shape()[0], model.weights.dtype());
  return model(tape.variable(x));
}

}  // namespace

Var SoftmaxRegression::operator()(const Var& x) const {
  check_is_fitted("SoftmaxRegression", weights.shape()[0]);
  return matmul(x, weights) + bias;
}

Var SoftmaxRegression::loss(const Var& x, const Operand& y) const {
  return with_penalty(softmax_cross_entropy((*this)(x), y), l2, weights);
}

optim::Result SoftmaxRegression::fit(const Array& x, const Array& y, const FitOptions& options) {
  const char* caller = "SoftmaxRegression.fit";
  const TrainingClasses training = checked_training_classes(caller, x, y, classes, l2);

  SoftmaxRegression start{.l2 = l2, .classes = classes};
  start.weights = Parameter("weights", Array::zeros({x.shape()[1], training.count}, x.dtype()));
  start.bias = Parameter("bias", Array::zeros({training.count}, x.dtype()));
  return train_from(std::move(start), *this, caller, x, training.labels, options);
}

Array SoftmaxRegression::predict(const Array& x) const {
  Tape tape;
  return likeliest_class(checked_logits(*this, "SoftmaxRegression.predict", tape, x).value());
}

Array SoftmaxRegression::predict_proba(const Array& x) const {
  Tape tape;
  return softmax(checked_logits(*this, "SoftmaxRegression.predict_proba", tape, x)).value();
}

double SoftmaxRegression::score(const Array& x, const Array& y) const {
  const char* caller = "SoftmaxRegression.score";
  Tape tape;
  const Var logits = checked_logits(*this, caller, tape, x);
  return accuracy(likeliest_class(logits.value()), checked_labels(caller, x, y, bias.shape()[0]));
}

}  // namespace xtape::models
