#include "report.hpp"

#include <xtape/optim/fail.hpp>

namespace xtape::optim::detail {

namespace {

std::string counted(std::int64_t count, const char* unit) { return join(count, " ", unit, count == 1 ? "" : "s"); }

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
    case Outcome::updated:
    case Outcome::unchanged:
      break;
  }
  return StopReason::iterations;
}

std::string describe(const Result& result, const Step& step, const Stopping& stopping) {
  std::string after = " after " + counted(result.iterations, "iteration");
  switch (result.reason) {
    case StopReason::non_finite:
      return step.problem;
    case StopReason::gradient_norm:
      return join("the gradient norm ", step.gradient_norm, " is below ", *stopping.gradient_norm, after);
    case StopReason::loss_decrease:
      return join("the loss decreased by less than ", *stopping.loss_decrease, after);
    case StopReason::validation_loss:
      return join("the validation loss had no new lowest value in ",
                  counted(stopping.early_stopping->patience, "check"), after, "; its lowest is ",
                  *result.validation_loss);
    case StopReason::line_search:
      return join("no step along Newton's direction lowers the loss", after);
    case StopReason::epochs:
      return "the limit of epochs is reached after " + counted(result.epochs, "epoch");
    case StopReason::iterations:
      break;
  }
  return "the limit of iterations is reached" + after;
}

}  // namespace xtape::optim::detail
