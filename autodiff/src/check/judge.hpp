// One derivative along one direction: measured, and compared with what the gradient says.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "check/flat.hpp"
#include "check/slope.hpp"

namespace xtape::detail {

enum class Verdict : std::uint8_t {
  right,
  kink,       ///< one-sided slopes disagree, and the analytic one is between them
  uncertain,  ///< no numeric derivative that says anything
  wrong,
};

struct Judgement {
  Verdict verdict = Verdict::right;
  Slope slope;
  double analytic = 0;
  double allowed = 0;  ///< difference that would have been accepted

  double difference() const;
};

/// The elements that move, and how far each for a distance of 1. Only those of `elements` move, or all if it is empty.
struct Direction {
  std::vector<std::size_t> elements;
  std::vector<double> steps;  ///< as long as `elements`, or as the vector
};

/// The derivative along a direction, of a gradient.
double along(const Direction& direction, std::span<const double> gradient);

constexpr double kFirstStep = 0x1p-5;
constexpr double kLongStep = 1;        ///< where shorter ones drown in noise
constexpr double kShortStep = 0.3e-3;  ///< for a second opinion

/// Compares along directions through one point.
class Judge {
 public:
  Judge(const FlatFunction& function, std::span<const double> x, double at_x, std::span<const double> gradient,
        std::span<const double> scales, CheckReport& report);

  /// Learns from directions in which everything moves how noisy the function's values are.
  void learn_noise(const Direction& direction);
  Judgement judge(const Direction& direction);
  /// The noise relative to the value or, if that is larger, to the largest derivative over a scale.
  double relative_noise() const;

 private:
  friend class Doubt;
  Direction gentle(const Direction& direction) const;
  double rounding_floor(const Direction& direction) const;
  double noise_along(const Direction& direction);
  double analytic_noise(const Direction& direction);
  const Rounding& rounding();
  double value_at(const Direction& direction, double distance);
  double gradient_at(const Direction& direction, const Direction& away, double distance);
  double analytic(const Direction& direction) const;
  double noise_floor(const Direction& direction) const;
  Slope measured(const Line& line, double first_step, double noise, double analytic_slope) const;
  double allowed(const Slope& slope, double analytic_slope, double noise) const;
  bool at_kink(const Line& line, double noise, const Slope& slope) const;
  void classify(const Line& line, double noise, Judgement& judgement) const;
  void move(const Direction& direction, double distance);

  const FlatFunction& function_;
  const std::span<const double> x_, gradient_;
  const double at_x_;
  CheckReport& report_;
  std::vector<double> moved_;  ///< x but while a value is computed
  double noise_ = 0;           ///< of the values near x
  double typical_ = 0;         ///< the largest derivative over a distance of 1
  std::optional<Rounding> rounding_;
  int noisy_ = 0;  ///< large errors of which it was asked whether they are rounding
};

}  // namespace xtape::detail
