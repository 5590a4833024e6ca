// The update and the checks that Adam, AMSGrad and AdamW share. Settings is any of them.
#pragma once

#include <cmath>

#include <xtape/ops.hpp>
#include <xtape/optim/epsilon.hpp>
#include <xtape/optim/rule.hpp>

#include "finite.hpp"
#include "settings.hpp"

namespace xtape::optim::detail {

/// Which second moment divides the step.
enum class SecondMoment : std::uint8_t { latest, largest };

template <class Settings>
Var adam_update(const Settings& s, const Var& x, const Var& gradient, State& state,
                SecondMoment divisor = SecondMoment::latest) {
  Var &m = state["first_moment"], &v = state["second_moment"];
  m = s.beta1 * m + (1 - s.beta1) * gradient;
  v = s.beta2 * v + (1 - s.beta2) * square(gradient);
  Var second = v;
  if (divisor == SecondMoment::largest) {
    Var& largest = state["largest_second_moment"];
    second = largest = maximum(largest, v);
  }
  // The corrections are numbers of C++: as inputs of the plan they may change with the step.
  double t = static_cast<double>(state.step());
  double correction1 = s.bias_correction ? 1 - std::pow(s.beta1, t) : 1;
  double correction2 = s.bias_correction ? 1 / (1 - std::pow(s.beta2, t)) : 1;
  double rate = s.learning_rate(state.step()) / correction1;
  return x - rate * m / root_with_epsilon(correction2 * second, s.epsilon, s.epsilon_place);
}

/// |m| stays below twice the largest element, v below twice its square, and the root above its epsilon.
template <class Settings>
bool adam_keeps_finite(const Settings& s, double largest, std::int64_t step) {
  if (!is_contraction(s.beta1) || !is_contraction(s.beta2)) return false;
  double smallest_root = s.epsilon_place == Epsilon::inside_root ? std::sqrt(s.epsilon) : s.epsilon;
  double push = s.learning_rate(step) / (1 - s.beta1) * 2 * largest;
  return s.epsilon >= 1e-30 && is_safe(2 * largest * largest) && is_safe(push) && is_safe(push / smallest_root);
}

template <class Settings>
void check_adam(const char* name, const Settings& s) {
  check_fraction(name, "beta1", s.beta1);
  check_fraction(name, "beta2", s.beta2);
  check_not_negative(name, "epsilon", s.epsilon);
}

}  // namespace xtape::optim::detail
