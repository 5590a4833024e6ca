#include "wolfe.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "vectors.hpp"

namespace xtape::optim::detail {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// So many times the direction, and so many times as far out as the start: where a loss that still falls as steeply as
/// there is taken for unbounded.
constexpr double kFarAway = 1e6;

/// The minimum of the cubic through two losses and slopes (Nocedal and Wright, equation 3.59); NaN if it has none.
double cubic_minimum(const Trial& a, const Trial& b) {
  const double width = b.t - a.t;
  const double mean = a.slope + b.slope - 3 * (b.loss - a.loss) / width;
  const double root = std::copysign(std::sqrt(mean * mean - a.slope * b.slope), width);
  return b.t - width * (b.slope + root - mean) / (b.slope - a.slope + 2 * root);
}

/// A step between two trials, away from both. Where nothing is known at the high end it is taken for a cliff.
double interpolate(const Trial& low, const Trial& high) {
  const double width = high.t - low.t;
  if (high.loss == kInfinity) return low.t + width / 4;
  const double t = (cubic_minimum(low, high) - low.t) / width;
  return low.t + width * (std::isnan(t) ? 0.5 : std::clamp(t, 0.1, 0.9));
}

/// A step beyond two trials, `far` being the longer.
double extrapolate(const Trial& near, const Trial& far) {
  const double t = cubic_minimum(near, far) / far.t;
  return far.t * (std::isnan(t) ? 10 : std::clamp(t, 2.0, 10.0));
}

class Search {
 public:
  Search(const Trial& start, double noise, const LBFGS& settings)
      : start_(start), noise_(noise), settings_(settings), low_{.loss = start.loss, .slope = start.slope} {}

  LineSearch run(const std::function<Trial(double t)>& line) {
    for (std::int64_t i = 0; i < settings_.line_search_steps; ++i) {
      Trial trial = line(t_);
      if (trial.loss == -kInfinity) return {LineSearch::End::unbounded, std::move(trial)};
      if (ends(trial)) return {LineSearch::End::wolfe, std::move(trial)};
      narrow(std::move(trial));
      if (bracketed_ && std::abs((high_.t - low_.t) * start_.slope) < noise_) break;  // nothing to be seen in between
      t_ = bracketed_ ? interpolate(low_, high_) : extrapolate(high_, low_);
    }
    return give_up();
  }

 private:
  double most_allowed(const Trial& trial) const {
    return start_.loss + settings_.sufficient_decrease * trial.t * start_.slope;
  }
  /// By what cannot be rounding.
  bool falls(const Trial& trial) const {
    return trial.loss <= most_allowed(trial) && trial.loss < start_.loss - noise_;
  }
  bool rises(const Trial& trial) const {
    return !(trial.loss <= most_allowed(trial) + noise_ && trial.loss <= low_.loss + noise_);
  }
  bool ends(const Trial& trial) const {
    if (rises(trial) || std::abs(trial.slope) > settings_.curvature * std::abs(start_.slope)) return false;
    return falls(trial) || trial.gradient_norm < start_.gradient_norm;
  }

  /// Moves an end of the interval to the trial. The low end is the best so far, and the loss falls from it towards the
  /// high end, which before there is an interval is the trial before.
  void narrow(Trial trial) {
    if (rises(trial)) {
      high_ = std::move(trial);
      bracketed_ = true;
      return;
    }
    const bool passed = trial.slope * (bracketed_ ? high_.t - low_.t : 1) >= 0;
    if (passed || !bracketed_) high_ = std::move(low_);
    bracketed_ = bracketed_ || passed;
    low_ = std::move(trial);
  }

  bool is_far_away(const Trial& trial) const {
    return trial.t > kFarAway && dot(trial.x, trial.x) > kFarAway * kFarAway * dot(start_.x, start_.x);
  }

  LineSearch give_up() {
    if (!bracketed_ && is_far_away(low_)) return {LineSearch::End::unbounded, std::move(low_)};
    if (low_.t > 0 && falls(low_)) return {LineSearch::End::decrease, std::move(low_)};
    return {LineSearch::End::nothing, {}};
  }

  const Trial& start_;
  double noise_;
  const LBFGS& settings_;
  Trial low_, high_;
  bool bracketed_ = false;  // a minimum lies between low and high
  double t_ = 1;
};

}  // namespace

LineSearch find_step(const std::function<Trial(double t)>& line, const Trial& start, double noise,
                     const LBFGS& settings) {
  return Search(start, noise, settings).run(line);
}

}  // namespace xtape::optim::detail
