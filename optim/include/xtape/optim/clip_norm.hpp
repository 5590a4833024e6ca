// Any rule, on a gradient that is never longer than a limit.
#pragma once

#include <xtape/optim/rule.hpp>

namespace xtape::optim {

/// The rule with min(1, max_norm / norm) gradient in place of the gradient, where norm is the Euclidean norm over all
/// parameters: the direction stays. Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural
/// networks, 2013, algorithm 1; PyTorch adds 1e-6 to the norm.
///
///     ClipNorm{.rule = GradientDescent{.learning_rate = 0.1}, .max_norm = 1}
struct ClipNorm {
  UpdateRule rule;
  double max_norm = 1;

  Var look_ahead(const Var& x, State& state) const;
  bool looks_ahead() const { return rule.looks_ahead(); }
  Var update(const Var& x, const Var& gradient, State& state) const;
  /// See KeepsFinite: where the rule does, for the gradient only becomes shorter.
  bool keeps_finite(double largest, std::int64_t step) const;
  /// Throws ValueError if max_norm is not positive, infinite or NaN.
  void check() const;
};

}  // namespace xtape::optim
