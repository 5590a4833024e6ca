#include "check/slope.hpp"

#include <algorithm>
#include <cmath>

namespace xtape::detail {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr std::size_t kLongestRow = 8;
constexpr int kMostHalvings = 42;
constexpr double kGoodEnough = 1e-11;  ///< relative error at which to stop

/// The difference quotients on both sides and across.
struct Quotients {
  Extrapolation left{1}, right{1}, central{2};

  void add(double before, double at_zero, double after, double step, double noise) {
    const bool has_left = std::isfinite(before), has_right = std::isfinite(after);
    const double rounding = noise / step;
    if (has_left) left.add((at_zero - before) / step, 2 * rounding, step);
    else left.restart();
    if (has_right) right.add((after - at_zero) / step, 2 * rounding, step);
    else right.restart();
    if (has_left && has_right) central.add((after - before) / (2 * step), rounding, step);
    else central.restart();
  }

  /// Whether smaller steps can't improve the derivative.
  bool done(double step, double noise) const {
    constexpr std::size_t kFewest = 5;
    if (central.rows() < kFewest) return false;
    return central.error <= kGoodEnough * std::abs(central.value) || noise / step > central.error;
  }
};

/// Of two-sided functions the central derivative; else the slope of the side that there is.
Slope slope_of(const Quotients& quotients) {
  const auto& [left, right, central] = quotients;
  Slope slope{central.value, central.error, central.step, left.value, left.error, right.value, right.error};
  if (!central.empty()) return slope;
  const Extrapolation& side = right.empty() ? left : right;
  slope.value = slope.left = slope.right = side.value;
  slope.error = slope.left_error = slope.right_error = side.error;
  slope.step = side.step;
  return slope;
}

/// Where a function differs from its value at 0 by as much at the shortest step as at the longest, it jumps.
void note_jumps(double before, double at_zero, double after, double noise, Slope& slope) {
  constexpr double kAboveNoise = 100;
  const auto jumps = [&](double value) {
    return std::abs(value - at_zero) > std::max(0.5 * slope.variation, kAboveNoise * noise);
  };
  const bool on_left = jumps(before), on_right = jumps(after);
  if (on_left) slope.left = std::copysign(kInfinity, at_zero - before);
  if (on_right) slope.right = std::copysign(kInfinity, after - at_zero);
  if (on_left) slope.left_error = 0;
  if (on_right) slope.right_error = 0;
  if (on_left != on_right) {
    slope.value = on_left ? slope.right : slope.left;
    slope.error = on_left ? slope.right_error : slope.left_error;
  }
}

/// The square of the factor by which noise grows in differences of this order.
double growth(int order) {
  double binomial = 1;  // (2 order over order)
  for (int i = 1; i <= order; ++i) binomial *= static_cast<double>(order + i) / i;
  return binomial;
}

void take_differences(std::vector<double>& values) {
  for (std::size_t i = 0; i + 1 < values.size(); ++i) values[i] = values[i + 1] - values[i];
  values.pop_back();
}

/// The distances at which noise is looked for.
std::vector<double> noise_points() {
  constexpr double kSpacing = 1.37 * 0x1p-19;  // no power of two, so that no input becomes a round number
  std::vector<double> points;
  for (int i = 1; i <= 10; ++i) points.push_back(i * kSpacing);
  return points;
}

/// Of values at equal distances.
double noise_of(std::vector<double> values) {
  double largest = 0;
  for (int order = 1; order <= 6; ++order) {
    double squares = 0;
    take_differences(values);
    for (double difference : values) squares += difference * difference;
    if (order < 4) continue;
    largest = std::max(largest, squares / static_cast<double>(values.size()) / growth(order));
  }
  return std::isfinite(largest) ? std::sqrt(largest) : 0;
}

/// Whether the fourth differences are all of one sign, which those of noise are not.
bool varies_smoothly(std::vector<double> values) {
  for (int order = 1; order <= 4; ++order) take_differences(values);
  const auto positive = std::ranges::count_if(values, [](double difference) { return difference > 0; });
  const auto negative = std::ranges::count_if(values, [](double difference) { return difference < 0; });
  return positive == std::ssize(values) || negative == std::ssize(values);
}

/// The values on one side, of the two the first where all are finite.
std::vector<double> defined_values(const Line& line, double spacing) {
  for (double side : {spacing, -spacing}) {
    std::vector<double> values;
    for (double point : noise_points()) values.push_back(line(side * point));
    if (std::ranges::all_of(values, [](double value) { return std::isfinite(value); })) return values;
  }
  return {};
}

}  // namespace

/// Whether a smaller step leads further away from the estimate than such steps do when they converge: then the
/// function is another one at the scale of the steps before.
bool Extrapolation::contradicted_by(double quotient, double rounding) const {
  if (row_.empty()) return false;
  const double expected = 1.5 * std::abs(quotient - row_[0]) + 3 * error + 2 * amplification_ * rounding;
  return std::abs(quotient - value) > expected;
}

/// How far the quotients are from their limit at least, if they change more slowly than they would in a smooth
/// function, as those of x^1.1 at 0: the rest of a geometric series.
double Extrapolation::rest_after(double quotient, double rounding) {
  constexpr double kSlow = 0.75;
  const double change = row_.empty() ? 0 : std::abs(quotient - row_[0]);
  const double ratio = last_change_ > 0 ? change / last_change_ : 0;
  const bool significant = change > 4 * amplification_ * rounding;
  if (ratio <= kSlow && was_significant_) rest_ = 0;
  else if (ratio > kSlow && significant) rest_ = ratio < 1 ? change * ratio / (1 - ratio) : kInfinity;
  last_change_ = change;
  was_significant_ = significant;
  return rest_;
}

void Extrapolation::add(double quotient, double rounding, double at_step) {
  std::vector<double> row{quotient};
  double factor = factor_;
  ++quotients_;
  const double least = rest_after(quotient, rounding);
  error = contradicted_by(quotient, rounding) ? kInfinity : std::max(error, least);
  for (std::size_t k = 0; k < std::min(row_.size(), kLongestRow); ++k, factor *= factor_) {
    row.push_back(row[k] + (row[k] - row_[k]) / (factor - 1));
    const double change = std::max(std::abs(row[k + 1] - row[k]), std::abs(row[k + 1] - row_[k]));
    const double estimate = std::max(change, least) + amplification_ * rounding + 4 * kEpsilon * std::abs(row[k + 1]);
    if (!(estimate < error)) continue;
    value = row[k + 1];
    error = estimate;
    step = at_step;
  }
  row_ = std::move(row);
}

bool Slope::kinked(double share) const {
  if (std::isinf(left) || std::isinf(right)) return true;
  const double size = std::abs(left) + std::abs(right);
  return std::abs(right - left) > kSafety * (left_error + right_error) + share * size;
}

bool Slope::brackets(double slope) const {
  const double low = std::min(left - kSafety * left_error, right - kSafety * right_error);
  const double high = std::max(left + kSafety * left_error, right + kSafety * right_error);
  return slope >= low && slope <= high;
}

Slope measure(const Line& line, double at_zero, double first_step, double noise) {
  Quotients quotients;
  double step = first_step, variation = 0, before = at_zero, after = at_zero;
  for (int i = 0; i < kMostHalvings && !quotients.done(2 * step, noise); ++i, step /= 2) {
    before = line(-step), after = line(step);
    quotients.add(before, at_zero, after, step, noise);
    for (double value : {before, after})
      if (std::isfinite(value)) variation = std::max(variation, std::abs(value - at_zero));
  }
  Slope slope = slope_of(quotients);
  slope.variation = variation;
  slope.reach = first_step;
  note_jumps(before, at_zero, after, noise, slope);
  return slope;
}

double noise_of(const Line& line) {
  double noise = 0;
  for (double spacing : {1.0, 0x1p-10, 0x1p-20}) {
    const std::vector<double> values = defined_values(line, spacing);
    if (values.empty() || std::ranges::count(values, values[0]) == std::ssize(values)) return noise;
    noise = noise_of(values);
    if (!varies_smoothly(values)) return noise;
  }
  return noise;
}

}  // namespace xtape::detail
