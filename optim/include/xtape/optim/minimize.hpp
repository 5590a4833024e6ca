// `minimize`: steps of a method until a stopping rule fires.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include <xtape/optim/batches.hpp>
#include <xtape/optim/lbfgs.hpp>
#include <xtape/optim/loss.hpp>
#include <xtape/optim/newton.hpp>
#include <xtape/optim/optimizer.hpp>
#include <xtape/optim/stopping.hpp>

namespace xtape::optim {

/// An update rule (GradientDescent, Adam, a function ...), Newton's method or L-BFGS.
using Method = std::variant<UpdateRule, Newton, LBFGS>;

/// Called after every update; of all rows at once also where it ends, without an update. The step tells the loss and
/// the gradient norm that the update started from; the parameters already have their new values.
using Progress = std::function<void(const Step&)>;

/// How it ended. Loss and gradient norm belong to the parameters as they were left. With mini-batches the loss is the
/// mean over the last epoch's rows, each measured before its update, and the gradient norm that of the last batch; both
/// are NaN if there was none.
struct Result {
  std::int64_t iterations = 0;   ///< updates made
  std::int64_t epochs = 0;       ///< passes over the rows of mini-batches completed
  std::int64_t evaluations = 0;  ///< calls of the loss function, each for a gradient or a row of the Hessian
  double loss = 0;
  double gradient_norm = 0;
  std::optional<double> validation_loss = {};  ///< with early stopping
  StopReason reason = StopReason::iterations;
  std::string message;  ///< the reason in words, with its numbers
};

/// Lowers the loss by changing the parameters until a stopping rule fires. If the loss, a gradient or a new value is
/// not finite, the parameters keep their last finite values, and the message says at which iteration. Throws as
/// Optimizer does for bad arguments, before any parameter changes.
Result minimize(const Parameters& parameters, const LossFunction& loss, const Method& method,
                const Stopping& stopping = {}, const Progress& progress = nullptr);

/// The same by mini-batches: stochastic gradient descent and its kin.
Result minimize(const Parameters& parameters, const BatchLoss& loss, const Batching& batching, UpdateRule rule,
                const Stopping& stopping = {}, const Progress& progress = nullptr);

}  // namespace xtape::optim
