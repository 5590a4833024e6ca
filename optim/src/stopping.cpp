#include <xtape/optim/fail.hpp>
#include <xtape/optim/stopping.hpp>

namespace xtape::optim {

namespace {

void check_threshold(const char* setting, const std::optional<double>& threshold) {
  if (threshold && !(*threshold >= 0)) {
    detail::fail<ValueError>("Stopping: ", setting, " must not be negative or NaN, is ", *threshold);
  }
}

}  // namespace

void Stopping::check() const {
  if (iterations < 0) detail::fail<ValueError>("Stopping: iterations must not be negative, is ", iterations);
  check_threshold("gradient_norm", gradient_norm);
  check_threshold("loss_decrease", loss_decrease);
}

std::string_view name(StopReason reason) {
  switch (reason) {
    case StopReason::iterations:
      return "iterations";
    case StopReason::gradient_norm:
      return "gradient norm";
    case StopReason::loss_decrease:
      return "loss decrease";
    case StopReason::non_finite:
      return "non-finite";
  }
  return "";
}

}  // namespace xtape::optim
