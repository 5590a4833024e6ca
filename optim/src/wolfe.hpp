// A line search for the strong Wolfe conditions.
#pragma once

#include <functional>
#include <vector>

#include <xtape/array.hpp>
#include <xtape/optim/lbfgs.hpp>

namespace xtape::optim::detail {

/// A point x + t d of a line, with the loss and the gradient there.
struct Trial {
  double t = 0;
  double loss = 0;   ///< inf where the loss or the gradient is no finite number, but for a loss of -inf
  double slope = 0;  ///< the gradient's product with d
  double gradient_norm = 0;
  std::vector<Array> values = {};             ///< of the parameters
  std::vector<double> x = {}, gradient = {};  ///< of all parameters together
};

struct LineSearch {
  enum class End {
    wolfe,      ///< both conditions hold, or rounding hides whether the loss falls, and the gradient is smaller
    decrease,   ///< the first alone holds: the best that was found
    nothing,    ///< no step lowers the loss
    unbounded,  ///< the loss is -inf, or falls as steeply as ever at the largest step
  };
  End end = End::nothing;
  Trial point;  ///< where to go, or how far it went
};

/// Finds a step by Nocedal and Wright's algorithms 3.5 and 3.6, beginning with t = 1. `start` is at t = 0, with a
/// negative slope; `noise` is what rounding may add to a loss.
LineSearch find_step(const std::function<Trial(double t)>& line, const Trial& start, double noise,
                     const LBFGS& settings);

}  // namespace xtape::optim::detail
