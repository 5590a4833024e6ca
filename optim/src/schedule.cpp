#include <xtape/optim/schedule.hpp>

#include <xtape/optim/fail.hpp>

namespace xtape::optim {

namespace {

bool valid(double rate) { return std::isfinite(rate) && rate >= 0; }

}  // namespace

LearningRate::LearningRate(double constant) : constant_(constant) {
  if (!valid(constant)) detail::fail<ValueError>("learning rate: must be finite and not negative, is ", constant);
}

double LearningRate::operator()(std::int64_t step) const {
  if (!schedule_) return constant_;
  double rate = schedule_(step);
  if (!valid(rate)) {
    detail::fail<ValueError>("learning rate: must be finite and not negative, is ", rate, " at step ", step);
  }
  return rate;
}

void LearningRate::check_callable() const {
  if (!schedule_) detail::fail<ValueError>("learning rate: the schedule is an empty function");
}

}  // namespace xtape::optim
