#include "check/precisions.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "check/random.hpp"

namespace xtape::detail {

namespace {

constexpr double kRoundingSafety = 8;

/// How far the difference of the gradients moves from point to point close by: that is rounding, what stays is an
/// error.
std::vector<double> spread_near(RecordedFunction& single, RecordedFunction& wide, std::span<const double> x,
                                const Derivative& own, const Derivative& exact, CheckReport& report) {
  constexpr int kPoints = 8;
  constexpr double kDistance = 0x1p-10;
  CheckRandom random(single.seed(), 2);
  std::vector<double> spread(x.size(), 0);
  for (int i = 0; i < kPoints; ++i) {
    std::vector<double> near(x.begin(), x.end());
    for (double& element : near)
      element = static_cast<double>(static_cast<float>(element * (1 + kDistance * random.weight())));
    const std::vector<double> rounded = single.gradient(near), reference = wide.gradient(near);
    report.gradients += 2;
    for (std::size_t k = 0; k < x.size(); ++k) {
      const double change = (rounded[k] - reference[k]) - (own.gradient[k] - exact.gradient[k]);
      if (std::isfinite(change)) spread[k] = std::max(spread[k], std::abs(change));
    }
  }
  return spread;
}

[[noreturn]] void refuse(const RecordedFunction& single, std::size_t element, double own, double exact, double allowed,
                         CheckReport& report) {
  locate(single.parts(), element, report);
  report.analytic = own;
  report.numeric = report.left_slope = report.right_slope = exact;
  report.error = report.step = 0;
  report.allowed = allowed;
  throw Refusal{CheckStatus::fail, "the float32 gradient of " + place_text(report) + " is " + number_text(own) +
                                       ", that of float64 " + number_text(exact)};
}

}  // namespace

void compare_precisions(RecordedFunction& single, RecordedFunction& wide, std::span<const double> x,
                        const Derivative& own, const Derivative& exact, CheckReport& report) {
  constexpr double kRoundings = 32;
  const std::vector<double> scales = scales_of(single.parts(), x);
  const std::vector<double> spread = spread_near(single, wide, x, own, exact, report);
  std::optional<Rounding> rounding;  // of the same size everywhere, as where tanh is 1: asked for when needed
  double largest = 0;
  for (double element : exact.gradient) largest = std::max(largest, std::abs(element));
  for (std::size_t k = 0; k < x.size(); ++k) {
    const double roundings =
        kRoundings * (std::abs(exact.gradient[k]) + 0.1 * largest) + std::abs(exact.value) / scales[k];
    double allowed = kRoundingSafety * spread[k] + kSingleEpsilon * roundings;
    const double difference = std::abs(own.gradient[k] - exact.gradient[k]);
    if (difference <= allowed) continue;
    if (!rounding) {
      rounding = wide.rounding(x, kSingleEpsilon);
      report.gradients += std::ssize(rounding->gradients);
    }
    for (const std::vector<double>& run : rounding->gradients)
      allowed = std::max(allowed, kRoundingSafety * std::abs(run[k]));
    if (difference > allowed) refuse(single, k, own.gradient[k], exact.gradient[k], allowed, report);
  }
}

}  // namespace xtape::detail
