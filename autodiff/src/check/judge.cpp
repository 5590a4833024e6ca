#include "check/judge.hpp"

#include <algorithm>
#include <cmath>

#include "check/doubt.hpp"

namespace xtape::detail {

namespace {

constexpr double kEnough = 1e-8;          ///< relative error above which a longer step is worth a try
constexpr double kKinkShare = 1e-6;       ///< of the slopes, by which they must differ to count as a kink
constexpr double kUseless = 0.1;          ///< of the largest derivative: an error that leaves nothing to compare
constexpr double kUselessOfValue = 1e-3;  ///< of the value, where all derivatives are small
constexpr double kNothing = 1e-13;        ///< what is smaller is most often the rounding of a value that should be 0

/// Calls visit(element, step) for all elements that move.
template <class Visit>
void each(const Direction& direction, const Visit& visit) {
  if (direction.elements.empty())
    for (std::size_t i = 0; i < direction.steps.size(); ++i) visit(i, direction.steps[i]);
  else
    for (std::size_t i = 0; i < direction.elements.size(); ++i) visit(direction.elements[i], direction.steps[i]);
}

}  // namespace

double along(const Direction& direction, std::span<const double> gradient) {
  long double sum = 0;
  each(direction, [&](std::size_t i, double step) { sum += static_cast<long double>(gradient[i]) * step; });
  return static_cast<double>(sum);
}

double Judgement::difference() const { return std::abs(analytic - slope.value); }

Judge::Judge(const FlatFunction& function, std::span<const double> x, double at_x, std::span<const double> gradient,
             std::span<const double> scales, CheckReport& report)
    : function_(function), x_(x), gradient_(gradient), at_x_(at_x), report_(report), moved_(x.begin(), x.end()) {
  for (std::size_t i = 0; i < x.size(); ++i) typical_ = std::max(typical_, std::abs(gradient[i]) * scales[i]);
}

void Judge::move(const Direction& direction, double distance) {
  each(direction, [&](std::size_t i, double step) { moved_[i] = x_[i] + distance * step; });
}

double Judge::value_at(const Direction& direction, double distance) {
  move(direction, distance);
  const double value = function_.value(moved_);
  move(direction, 0);
  ++report_.evaluations;
  return value;
}

/// The analytic slope at a point a distance away; NaN where there is none.
double Judge::gradient_at(const Direction& direction, const Direction& away, double distance) {
  move(away, distance);
  const std::vector<double> gradient = function_.gradient(moved_);
  move(away, 0);
  ++report_.gradients;
  return gradient.size() == x_.size() ? along(direction, gradient) : std::numeric_limits<double>::quiet_NaN();
}

double Judge::analytic(const Direction& direction) const { return along(direction, gradient_); }

/// The direction with each element moved in proportion to its own size: noise is looked for so close to the point that
/// a smooth function is smooth there, even beside a singularity.
Direction Judge::gentle(const Direction& direction) const {
  Direction result = direction;
  std::size_t at = 0;
  each(direction, [&](std::size_t i, double step) {
    if (x_[i] != 0) result.steps[at] = std::copysign(std::min(std::abs(x_[i]), std::abs(step)), step);
    ++at;
  });
  return result;
}

double Judge::noise_along(const Direction& direction) {
  const Direction small = gentle(direction);
  return noise_of([&](double distance) { return value_at(small, distance); });
}

double Judge::analytic_noise(const Direction& direction) {
  const Direction small = gentle(direction);
  return noise_of([&](double distance) { return gradient_at(direction, small, distance); });
}

/// What rounding does at the point, asked for when a derivative looks wrong.
const Rounding& Judge::rounding() {
  if (rounding_) return *rounding_;
  rounding_ = function_.rounding ? function_.rounding() : Rounding{};
  report_.evaluations += std::ssize(rounding_->values);
  report_.gradients += std::ssize(rounding_->gradients);
  return *rounding_;
}

void Judge::learn_noise(const Direction& direction) { noise_ = std::max(noise_, noise_along(direction)); }

/// Rounding of the value itself and of the elements that move is always there.
double Judge::rounding_floor(const Direction& direction) const {
  double moving = 0;
  each(direction, [&](std::size_t i, double) { moving = std::max(moving, std::abs(gradient_[i] * x_[i])); });
  return function_.epsilon * (std::abs(at_x_) + moving);
}

double Judge::noise_floor(const Direction& direction) const { return std::max(noise_, rounding_floor(direction)); }

/// Longer steps are tried where noise leaves too little.
Slope Judge::measured(const Line& line, double first_step, double noise, double analytic_slope) const {
  Slope slope = measure(line, at_x_, first_step, noise);
  const double size =
      std::max({std::abs(analytic_slope), std::abs(slope.value), 1e-3 * typical_, 1e-3 * std::abs(at_x_)});
  if (first_step < kFirstStep || slope.error <= kEnough * size) return slope;
  const Slope longer = measure(line, at_x_, kLongStep, noise);
  return longer.error < slope.error ? longer : slope;
}

/// Of a function that hardly varies, as one whose value would be 0 but for rounding, the derivative is rounding, too.
double Judge::allowed(const Slope& slope, double analytic_slope, double noise) const {
  constexpr double kRoundings = 64, kHardly = 1000;
  const double size = std::abs(analytic_slope) + std::abs(slope.value);
  const double tolerance = kSafety * slope.error + kRoundings * 0x1p-52 * size;
  return slope.variation <= kHardly * noise ? std::max(tolerance, kNothing) : tolerance;
}

double Judge::relative_noise() const {
  const double size = std::max(std::abs(at_x_), typical_);
  return size > 0 ? noise_ / size : 0;
}

/// Whether the one-sided slopes disagree, with shorter steps as well and by as much.
bool Judge::at_kink(const Line& line, double noise, const Slope& slope) const {
  if (!slope.kinked(kKinkShare)) return false;
  const Slope closer = measure(line, at_x_, kShortStep, noise);
  if (std::isinf(slope.right - slope.left)) return closer.kinked(kKinkShare);
  return closer.kinked(kKinkShare) && std::abs(closer.right - closer.left) > 0.5 * std::abs(slope.right - slope.left);
}

void Judge::classify(const Line& line, double noise, Judgement& judgement) const {
  const Slope& slope = judgement.slope;
  const double size = std::max(typical_, slope.variation / slope.reach);
  if (at_kink(line, noise, slope)) judgement.verdict = Verdict::kink;
  else if (judgement.allowed > std::max({kUseless * size, kUselessOfValue * std::abs(at_x_), kNothing}))
    judgement.verdict = Verdict::uncertain;
  else judgement.verdict = Verdict::right;
}

Judgement Judge::judge(const Direction& direction) {
  const Line line = [&](double distance) { return value_at(direction, distance); };
  const double noise = noise_floor(direction);
  Judgement judgement;
  judgement.analytic = analytic(direction);
  judgement.slope = measured(line, kFirstStep, noise, judgement.analytic);
  judgement.allowed = allowed(judgement.slope, judgement.analytic, noise);
  if (!judgement.slope.defined()) judgement.verdict = Verdict::uncertain;
  else if (judgement.difference() <= judgement.allowed) classify(line, noise, judgement);
  else if (!Doubt(*this, line, direction, noise, judgement).justified()) judgement.verdict = Verdict::wrong;
  if (judgement.verdict == Verdict::uncertain) Doubt(*this, line, direction, noise, judgement).steep();
  return judgement;
}

}  // namespace xtape::detail
