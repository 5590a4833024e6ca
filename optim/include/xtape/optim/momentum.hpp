// Gradient descent with momentum.
#pragma once

#include <xtape/optim/rule.hpp>
#include <xtape/optim/schedule.hpp>

namespace xtape::optim {

/// v = momentum v + gradient; x - learning_rate v. Polyak, Some methods of speeding up the convergence of iteration
/// methods, 1964, with the rate outside the velocity, as in PyTorch.
/// With `rate_in_velocity`, as in the paper and many textbooks, v = momentum v + learning_rate gradient; x - v: the
/// same for a constant rate, while under a schedule the velocity keeps the rates that it was gained at. `dampening`
/// weighs the gradient by 1 - dampening from the second step on, as in PyTorch; the first has v = gradient, and without
/// momentum there is none. `nesterov` is PyTorch's form of Nesterov's method, x - learning_rate (gradient + momentum
/// v), in which x itself is the point looked ahead, where the gradient is taken.
struct Momentum {
  LearningRate learning_rate = 0.01;
  double momentum = 0.9;
  double dampening = 0;
  bool nesterov = false;
  bool rate_in_velocity = false;

  Var update(const Var& x, const Var& gradient, State& state) const;
  /// See KeepsFinite.
  bool keeps_finite(double largest, std::int64_t step) const;
  /// Throws ValueError if momentum or dampening is outside [0, 1), or nesterov goes with dampening.
  void check() const;
};

}  // namespace xtape::optim
