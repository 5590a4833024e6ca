#include <xtape/optim/optimizer.hpp>

#include <algorithm>
#include <array>

#include <xtape/ops.hpp>
#include <xtape/optim/fail.hpp>

#include "recording.hpp"

namespace xtape::optim {

namespace {

void check_proposal(const Tape& tape, const Parameter& parameter, const Var& proposal) {
  if (!tape.owns(proposal)) {
    detail::fail<ValueError>("Optimizer: the rule gives a Var of another tape for '", parameter.name(), "'");
  }
  if (proposal.shape() == parameter.shape() && proposal.dtype() == parameter.dtype()) return;
  std::string found = std::string(name(proposal.dtype())) + " " + to_string(proposal.shape());
  std::string wanted = std::string(name(parameter.dtype())) + " " + to_string(parameter.shape());
  detail::fail<ShapeError>("Optimizer: the rule gives ", found, " for parameter '", parameter.name(), "', which is ",
                           wanted);
}

/// What was given for one call is not held until the next one.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(Tape& tape) : tape_(tape) {}
  ~ResetAtEnd() { tape_.reset(); }
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;

 private:
  Tape& tape_;
};

}  // namespace

Optimizer::Optimizer(UpdateRule rule, Parameters parameters)
    : rule_(std::move(rule)), parameters_(std::move(parameters)), finite_values_(parameters_.size()) {
  detail::check_parameters(parameters_);
  for (Parameter& parameter : parameters_) states_.emplace_back(parameter);
}

Step Optimizer::step(const LossFunction& loss) {
  Step step = step_unless(loss, {});
  if (step.outcome == Outcome::non_finite) detail::fail<NumericalError>("Optimizer: ", step.problem);
  return step;
}

Step Optimizer::step_unless(const LossFunction& loss, const Limits& limits) {
  detail::Recording recording = record(loss, true);
  return run(recording, limits, true);
}

Step Optimizer::measure(const LossFunction& loss, const Limits& limits) {
  detail::Recording recording = record(loss, false);
  return run(recording, limits, false);
}

Step Optimizer::apply(const std::vector<Array>& gradients) {
  check_given(gradients);
  const ResetAtEnd reset(tape_);
  detail::Recording recording = begin(false);
  recording.loss = tape_.variable(0.0);  // a finite one, until it is said that it is not known
  for (const Array& gradient : gradients) recording.gradients.push_back(tape_.variable(gradient));
  detail::record_norm(recording);
  Step step = run(recording, {}, true);
  if (step.outcome == Outcome::non_finite) detail::fail<NumericalError>("Optimizer: ", step.problem);
  step.loss = std::numeric_limits<double>::quiet_NaN();
  return step;
}

void Optimizer::check_given(const std::vector<Array>& gradients) const {
  if (gradients.size() != parameters_.size()) {
    detail::fail<ValueError>("Optimizer: there must be a gradient for each parameter: ", gradients.size(), " for ",
                             parameters_.size());
  }
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const Parameter& parameter = parameters_[i];
    if (gradients[i].dtype() != parameter.dtype()) {
      detail::fail<DTypeError>("Optimizer: the gradient for '", parameter.name(), "' must be ", name(parameter.dtype()),
                               ", is ", name(gradients[i].dtype()));
    }
    if (gradients[i].shape() != parameter.shape()) {
      detail::fail<ShapeError>("Optimizer: the gradient for '", parameter.name(), "' must be ",
                               to_string(parameter.shape()), ", is ", to_string(gradients[i].shape()));
    }
  }
  if (rule_.looks_ahead()) {
    detail::fail<ValueError>(
        "Optimizer: the rule looks ahead: it takes its gradients itself, at another point than the parameters' "
        "values");
  }
}

Step Optimizer::run(detail::Recording& recording, const Limits& limits, bool update) {
  std::vector<Assignment> assignments;
  if (update) assignments = propose(recording);
  bool apart = update && detail::are_large(parameters_) && will_stay_finite(largest_norm_);
  if (!apart) detail::require_finite_proposals(recording);
  Var small_gradient = recording.norm < limits.gradient_norm;
  Var large_loss = detail::as_float64(recording.loss) > limits.loss;
  Var guard = logical_and(recording.finite, logical_not(logical_or(small_gradient, large_loss)));
  std::vector<Var> outputs = {recording.loss, recording.norm, recording.finite, small_gradient, large_loss, guard};
  if (apart) outputs.insert(outputs.end(), recording.gradients.begin(), recording.gradients.end());
  std::span<const Assignment> at_once = apart ? std::span<const Assignment>() : assignments;
  bool assigned = tape_.evaluate(outputs, at_once, &guard);
  if (apart && assigned) assigned = assign(recording, assignments);
  if (update && assigned) remember_finite(recording);

  Step step;
  step.iteration = iterations_;
  step.loss = recording.loss.item<double>();
  step.gradient_norm = recording.norm.item<double>();
  if (!recording.finite.item<bool>()) {
    step.outcome = Outcome::non_finite;
    step.problem = detail::find_problem(recording, parameters_, iterations_);
  } else if (small_gradient.item<bool>()) {
    step.outcome = Outcome::gradient_norm;
  } else if (large_loss.item<bool>()) {
    step.outcome = Outcome::loss;
  } else if (update && assigned) {
    step.outcome = Outcome::updated;
    ++iterations_;
  }
  return step;
}

/// The update by itself, when loss and gradients are known to be finite.
bool Optimizer::assign(detail::Recording& recording, std::span<const Assignment> assignments) {
  if (will_stay_finite(std::max(largest_norm_, recording.norm.item<double>())))
    return tape_.evaluate(std::span<const Var>(), assignments);
  detail::require_finite_proposals(recording);
  return tape_.evaluate(std::span<const Var>(&recording.finite, 1), assignments, &recording.finite);
}

/// Whether the rule promises it, and nobody has assigned to the parameters since they were known to be finite.
bool Optimizer::will_stay_finite(double largest) const {
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (finite_values_[i] != present_value(parameters_[i])) return false;
  return rule_.keeps_finite(largest, iterations_ + 1);
}

/// After an update.
void Optimizer::remember_finite(const detail::Recording& recording) {
  largest_norm_ = std::max(largest_norm_, recording.norm.item<double>());
  for (std::size_t i = 0; i < parameters_.size(); ++i) finite_values_[i] = present_value(parameters_[i]);
}

detail::Recording Optimizer::begin(bool look_ahead) {
  if (tape_.size() > 0) tape_.reset();  // twice would forget the recording before, which this one may repeat
  detail::Recording recording;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = parameters_[i];
    recording.points.push_back(tape_.read(parameter));
    states_[i].begin(tape_, iterations_ + 1);
    if (look_ahead) tape_.substitute(parameter, rule_.look_ahead(recording.points[i], states_[i]));
  }
  return recording;
}

detail::Recording Optimizer::record(const LossFunction& loss, bool update) {
  detail::Recording recording = begin(update && rule_.looks_ahead());
  recording.loss = detail::record_loss(tape_, loss);
  if (!dependence_checked_) detail::check_dependence(tape_, recording.loss, parameters_);
  dependence_checked_ = true;
  detail::record_gradients(tape_, parameters_, recording);
  return recording;
}

std::vector<Assignment> Optimizer::propose(detail::Recording& recording) {
  std::vector<Assignment> assignments;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Parameter& parameter = parameters_[i];
    states_[i].gradient_norm_ = recording.norm;
    Var proposal = rule_(recording.points[i], recording.gradients[i], states_[i]);
    check_proposal(tape_, parameter, proposal);
    recording.proposals.push_back({&parameter, false, proposal});
    assignments.push_back({parameter, proposal});
    std::size_t slots = assignments.size();
    states_[i].propose(assignments);
    for (; slots < assignments.size(); ++slots) {
      const auto& [slot, value] = assignments[slots];
      check_proposal(tape_, slot, value);
      recording.proposals.push_back({&slot, true, value});
    }
  }
  return assignments;
}

}  // namespace xtape::optim
