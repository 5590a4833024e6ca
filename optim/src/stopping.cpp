#include <cmath>

#include <xtape/optim/fail.hpp>
#include <xtape/optim/stopping.hpp>

namespace xtape::optim {

namespace {

void check_threshold(const char* setting, const std::optional<double>& threshold) {
  if (threshold && !(*threshold >= 0)) {
    detail::fail<ValueError>("Stopping: ", setting, " must not be negative or NaN, is ", *threshold);
  }
}

void check_count(const char* setting, const std::optional<std::int64_t>& count) {
  if (count && *count < 0) detail::fail<ValueError>("Stopping: ", setting, " must not be negative, is ", *count);
}

void check_positive(const char* setting, std::int64_t count) {
  if (count < 1) detail::fail<ValueError>("EarlyStopping: ", setting, " must be positive, is ", count);
}

}  // namespace

void EarlyStopping::check() const {
  if (!validation_loss) detail::fail<ValueError>("EarlyStopping: there is no validation loss");
  check_positive("patience", patience);
  check_positive("every", every);
  if (!(std::isfinite(min_delta) && min_delta >= 0)) {
    detail::fail<ValueError>("EarlyStopping: min_delta must be finite and not negative, is ", min_delta);
  }
}

void Stopping::check() const {
  check_count("iterations", iterations);
  check_count("epochs", epochs);
  check_threshold("gradient_norm", gradient_norm);
  check_threshold("loss_decrease", loss_decrease);
  check_threshold("relative_decrease", relative_decrease);
  if (early_stopping) early_stopping->check();
}

std::string_view name(StopReason reason) {
  switch (reason) {
    case StopReason::iterations:
      return "iterations";
    case StopReason::epochs:
      return "epochs";
    case StopReason::gradient_norm:
      return "gradient norm";
    case StopReason::loss_decrease:
      return "loss decrease";
    case StopReason::validation_loss:
      return "validation loss";
    case StopReason::line_search:
      return "line search";
    case StopReason::unbounded:
      return "unbounded";
    case StopReason::non_finite:
      return "non-finite";
  }
  return "";
}

}  // namespace xtape::optim
