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
constexpr double kSafety = 10;         ///< over the estimated errors of slopes that are compared

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

/// The square of the factor by which noise grows in differences of this order.
double growth(int order) {
  double binomial = 1;  // (2 order over order)
  for (int i = 1; i <= order; ++i) binomial *= static_cast<double>(order + i) / i;
  return binomial;
}

}  // namespace

/// Whether a smaller step leads further away from the estimate than such steps do when they converge: then the
/// function is another one at the scale of the steps before.
bool Extrapolation::contradicted_by(double quotient, double rounding) const {
  if (row_.empty()) return false;
  const double expected = 1.5 * std::abs(quotient - row_[0]) + 3 * error + 2 * amplification_ * rounding;
  return std::abs(quotient - value) > expected;
}

void Extrapolation::add(double quotient, double rounding, double at_step) {
  std::vector<double> row{quotient};
  double factor = factor_;
  ++quotients_;
  if (contradicted_by(quotient, rounding)) error = kInfinity;
  for (std::size_t k = 0; k < std::min(row_.size(), kLongestRow); ++k, factor *= factor_) {
    row.push_back(row[k] + (row[k] - row_[k]) / (factor - 1));
    const double change = std::max(std::abs(row[k + 1] - row[k]), std::abs(row[k + 1] - row_[k]));
    const double estimate = change + amplification_ * rounding + 4 * kEpsilon * std::abs(row[k + 1]);
    if (!(estimate < error)) continue;
    value = row[k + 1];
    error = estimate;
    step = at_step;
  }
  row_ = std::move(row);
}

bool Slope::kinked(double share) const {
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
  double step = first_step, variation = 0;
  for (int i = 0; i < kMostHalvings && !quotients.done(2 * step, noise); ++i, step /= 2) {
    const double before = line(-step), after = line(step);
    quotients.add(before, at_zero, after, step, noise);
    for (double value : {before, after})
      if (std::isfinite(value)) variation = std::max(variation, std::abs(value - at_zero));
  }
  Slope slope = slope_of(quotients);
  slope.variation = variation;
  return slope;
}

std::vector<double> noise_points() {
  constexpr double kSpacing = 1.37 * 0x1p-19;  // no power of two, so that no input becomes a round number
  std::vector<double> points;
  for (int i = 1; i <= 10; ++i) points.push_back(i * kSpacing);
  return points;
}

double noise_of(std::vector<double> values) {
  double largest = 0;
  for (int order = 1; order <= 6; ++order) {
    double squares = 0;
    for (std::size_t i = 0; i + 1 < values.size(); ++i) values[i] = values[i + 1] - values[i];
    values.pop_back();
    for (double difference : values) squares += difference * difference;
    if (order < 4) continue;
    largest = std::max(largest, squares / static_cast<double>(values.size()) / growth(order));
  }
  return std::isfinite(largest) ? std::sqrt(largest) : 0;
}

double noise_of(const Line& line) {
  for (double side : {1.0, -1.0}) {
    std::vector<double> values;
    for (double point : noise_points()) values.push_back(line(side * point));
    if (std::ranges::all_of(values, [](double value) { return std::isfinite(value); })) return noise_of(values);
  }
  return 0;
}

}  // namespace xtape::detail
