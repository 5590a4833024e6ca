// Gradient descent with momentum.
#pragma once

#include <xtape/optim/rule.hpp>
#include <xtape/optim/schedule.hpp>

namespace xtape::optim {

/// v = momentum v + gradient; x - learning_rate v. Polyak, Some methods of speeding up the convergence of iteration
/// methods, 1964, with the rate outside the velocity, as in PyTorch.
struct Momentum {
  LearningRate learning_rate = 0.01;
  double momentum = 0.9;

  Var update(const Var& x, const Var& gradient, State& state) const;
  /// Throws ValueError if momentum is outside [0, 1).
  void check() const;
};

}  // namespace xtape::optim
