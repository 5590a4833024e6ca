// Gradient descent.
#pragma once

#include <xtape/optim/rule.hpp>
#include <xtape/optim/schedule.hpp>

namespace xtape::optim {

/// x - learning_rate gradient. Cauchy, Méthode générale pour la résolution des systèmes d'équations simultanées,
/// 1847.
struct GradientDescent {
  LearningRate learning_rate = 0.01;

  Var update(const Var& x, const Var& gradient, State& state) const;
  /// See KeepsFinite.
  bool keeps_finite(double largest, std::int64_t step) const;
};

}  // namespace xtape::optim
