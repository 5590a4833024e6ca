#include <xtape/optim/lbfgs.hpp>

#include <cmath>
#include <limits>
#include <utility>

#include <xtape/optim/fail.hpp>

#include "lbfgs_method.hpp"
#include "vectors.hpp"

namespace xtape::optim {

void LBFGS::check() const {
  if (history_size < 1) detail::fail<ValueError>("LBFGS: history_size must be positive, is ", history_size);
  if (line_search_steps < 1) {
    detail::fail<ValueError>("LBFGS: line_search_steps must be positive, is ", line_search_steps);
  }
  if (sufficient_decrease > 0 && sufficient_decrease < curvature && curvature < 1) return;
  detail::fail<ValueError>("LBFGS: 0 < sufficient_decrease < curvature < 1 must hold, they are ", sufficient_decrease,
                           " and ", curvature);
}

namespace detail {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

LBFGSMethod::LBFGSMethod(const LBFGS& settings, const Parameters& parameters)
    : settings_(settings), parameters_(parameters), history_(static_cast<std::size_t>(settings.history_size)) {
  settings.check();
  check_parameters(parameters_);
}

Step LBFGSMethod::step_unless(const LossFunction& loss, const Limits& limits) {
  Step step = measure(loss, limits);
  if (step.outcome == Outcome::unchanged) move(loss, step);
  return step;
}

Step LBFGSMethod::measure(const LossFunction& loss, const Limits& limits) {
  if (!knows_the_values()) start(loss);
  Step step;
  step.iteration = iterations_;
  step.loss = here_.loss;
  step.gradient_norm = here_.gradient_norm;
  if (!problem_.empty()) {
    step.outcome = Outcome::non_finite;
    step.problem = problem_;
  } else if (step.gradient_norm < limits.gradient_norm || step.gradient_norm == 0) {
    step.outcome = Outcome::gradient_norm;
  } else if (step.loss > limits.loss) {
    step.outcome = Outcome::loss;
  }
  return step;
}

bool LBFGSMethod::knows_the_values() const {
  if (known_.empty()) return false;
  for (std::size_t i = 0; i < known_.size(); ++i)
    if (parameters_[i].get().value().bytes() != known_[i].bytes()) return false;
  return true;
}

void LBFGSMethod::remember_values() {
  known_.clear();
  for (const Parameter& parameter : parameters_) known_.push_back(parameter.value());
}

/// Begins anew at the parameters' values.
void LBFGSMethod::start(const LossFunction& loss) {
  known_.clear();
  history_.clear();
  here_ = {};
  for (const Parameter& parameter : parameters_) append(parameter.value(), here_.x);
  round(here_);
  evaluate(loss, here_);
  problem_.clear();
  if (!recording_.finite.item<bool>()) problem_ = find_problem(recording_, parameters_, iterations_);
  loss_epsilon_ = recording_.loss.dtype() == DType::float64 ? std::numeric_limits<double>::epsilon()
                                                            : std::numeric_limits<float>::epsilon();
  remember_values();
}

/// Makes trial.x what the parameters' dtypes can hold.
void LBFGSMethod::round(Trial& trial) const {
  const double* from = trial.x.data();
  for (const Parameter& parameter : parameters_) {
    trial.values.push_back(shaped_as(parameter, from));
    from += parameter.shape().size();
  }
  trial.x.clear();
  for (const Array& values : trial.values) append(values, trial.x);
}

/// Loss and gradient at the trial's values.
void LBFGSMethod::evaluate(const LossFunction& loss, Trial& trial) {
  tape_.reset();
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    tape_.substitute(parameters_[i], tape_.variable(trial.values[i]));
  recording_ = {};
  recording_.loss = record_loss(tape_, loss);
  if (!dependence_checked_) check_dependence(tape_, recording_.loss, parameters_);
  dependence_checked_ = true;
  record_gradients(tape_, parameters_, recording_);
  std::vector<Var> outputs = {recording_.loss, recording_.norm, recording_.finite};
  outputs.insert(outputs.end(), recording_.gradients.begin(), recording_.gradients.end());
  tape_.evaluate(outputs);
  trial.loss = recording_.loss.item<double>();
  trial.gradient_norm = recording_.norm.item<double>();
  for (const Var& gradient : recording_.gradients) append(gradient.value(), trial.gradient);
}

void LBFGSMethod::move(const LossFunction& loss, Step& step) {
  bool had_history = !history_.empty();
  LineSearch found = search(loss);
  if (found.end == LineSearch::End::nothing && had_history) {
    history_.clear();
    found = search(loss);
  }
  if (found.end == LineSearch::End::nothing) {
    step.outcome = Outcome::line_search;
    step.problem = "no step along the direction of L-BFGS lowers the loss";
  } else if (found.end == LineSearch::End::unbounded) {
    step.outcome = Outcome::unbounded;
    step.problem = join("the loss falls without bound: it is ", found.point.loss, " at ", found.point.t,
                        " times the direction of L-BFGS");
  } else {
    step.outcome = Outcome::updated;
    accept(std::move(found.point));
  }
}

/// Searches along the direction from here; along the gradient, if rounding has spoilt the history.
LineSearch LBFGSMethod::search(const LossFunction& loss) {
  std::vector<double> direction = history_.direction(here_.gradient, here_.gradient_norm);
  here_.slope = dot(here_.gradient, direction);
  if (!(here_.slope < 0) || !all_finite(direction)) {
    history_.clear();
    direction = history_.direction(here_.gradient, here_.gradient_norm);
    here_.slope = dot(here_.gradient, direction);
  }
  auto line = [&](double t) {
    Trial trial{.t = t, .x = add_scaled(here_.x, t, direction)};
    trial.loss = kInfinity;
    round(trial);
    if (!all_finite(trial.x)) return trial;
    evaluate(loss, trial);
    trial.slope = dot(trial.gradient, direction);
    if (trial.loss != -kInfinity && !recording_.finite.item<bool>()) trial.loss = kInfinity;
    return trial;
  };
  return find_step(line, here_, 4 * loss_epsilon_ * std::abs(here_.loss), settings_);
}

void LBFGSMethod::accept(Trial point) {
  std::vector<double> s = add_scaled(point.x, -1, here_.x), y = add_scaled(point.gradient, -1, here_.gradient);
  const double fall = -dot(here_.gradient, s);
  history_.add(std::move(s), std::move(y), fall);
  for (std::size_t i = 0; i < point.values.size(); ++i) parameters_[i].get().assign(point.values[i]);
  here_ = std::move(point);
  remember_values();
  ++iterations_;
}

}  // namespace detail

}  // namespace xtape::optim
