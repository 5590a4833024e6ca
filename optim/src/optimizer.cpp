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

Step Optimizer::step_unless(const LossFunction& loss, const Limits& limits) { return run(loss, limits, true); }

Step Optimizer::measure(const LossFunction& loss, const Limits& limits) { return run(loss, limits, false); }

Step Optimizer::run(const LossFunction& loss, const Limits& limits, bool update) {
  detail::Recording recording = record(loss, update);
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

detail::Recording Optimizer::record(const LossFunction& loss, bool update) {
  tape_.reset();
  detail::Recording recording;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = parameters_[i];
    recording.points.push_back(tape_.read(parameter));
    states_[i].begin(tape_, iterations_ + 1);
    if (update && rule_.looks_ahead()) tape_.substitute(parameter, rule_.look_ahead(recording.points[i], states_[i]));
  }
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
