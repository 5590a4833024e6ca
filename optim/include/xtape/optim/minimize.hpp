// `minimize`: steps of a rule until a stopping rule fires.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <xtape/optim/optimizer.hpp>
#include <xtape/optim/stopping.hpp>

namespace xtape::optim {

/// Called at every iteration, with the loss and gradient norm of the parameters that it starts from.
using Progress = std::function<void(const Step&)>;

/// How it ended. Loss and gradient norm belong to the parameters as they were left.
struct Result {
  std::int64_t iterations = 0;  ///< updates made
  double loss = 0;
  double gradient_norm = 0;
  StopReason reason = StopReason::iterations;
  std::string message;  ///< the reason in words, with its numbers
};

/// Lowers the loss by changing the parameters until a stopping rule fires. If the loss, a gradient or a new value is
/// not finite, the parameters keep their last finite values, and the message says at which iteration. Throws as
/// Optimizer does for bad arguments, before any parameter changes.
Result minimize(const Parameters& parameters, const LossFunction& loss, UpdateRule rule, const Stopping& stopping = {},
                const Progress& progress = nullptr);

}  // namespace xtape::optim
