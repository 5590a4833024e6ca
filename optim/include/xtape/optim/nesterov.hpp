// Nesterov's accelerated gradient.
#pragma once

#include <xtape/optim/rule.hpp>
#include <xtape/optim/schedule.hpp>

namespace xtape::optim {

/// v = momentum v + gradient(x - learning_rate momentum v); x - learning_rate v: the gradient is taken at the point
/// that the velocity alone would lead to. Nesterov, A method of solving a convex programming problem with convergence
/// rate O(1/k^2), 1983, in the form of Sutskever et al., On the importance of initialization and momentum in deep
/// learning, 2013, with the rate outside the velocity; `rate_in_velocity` is the paper's, v = momentum v +
/// learning_rate gradient(x - momentum v); x - v, which differs under a schedule alone. Losses and gradients that a
/// Step tells are those of the point looked ahead. PyTorch's SGD(nesterov=True) keeps that point in the parameter:
/// Momentum{.nesterov = true}.
struct Nesterov {
  LearningRate learning_rate = 0.01;
  double momentum = 0.9;
  bool rate_in_velocity = false;

  Var look_ahead(const Var& x, State& state) const;
  Var update(const Var& x, const Var& gradient, State& state) const;
  /// Throws ValueError if momentum is outside [0, 1).
  void check() const;
};

}  // namespace xtape::optim
