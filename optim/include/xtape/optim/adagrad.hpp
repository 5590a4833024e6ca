// AdaGrad: a rate of its own for each element, falling with the squared gradients so far.
#pragma once

#include <xtape/optim/epsilon.hpp>
#include <xtape/optim/rule.hpp>
#include <xtape/optim/schedule.hpp>

namespace xtape::optim {

/// s = s + gradient^2; x - learning_rate gradient / (sqrt(initial_accumulator + s) + epsilon).
/// Duchi, Hazan and Singer, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization, 2011,
/// diagonal form. Epsilon stands outside the root there and in PyTorch, and here by default; many textbooks have it
/// inside.
struct AdaGrad {
  LearningRate learning_rate = 0.01;
  double epsilon = 1e-10;
  double initial_accumulator = 0;
  Epsilon epsilon_place = Epsilon::outside_root;

  Var update(const Var& x, const Var& gradient, State& state) const;
  /// Throws ValueError if epsilon or initial_accumulator is negative, infinite or NaN.
  void check() const;
};

}  // namespace xtape::optim
