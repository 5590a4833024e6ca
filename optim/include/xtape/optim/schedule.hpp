// Learning rates: a number, or a function of the step. Either way the rate enters a plan as an input, so that a
// schedule never causes a new plan.
#pragma once

#include <cmath>
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
  template <Schedule Function>
  LearningRate(Function schedule) : schedule_(std::move(schedule)) {
    check_callable();
  }

  /// The rate at a step. Throws ValueError if the schedule gives a negative, infinite or NaN rate.
  double operator()(std::int64_t step) const;

 private:
  void check_callable() const;

  double constant_ = 0;
  std::function<double(std::int64_t)> schedule_;
};

/// initial * factor^((step - 1) / steps): the rate shrinks by `factor` in every `steps` steps.
struct ExponentialDecay {
  double initial;
  double factor;
  double steps = 1;

  double operator()(std::int64_t step) const {
    return initial * std::pow(factor, static_cast<double>(step - 1) / steps);
  }
};

}  // namespace xtape::optim
