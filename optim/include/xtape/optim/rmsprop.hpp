// RMSprop: gradients divided by the root of the moving average of their squares.
#pragma once

#include <xtape/optim/epsilon.hpp>
#include <xtape/optim/rule.hpp>
#include <xtape/optim/schedule.hpp>

namespace xtape::optim {

/// v = decay v + (1 - decay) gradient^2; x - learning_rate gradient / (sqrt(v) + epsilon).
/// Hinton, Neural Networks for Machine Learning, lecture 6e, 2012, whose decay is 0.9, without epsilon. By default as
/// PyTorch: decay 0.99, epsilon outside the root; many textbooks have it inside.
/// `centered` takes v less the square of the moving average of the gradients, and `momentum` sums the quotients,
/// u = momentum u + gradient / (sqrt(v) + epsilon), and gives x - learning_rate u, both as in PyTorch; from Graves,
/// Generating Sequences With Recurrent Neural Networks, 2013, section 4.2, which has the rate inside u and epsilon
/// inside the root. A gradient that is constant leaves nothing but rounding under the root of the centered form, which
/// then divides by epsilon.
struct RMSprop {
  LearningRate learning_rate = 0.01;
  double decay = 0.99;
  double epsilon = 1e-8;
  double momentum = 0;
  bool centered = false;
  Epsilon epsilon_place = Epsilon::outside_root;

  Var update(const Var& x, const Var& gradient, State& state) const;
  /// Throws ValueError if decay or momentum is outside [0, 1) or epsilon is negative, infinite or NaN.
  void check() const;
};

}  // namespace xtape::optim
