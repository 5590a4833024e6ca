// AMSGrad: Adam whose divisor never shrinks.
#pragma once

#include <xtape/optim/epsilon.hpp>
#include <xtape/optim/rule.hpp>
#include <xtape/optim/schedule.hpp>

namespace xtape::optim {

/// m and v as in Adam; w = max(w, v);
/// x - learning_rate (m / (1 - beta1^step)) / (sqrt(w / (1 - beta2^step)) + epsilon).
/// Reddi, Kale and Kumar, On the Convergence of Adam and Beyond, 2018, algorithm 2, which has neither epsilon nor bias
/// correction. By default as PyTorch, which corrects after taking the maximum; `bias_correction = false` is the
/// paper's.
struct AMSGrad {
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
