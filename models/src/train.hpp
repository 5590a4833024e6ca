// What the models share: one training driver, the penalty on weights, and the classifiers' answers.
#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include <xtape/models/fit.hpp>
#include <xtape/operand.hpp>

namespace xtape::models {

/// The loss of some rows.
using RowsLoss = std::function<Var(const Var& x, const Operand& y)>;

/// Lowers the loss of x and y, by all rows at once or by mini-batches. A loss that turns non-finite is in the result.
optim::Result train(std::string_view caller, const optim::Parameters& parameters, const RowsLoss& loss, const Array& x,
                    const Array& y, const FitOptions& options);

/// Throws NumericalError if training ended at a loss, a gradient or a value that is not finite.
void check_finite_end(std::string_view caller, const optim::Result& result);

/// Trains a model, in its place, from the parameters of `start`. It is as it was before if training throws; the error
/// of a loss that turned non-finite comes after, with the last finite parameters in the model. Throws as fit.hpp says.
template <class Model>
optim::Result train_from(Model start, Model& model, std::string_view caller, const Array& x, const Array& y,
                         const FitOptions& options) {
  std::swap(model, start);
  const RowsLoss loss = [&](const Var& rows, const Operand& targets) { return model.loss(rows, targets); };
  optim::Result result;
  try {
    result = train(caller, model.parameters(), loss, x, y, options);
  } catch (...) {
    std::swap(model, start);
    throw;
  }
  check_finite_end(caller, result);
  return result;
}

/// loss + l2 / 2 sum(weights^2); the loss itself for an l2 of 0.
Var with_penalty(const Var& loss, double l2, const Parameter& weights);

/// The class of each row's largest logit, the first at a tie: int64 (n) for logits (n, k).
Array likeliest_class(const Array& logits);
/// The fraction of labels that are predicted right; both int64 (n).
double accuracy(const Array& predicted, const Array& labels);

}  // namespace xtape::models
