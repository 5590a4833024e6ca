#include <xtape/optim/newton.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <xtape/ops.hpp>
#include <xtape/optim/fail.hpp>

#include "newton_direction.hpp"
#include "newton_method.hpp"
#include "recording.hpp"
#include "vectors.hpp"

namespace xtape::optim {

void Newton::check() const {
  if (!(sufficient_decrease > 0 && sufficient_decrease < 0.5)) {
    detail::fail<ValueError>("Newton: sufficient_decrease must be in (0, 1/2), is ", sufficient_decrease);
  }
}

namespace detail {

namespace {

/// A Hessian of 2 GiB.
constexpr std::int64_t kMostScalars = 16384;
constexpr int kMostHalvings = 60;

/// The tensors one after the other, in float64.
Var flatten(const std::vector<Var>& tensors) {
  std::vector<Var> rows;
  for (const Var& tensor : tensors) rows.push_back(as_float64(reshape(tensor, {tensor.size()})));
  return rows.size() == 1 ? rows[0] : concatenate(rows);
}

Array unit_vector(std::int64_t size, std::int64_t place) {
  std::vector<double> elements(static_cast<std::size_t>(size), 0.0);
  elements[static_cast<std::size_t>(place)] = 1;
  return Array::from(elements);
}

}  // namespace

/// Where the method is, and where it will go.
struct NewtonMethod::Point {
  Step step;
  Array gradient;  // float64 (size)
  double loss_epsilon = 0;
  Direction direction;
};

NewtonMethod::NewtonMethod(const Newton& settings, const Parameters& parameters)
    : settings_(settings), parameters_(parameters) {
  settings.check();
  check_parameters(parameters_);
  for (Parameter& parameter : parameters_) {
    targets_.emplace_back(parameter);
    size_ += parameter.shape().size();
  }
  if (size_ == 0 || size_ > kMostScalars) {
    fail<ValueError>("Newton: the parameters hold ", size_, " scalars; a dense Hessian takes 1 to ", kMostScalars);
  }
}

Step NewtonMethod::step_unless(const LossFunction& loss, const Limits& limits) {
  Point point = evaluate(loss, limits);
  if (prepare(loss, point)) move(loss, point);
  if (point.step.outcome == Outcome::updated) {
    ++iterations_;
    escaping_ = !point.direction.convex;
  }
  if (point.step.outcome == Outcome::line_search)
    point.step.problem = "no step along Newton's direction lowers the loss";
  return point.step;
}

Step NewtonMethod::measure(const LossFunction& loss, const Limits& limits) {
  Point point = evaluate(loss, limits);
  bool doubtful = point.step.outcome == Outcome::gradient_norm && settings_.damping;
  if (doubtful && prepare(loss, point)) point.step.outcome = Outcome::unchanged;
  return point.step;
}

NewtonMethod::Point NewtonMethod::evaluate(const LossFunction& loss, const Limits& limits) {
  tape_.reset();
  Recording recording;
  recording.loss = record_loss(tape_, loss);
  if (!dependence_checked_) check_dependence(tape_, recording.loss, parameters_);
  dependence_checked_ = true;
  record_gradients(tape_, parameters_, recording);
  Var gradient = flatten(recording.gradients);
  tape_.evaluate({recording.loss, recording.norm, recording.finite, gradient});

  Point point;
  point.gradient = gradient.value();
  point.loss_epsilon = recording.loss.dtype() == DType::float64 ? std::numeric_limits<double>::epsilon()
                                                                : std::numeric_limits<float>::epsilon();
  point.step.iteration = iterations_;
  point.step.loss = recording.loss.item<double>();
  point.step.gradient_norm = recording.norm.item<double>();
  if (!recording.finite.item<bool>()) {
    point.step.outcome = Outcome::non_finite;
    point.step.problem = find_problem(recording, parameters_, iterations_);
  } else if (point.step.gradient_norm < limits.gradient_norm) {
    point.step.outcome = Outcome::gradient_norm;
  } else if (point.step.loss > limits.loss && !escaping_) {
    point.step.outcome = Outcome::loss;
  }
  return point;
}

/// Finds the direction, unless the point is where to stop. Returns whether it did.
bool NewtonMethod::prepare(const LossFunction& loss, Point& point) {
  Outcome& outcome = point.step.outcome;
  bool small_gradient = outcome == Outcome::gradient_norm;
  if (outcome != Outcome::unchanged && !(small_gradient && settings_.damping)) return false;
  Array matrix = hessian(loss);
  if (!all_finite(matrix.values<double>())) {
    outcome = Outcome::non_finite;
    point.step.problem = join("the Hessian is not finite at iteration ", iterations_);
    return false;
  }
  const Visible least{visible_change(), 16 * point.loss_epsilon * std::abs(point.step.loss)};
  point.direction =
      settings_.damping ? damped_direction(matrix, point.gradient, least) : pure_direction(matrix, point.gradient);
  return !small_gradient || !point.direction.convex;
}

/// Row by row: the product with a unit vector is the gradient of the gradient's component. The vector is a leaf, so
/// that all rows run as one plan.
Array NewtonMethod::hessian(const LossFunction& loss) {
  std::vector<double> elements;
  elements.reserve(static_cast<std::size_t>(size_ * size_));
  for (std::int64_t row = 0; row < size_; ++row) {
    tape_.reset();
    Var gradient = flatten(tape_.gradient(record_loss(tape_, loss), targets_));
    Var component = sum(gradient * tape_.variable(unit_vector(size_, row)));
    Array product = flatten(tape_.gradient(component, targets_)).value();
    elements.insert(elements.end(), product.values<double>().begin(), product.values<double>().end());
  }
  return Array::from(elements, {size_, size_});
}

/// Small beside the parameters, and yet to be seen in them.
double NewtonMethod::visible_change() const {
  double largest = 1;
  for (const Parameter& parameter : parameters_) {
    if (parameter.shape().size() == 0) continue;
    Tape tape;
    largest = std::max(largest, max(as_float64(abs(tape.read(parameter)))).item<double>());
  }
  return 1e-3 * largest;
}

void NewtonMethod::move(const LossFunction& loss, Point& point) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Step& step = point.step;
  step.outcome = Outcome::line_search;
  const std::vector<double>& direction = point.direction.step;
  if (std::ranges::all_of(direction, [](double element) { return element == 0; })) return;
  step.outcome = Outcome::updated;
  if (!settings_.line_search) {
    if (try_step(loss, point, 1, kInfinity, -kInfinity)) return;
    step.outcome = Outcome::non_finite;
    step.problem = join("the loss or a new value is not finite after iteration ", iterations_);
    return;
  }
  double slope = dot(point.gradient.values<double>(), direction);
  step.outcome = Outcome::line_search;
  if (slope > 0 || (slope == 0 && point.direction.convex)) return;
  step.outcome = Outcome::updated;
  double lower = std::nextafter(step.loss, -kInfinity);
  double flat = step.loss + 4 * point.loss_epsilon * std::abs(step.loss);
  double t = 1;
  for (int halvings = 0; halvings < kMostHalvings; ++halvings, t /= 2) {
    double bound = std::min(step.loss + settings_.sufficient_decrease * t * slope, lower);
    if (try_step(loss, point, t, bound, flat)) return;
  }
  step.outcome = Outcome::line_search;
}

/// Moves by t times the direction if the loss there is at most `bound`; or at most `flat`, where rounding hides whether
/// it falls, and the gradient is smaller (after Hager and Zhang, A new conjugate gradient method with guaranteed
/// descent and an efficient line search, 2005).
bool NewtonMethod::try_step(const LossFunction& loss, const Point& point, double t, double bound, double flat) {
  tape_.reset();
  std::vector<Assignment> assignments = place_trial(point.direction.step, t);
  Recording trial;
  trial.loss = record_loss(tape_, loss);
  record_gradients(tape_, parameters_, trial);
  for (const auto& [parameter, value] : assignments) trial.proposals.push_back({&parameter, false, value});
  require_finite_proposals(trial);
  Var value = as_float64(trial.loss);
  Var smaller_gradient = logical_and(value <= flat, trial.norm < point.step.gradient_norm);
  Var guard = logical_and(trial.finite, logical_or(value <= bound, smaller_gradient));
  return tape_.evaluate({}, assignments, &guard);
}

/// Puts the parameters plus t times the step in their places on the tape.
std::vector<Assignment> NewtonMethod::place_trial(const std::vector<double>& step, double t) {
  std::vector<Assignment> assignments;
  const double* from = step.data();
  for (Parameter& parameter : parameters_) {
    Var piece = t * tape_.variable(Array::copy(from, parameter.shape()));
    Var trial = tape_.read(parameter) + (parameter.dtype() == DType::float64 ? piece : cast(piece, parameter.dtype()));
    tape_.substitute(parameter, trial);
    assignments.push_back({parameter, trial});
    from += parameter.shape().size();
  }
  return assignments;
}

}  // namespace detail

}  // namespace xtape::optim
