#include "check/doubt.hpp"

#include <algorithm>
#include <cmath>

namespace xtape::detail {

namespace {

constexpr double kComparable = 30;   ///< times another error, within which an error is of its size
constexpr int kMostDoubts = 8;       ///< large errors after which no more is asked whether they are rounding
constexpr double kMostNoise = 0.01;  ///< of a gradient, relative: larger errors are seldom rounding

}  // namespace

bool Doubt::justified() {
  return between(calm_) || noisy_along() || otherwise_elsewhere() || steep() || rounded() || noisy_gradient();
}

bool Doubt::between(const Slope& slope) {
  if (!slope.kinked(0) || !slope.brackets(judgement_.analytic)) return false;
  judgement_.slope = slope;
  judgement_.verdict = Verdict::kink;
  judgement_.allowed = std::abs(slope.right - slope.left) + kSafety * (slope.left_error + slope.right_error);
  return true;
}

bool Doubt::accepts(const Slope& slope, double tolerance) {
  judgement_.slope = slope;
  judgement_.allowed = tolerance;
  if (judgement_.difference() > tolerance) return false;
  judge_.classify(line_, noise_, judgement_);
  return true;
}

double Doubt::tolerance_of(const Slope& slope) const { return judge_.allowed(slope, judgement_.analytic, own_noise_); }

bool Doubt::noisy_along() {
  own_noise_ = std::max(noise_, judge_.noise_along(direction_));
  if (own_noise_ > noise_) calm_ = judge_.measured(line_, kFirstStep, own_noise_, judgement_.analytic);
  return accepts(calm_, tolerance_of(calm_));
}

/// Other steps; estimates that contradict each other count as the error.
bool Doubt::otherwise_elsewhere() {
  double spread = 0;
  for (double first_step : {kShortStep, 0.7 * kFirstStep, 0.4 * kLongStep}) {
    const Slope other = measure(line_, judge_.at_x_, first_step, own_noise_);
    if (!other.defined()) continue;
    if (between(other)) return true;
    const double tolerance = tolerance_of(other);
    const double apart = std::abs(calm_.value - other.value);
    const bool precise = tolerance < 0.25 * std::abs(judgement_.analytic - calm_.value);
    if (precise && accepts(other, tolerance)) return true;
    if (other.error < kComparable * calm_.error || apart > kSafety * (calm_.error + other.error))
      spread = std::max(spread, apart);
  }
  return accepts(calm_, std::max(tolerance_of(calm_), kSafety * spread));
}

bool Doubt::steep() {
  constexpr double kImprecise = 1e-3, kSteep = 0x1p-6, kPrecise = 1e-4, kShorter = 0x1p-10;
  double step = calm_.variation / std::abs(judgement_.analytic);
  if (calm_.error < kImprecise * std::abs(calm_.value) || !(step > 0 && step < kSteep)) return false;
  for (int i = 0; i < 3; ++i, step *= kShorter) {
    const double noise = noise_of([&](double distance) { return line_(distance * step); });
    const double floor = std::max(noise, judge_.rounding_floor(direction_));
    const Slope close = measure(line_, judge_.at_x_, step, floor);
    const double tolerance = judge_.allowed(close, judgement_.analytic, floor);
    if (!(tolerance < kPrecise * std::abs(judgement_.analytic))) continue;
    if (std::abs(close.value - judgement_.analytic) > tolerance) return false;
    judgement_.slope = close;
    judgement_.allowed = tolerance;
    judgement_.verdict = Verdict::right;
    return true;
  }
  return false;
}

/// Whether rounding within the function, or within its gradient, can do it.
bool Doubt::rounded() {
  double in_value = 0, in_gradient = 0;
  for (double difference : judge_.rounding().values) in_value = std::max(in_value, std::abs(difference));
  for (const std::vector<double>& differences : judge_.rounding().gradients)
    in_gradient = std::max(in_gradient, std::abs(along(direction_, differences)));
  const double noise = std::max(own_noise_, in_value);
  const Slope slope = noise > own_noise_ ? judge_.measured(line_, kFirstStep, noise, judgement_.analytic) : calm_;
  return accepts(slope, judge_.allowed(slope, judgement_.analytic, noise) + kSafety * in_gradient);
}

bool Doubt::noisy_gradient() {
  const double size = std::abs(judgement_.analytic) + std::abs(calm_.value);
  const bool large = std::abs(judgement_.analytic - calm_.value) > kMostNoise * size;
  if (large && ++judge_.noisy_ > kMostDoubts) return false;
  return accepts(calm_, tolerance_of(calm_) + kSafety * judge_.analytic_noise(direction_));
}

}  // namespace xtape::detail
