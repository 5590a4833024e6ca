// Learning rates: a number, or a function of the step. Either way the rate enters a plan as an input, so that a
// schedule never causes a new plan.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

namespace xtape::optim {

class LearningRate;

/// A function of the step to a double.
template <class T>
concept Schedule = !std::same_as<T, LearningRate> && std::is_invocable_r_v<double, const T&, std::int64_t>;

/// A constant, or any function of the step, counted from 1.
class LearningRate {
 public:
  /// Throws ValueError if the rate is negative, infinite or NaN.
  LearningRate(double constant);
  /// Where a schedule has a `check() const`, it is called first, to throw on settings that make no sense.
  template <Schedule Function>
  LearningRate(Function schedule) {
    if constexpr (requires { schedule.check(); }) schedule.check();
    schedule_ = std::move(schedule);
    check_callable();
  }

  /// The rate at a step. Throws ValueError if the schedule gives a negative, infinite or NaN rate.
  double operator()(std::int64_t step) const;

 private:
  void check_callable() const;

  double constant_ = 0;
  std::function<double(std::int64_t)> schedule_;
};

// The schedules below count steps from 1, so that each gives `initial` in the first. Each `check` throws ValueError if
// initial is negative, steps is not positive, another setting is outside its range, or one is infinite or NaN.

/// initial factor^((step - 1) / steps): the rate shrinks by `factor`, in (0, 1], in every `steps` steps.
struct ExponentialDecay {
  double initial;
  double factor;
  double steps = 1;

  double operator()(std::int64_t step) const;
  void check() const;
};

/// initial / (1 + factor (step - 1) / steps), with factor >= 0.
struct InverseTimeDecay {
  double initial;
  double factor = 1;
  double steps = 1;

  double operator()(std::int64_t step) const;
  void check() const;
};

/// initial factor^floor((step - 1) / steps): constant for `steps` steps, then by `factor`, in (0, 1], smaller.
struct StepDecay {
  double initial;
  double factor;
  double steps;

  double operator()(std::int64_t step) const;
  void check() const;
};

/// final + (initial - final) (1 + cos(pi (step - 1) / steps)) / 2, and `final`, in [0, initial], after `steps` steps.
/// Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017, equation 5, without restarts.
struct CosineDecay {
  double initial;
  double steps;
  double final = 0;

  double operator()(std::int64_t step) const;
  void check() const;
};

}  // namespace xtape::optim
