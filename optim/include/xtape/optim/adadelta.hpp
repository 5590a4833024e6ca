// AdaDelta: RMSprop with the typical size of the changes in place of a learning rate.
#pragma once

#include <xtape/optim/rule.hpp>
#include <xtape/optim/schedule.hpp>

namespace xtape::optim {

/// v = decay v + (1 - decay) gradient^2; change = gradient sqrt(u + epsilon) / sqrt(v + epsilon);
/// u = decay u + (1 - decay) change^2; x - learning_rate change.
/// Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012, algorithm 1, which has no rate: 1 is the paper's. Epsilon
/// stands inside both roots, in the paper and in PyTorch. It also decides how small the first changes are.
/// It does not settle: where gradients alternate in sign about a minimum, u grows with every step. A falling rate, or
/// one below 1, or early stopping helps.
struct AdaDelta {
  double decay = 0.9;
  double epsilon = 1e-6;
  LearningRate learning_rate = 1;

  Var update(const Var& x, const Var& gradient, State& state) const;
  /// Throws ValueError if decay is outside [0, 1) or epsilon is not positive (without one, x never moves).
  void check() const;
};

}  // namespace xtape::optim
