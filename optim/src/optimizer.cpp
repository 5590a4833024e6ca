#include <xtape/optim/optimizer.hpp>

#include <array>
#include <cmath>

#include <xtape/ops.hpp>
#include <xtape/optim/fail.hpp>

namespace xtape::optim {

namespace {

void check_parameters(const Parameters& parameters) {
  if (parameters.empty()) detail::fail<ValueError>("Optimizer: there are no parameters");
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    if (!is_floating(parameter.dtype())) {
      detail::fail<DTypeError>("Optimizer: parameter '", parameter.name(), "' must be float32 or float64, is ",
                               name(parameter.dtype()));
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (&parameters[j].get() == &parameter) {
        detail::fail<ValueError>("Optimizer: parameter '", parameter.name(), "' is given twice, at places ", j, " and ",
                                 i);
      }
    }
  }
}

void check_loss(const Var& loss) {
  if (loss.rank() != 0) {
    detail::fail<ShapeError>("Optimizer: the loss must be a scalar, is ", to_string(loss.shape()),
                             "; reduce it, for instance with mean");
  }
}

void check_proposal(const Parameter& parameter, const Var& proposal) {
  if (proposal.shape() == parameter.shape() && proposal.dtype() == parameter.dtype()) return;
  std::string found = std::string(name(proposal.dtype())) + " " + to_string(proposal.shape());
  std::string wanted = std::string(name(parameter.dtype())) + " " + to_string(parameter.shape());
  detail::fail<ShapeError>("Optimizer: the rule gives ", found, " for parameter '", parameter.name(), "', which is ",
                           wanted);
}

Var as_float64(const Var& x) { return x.dtype() == DType::float64 ? x : cast(x, DType::float64); }

/// In float64, so that squares of float32 gradients do not overflow as a sum.
Var squared_norm(const Var& gradient) { return sum(square(as_float64(gradient))); }

Var all_finite(const Var& x) { return all(isfinite(x)); }

}  // namespace

Optimizer::Optimizer(UpdateRule rule, Parameters parameters)
    : rule_(std::move(rule)), parameters_(std::move(parameters)) {
  check_parameters(parameters_);
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
  Recording recording = record(loss);
  std::vector<Assignment> assignments;
  if (update) assignments = propose(recording);
  Var small_gradient = recording.norm < limits.gradient_norm;
  Var large_loss = as_float64(recording.loss) > limits.loss;
  Var guard = logical_and(recording.finite, logical_not(logical_or(small_gradient, large_loss)));
  std::array<Var, 6> outputs = {recording.loss, recording.norm, recording.finite, small_gradient, large_loss, guard};
  bool assigned = tape_.evaluate(outputs, assignments, &guard);

  Step step;
  step.iteration = iterations_;
  step.loss = recording.loss.item<double>();
  step.gradient_norm = recording.norm.item<double>();
  if (!recording.finite.item<bool>()) {
    step.outcome = Outcome::non_finite;
    step.problem = find_problem(recording, step.loss);
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

Optimizer::Recording Optimizer::record(const LossFunction& loss) {
  if (!loss) detail::fail<ValueError>("Optimizer: there is no loss function");
  tape_.reset();
  Recording recording;
  recording.loss = loss(tape_);
  check_loss(recording.loss);
  std::vector<Target> targets;
  for (Parameter& parameter : parameters_) targets.emplace_back(parameter);
  recording.gradients = tape_.gradient(recording.loss, targets);

  recording.finite = isfinite(recording.loss);
  Var total = squared_norm(recording.gradients[0]);
  for (std::size_t i = 0; i < recording.gradients.size(); ++i) {
    if (i > 0) total = total + squared_norm(recording.gradients[i]);
    recording.finite = logical_and(recording.finite, all_finite(recording.gradients[i]));
  }
  recording.norm = sqrt(total);
  return recording;
}

std::vector<Assignment> Optimizer::propose(Recording& recording) {
  std::vector<Assignment> assignments;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Parameter& parameter = parameters_[i];
    states_[i].begin(tape_, iterations_ + 1);
    Var proposal = rule_(tape_.read(parameter), recording.gradients[i], states_[i]);
    check_proposal(parameter, proposal);
    recording.finite = logical_and(recording.finite, all_finite(proposal));
    recording.proposals.push_back(proposal);
    assignments.push_back({parameter, proposal});
    states_[i].propose(assignments);
  }
  return assignments;
}

std::string Optimizer::find_problem(const Recording& recording, double loss) {
  std::string where = detail::join(" at iteration ", iterations_);
  if (!std::isfinite(loss)) return detail::join("the loss is ", loss, where);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const std::string& name = parameters_[i].get().name();
    if (!all_finite(recording.gradients[i])) return detail::join("the gradient of '", name, "' is not finite", where);
    if (i < recording.proposals.size() && !all_finite(recording.proposals[i])) {
      return detail::join("the new value of '", name, "' is not finite", where);
    }
  }
  return "a value is not finite" + where;
}

}  // namespace xtape::optim
