// Adam, with bias correction.
#pragma once

#include <xtape/optim/epsilon.hpp>
#include <xtape/optim/rule.hpp>
#include <xtape/optim/schedule.hpp>

namespace xtape::optim {

/// m = beta1 m + (1 - beta1) gradient; v = beta2 v + (1 - beta2) gradient^2;
/// x - learning_rate (m / (1 - beta1^step)) / (sqrt(v / (1 - beta2^step)) + epsilon).
/// Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 1, and PyTorch. Without
/// `bias_correction`, m and v stand in place of the two quotients.
struct Adam {
  LearningRate learning_rate = 0.001;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  bool bias_correction = true;
  Epsilon epsilon_place = Epsilon::outside_root;

  Var update(const Var& x, const Var& gradient, State& state) const;
  /// See KeepsFinite.
  bool keeps_finite(double largest, std::int64_t step) const;
  /// Throws ValueError if a beta is outside [0, 1) or epsilon is negative, infinite or NaN.
  void check() const;
};

}  // namespace xtape::optim
