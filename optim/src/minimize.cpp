#include <xtape/optim/minimize.hpp>

#include <xtape/optim/fail.hpp>

namespace xtape::optim {

namespace {

StopReason reason_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::gradient_norm:
      return StopReason::gradient_norm;
    case Outcome::loss:
      return StopReason::loss_decrease;
    case Outcome::non_finite:
      return StopReason::non_finite;
    case Outcome::updated:
    case Outcome::unchanged:
      break;
  }
  return StopReason::iterations;
}

std::string describe(const Result& result, const Step& step, const Stopping& stopping) {
  std::string after = detail::join(" after ", result.iterations, result.iterations == 1 ? " iteration" : " iterations");
  switch (result.reason) {
    case StopReason::non_finite:
      return step.problem;
    case StopReason::gradient_norm:
      return detail::join("the gradient norm ", step.gradient_norm, " is below ", *stopping.gradient_norm, after);
    case StopReason::loss_decrease:
      return detail::join("the loss decreased by less than ", *stopping.loss_decrease, after);
    case StopReason::iterations:
      break;
  }
  return "the limit of iterations is reached" + after;
}

}  // namespace

Result minimize(const Parameters& parameters, const LossFunction& loss, UpdateRule rule, const Stopping& stopping,
                const Progress& progress) {
  stopping.check();
  Optimizer optimizer(std::move(rule), parameters);
  Limits limits;
  limits.gradient_norm = stopping.gradient_norm.value_or(0);
  while (true) {
    bool last = optimizer.iterations() == stopping.iterations;
    Step step = last ? optimizer.measure(loss, limits) : optimizer.step_unless(loss, limits);
    if (progress) progress(step);
    if (last || step.outcome != Outcome::updated) {
      Result result{optimizer.iterations(), step.loss, step.gradient_norm, reason_of(step.outcome), ""};
      result.message = describe(result, step, stopping);
      return result;
    }
    if (stopping.loss_decrease) limits.loss = step.loss - *stopping.loss_decrease;
  }
}

}  // namespace xtape::optim
