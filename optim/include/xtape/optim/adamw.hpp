// AdamW: Adam with weight decay beside the gradient, not in it.
#pragma once

#include <optional>

#include <xtape/optim/epsilon.hpp>
#include <xtape/optim/rule.hpp>
#include <xtape/optim/schedule.hpp>

namespace xtape::optim {

/// Adam's update of (1 - learning_rate weight_decay) x, by the gradient at x.
/// Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019, algorithm 2. By default as PyTorch, where the
/// decay is a multiple of the rate. In the paper it follows the schedule but not the size of the rate; with
/// `base_rate`, the paper's alpha, x is multiplied by 1 - weight_decay learning_rate(step) / base_rate. The two agree
/// where the paper's weight_decay is PyTorch's times the base rate.
struct AdamW {
  LearningRate learning_rate = 0.001;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;
  std::optional<double> base_rate = {};
  bool bias_correction = true;
  Epsilon epsilon_place = Epsilon::outside_root;

  Var update(const Var& x, const Var& gradient, State& state) const;
  /// See KeepsFinite.
  bool keeps_finite(double largest, std::int64_t step) const;
  /// Throws ValueError if a beta is outside [0, 1), epsilon or weight_decay is negative, infinite or NaN, or base_rate
  /// is not positive and finite.
  void check() const;
};

}  // namespace xtape::optim
