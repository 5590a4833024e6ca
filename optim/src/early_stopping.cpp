#include "early_stopping.hpp"

#include "recording.hpp"

namespace xtape::optim::detail {

namespace {

double value_of(const LossFunction& loss) {
  Tape tape;
  return record_loss(tape, loss).item<double>();
}

}  // namespace

Watch::Watch(const Parameters& parameters, const std::optional<EarlyStopping>& settings)
    : parameters_(parameters), settings_(settings) {
  if (!settings_) return;
  best_.resize(parameters_.size());
  for (std::size_t i = 0; i < best_.size(); ++i) best_[i] = parameters_[i].get().value();
  is_new_lowest(value_of(settings_->validation_loss));
}

bool Watch::sees_the_end(std::int64_t iteration, Step& step) {
  if (!settings_ || iteration % settings_->every != 0) return false;
  step.validation_loss = value_of(settings_->validation_loss);
  disappointments_ = is_new_lowest(*step.validation_loss) ? 0 : disappointments_ + 1;
  return disappointments_ == settings_->patience;
}

/// A loss that is not a number is no improvement.
bool Watch::is_new_lowest(double loss) {
  if (!(loss < lowest_ - settings_->min_delta)) return false;
  lowest_ = loss;
  for (std::size_t i = 0; i < best_.size(); ++i) best_[i] = parameters_[i].get().value();
  return true;
}

void Watch::restore(Result& result) const {
  if (!settings_) return;
  for (std::size_t i = 0; i < best_.size(); ++i) parameters_[i].get().assign(best_[i]);
  result.validation_loss = lowest_;
}

}  // namespace xtape::optim::detail
