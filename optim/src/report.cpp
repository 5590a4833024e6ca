#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <xtape/optim/fail.hpp>

namespace xtape::optim::detail {

namespace {

std::string counted(std::int64_t count, const char* unit) { return join(count, " ", unit, count == 1 ? "" : "s"); }

std::string wanted_decrease(const Stopping& stopping) {
  std::string text = stopping.loss_decrease ? join(*stopping.loss_decrease) : "";
  if (!stopping.relative_decrease) return text;
  return join(text, text.empty() ? "" : " or ", *stopping.relative_decrease, " of itself");
}

}  // namespace

StopReason reason_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::gradient_norm:
      return StopReason::gradient_norm;
    case Outcome::loss:
      return StopReason::loss_decrease;
    case Outcome::non_finite:
      return StopReason::non_finite;
    case Outcome::line_search:
      return StopReason::line_search;
    case Outcome::unbounded:
      return StopReason::unbounded;
    case Outcome::updated:
    case Outcome::unchanged:
      break;
  }
  return StopReason::iterations;
}

double highest_next(double loss, const Stopping& stopping) {
  double highest = std::numeric_limits<double>::infinity();
  if (stopping.loss_decrease) highest = loss - *stopping.loss_decrease;
  if (stopping.relative_decrease) highest = std::min(highest, loss - *stopping.relative_decrease * std::abs(loss));
  return highest;
}

std::string describe(const Result& result, const Step& step, const Stopping& stopping) {
  std::string after = " after " + counted(result.iterations, "iteration");
  switch (result.reason) {
    case StopReason::non_finite:
      return step.problem;
    case StopReason::gradient_norm:
      if (step.gradient_norm == 0 && !(stopping.gradient_norm > 0)) return "the gradient is zero" + after;
      return join("the gradient norm ", step.gradient_norm, " is below ", *stopping.gradient_norm, after);
    case StopReason::loss_decrease:
      return "the loss decreased by less than " + wanted_decrease(stopping) + after;
    case StopReason::validation_loss:
      return join("the validation loss had no new lowest value in ",
                  counted(stopping.early_stopping->patience, "check"), after, "; its lowest is ",
                  *result.validation_loss);
    case StopReason::line_search:
    case StopReason::unbounded:
      return step.problem + after;
    case StopReason::epochs:
      return "the limit of epochs is reached after " + counted(result.epochs, "epoch");
    case StopReason::iterations:
      break;
  }
  return "the limit of iterations is reached" + after;
}

}  // namespace xtape::optim::detail
