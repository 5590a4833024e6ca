// How models are trained: what all of them share in `fit`.
//
//     MLPClassifier model;
//     model.fit(x, y, {.optimizer = optim::Adam{}, .stopping = {.epochs = 50}, .batch_size = 32, .seed = 1});
//
// A `fit` throws before it changes a parameter if an argument is bad, and leaves the model as it was: ShapeError if
// shapes do not fit each other, DTypeError if x is not float32 or float64, ValueError if data is not finite or a
// setting is out of range. Whatever is thrown while it trains (by a progress function of yours, or by Newton's pure
// form at a singular Hessian) leaves the model as it was, too, and is passed on unchanged. Only where the optimizer
// stops because the loss turned non-finite does the model change: fit throws NumericalError, which says at which
// iteration, and the parameters are the last finite ones. Parameters get the dtype of x.
#pragma once

#include <cstdint>

#include <xtape/optim/gradient_descent.hpp>
#include <xtape/optim/lbfgs.hpp>
#include <xtape/optim/minimize.hpp>
#include <xtape/optim/newton.hpp>

namespace xtape::models {

/// How a model is trained.
struct FitOptions {
  optim::Method optimizer = optim::GradientDescent{.learning_rate = 0.1};  ///< a rule, Newton or LBFGS
  optim::Stopping stopping = {};
  optim::Progress progress = nullptr;
  std::int64_t batch_size = 0;  ///< rows in a mini-batch; 0 takes all rows at once, as Newton and LBFGS must
  std::uint64_t seed = 0;       ///< of the order of mini-batches, and of initial weights where they are random
};

}  // namespace xtape::models
