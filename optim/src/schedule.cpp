#include <xtape/optim/schedule.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "settings.hpp"

namespace xtape::optim {

namespace {

bool valid(double rate) { return std::isfinite(rate) && rate >= 0; }

/// 0 in the first step, 1 after `steps` steps.
double periods(std::int64_t step, double steps) { return static_cast<double>(step - 1) / steps; }

void check_initial_and_steps(const char* schedule, double initial, double steps) {
  detail::check_not_negative(schedule, "initial", initial);
  detail::check_positive(schedule, "steps", steps);
}

void check_shrinking(const char* schedule, double factor) {
  if (!(factor > 0 && factor <= 1)) {
    detail::fail<ValueError>(schedule, ": factor must be in (0, 1], is ", factor);
  }
}

}  // namespace

LearningRate::LearningRate(double constant) : constant_(constant) {
  if (!valid(constant)) detail::fail<ValueError>("learning rate: must be finite and not negative, is ", constant);
}

double LearningRate::operator()(std::int64_t step) const {
  if (!schedule_) return constant_;
  double rate = schedule_(step);
  if (!valid(rate)) {
    detail::fail<ValueError>("learning rate: must be finite and not negative, is ", rate, " at step ", step);
  }
  return rate;
}

void LearningRate::check_callable() const {
  if (!schedule_) detail::fail<ValueError>("learning rate: the schedule is an empty function");
}

double ExponentialDecay::operator()(std::int64_t step) const {
  return initial * std::pow(factor, periods(step, steps));
}

void ExponentialDecay::check() const {
  check_initial_and_steps("ExponentialDecay", initial, steps);
  check_shrinking("ExponentialDecay", factor);
}

double InverseTimeDecay::operator()(std::int64_t step) const { return initial / (1 + factor * periods(step, steps)); }

void InverseTimeDecay::check() const {
  check_initial_and_steps("InverseTimeDecay", initial, steps);
  detail::check_not_negative("InverseTimeDecay", "factor", factor);
}

double StepDecay::operator()(std::int64_t step) const {
  return initial * std::pow(factor, std::floor(periods(step, steps)));
}

void StepDecay::check() const {
  check_initial_and_steps("StepDecay", initial, steps);
  check_shrinking("StepDecay", factor);
}

double CosineDecay::operator()(std::int64_t step) const {
  // Weights of the two ends, so that both are met exactly.
  double weight = (1 + std::cos(std::numbers::pi * std::min(periods(step, steps), 1.0))) / 2;
  return weight * initial + (1 - weight) * final;
}

void CosineDecay::check() const {
  check_initial_and_steps("CosineDecay", initial, steps);
  if (!(final >= 0 && final <= initial)) {
    detail::fail<ValueError>("CosineDecay: final must be in [0, ", initial, "], is ", final);
  }
}

}  // namespace xtape::optim
