#include <xtape/optim/adamw.hpp>

#include "adam_family.hpp"

namespace xtape::optim {

namespace {

/// The part of x that decays.
double decay(const AdamW& s, std::int64_t step) {
  double rate = s.learning_rate(step);
  double share = s.base_rate ? rate / *s.base_rate : rate;
  return share * s.weight_decay;
}

}  // namespace

Var AdamW::update(const Var& x, const Var& gradient, State& state) const {
  return detail::adam_update(*this, (1 - decay(*this, state.step())) * x, gradient, state);
}

bool AdamW::keeps_finite(double largest, std::int64_t step) const {
  return decay(*this, step) <= 1 && detail::adam_keeps_finite(*this, largest, step);
}

void AdamW::check() const {
  detail::check_adam("AdamW", *this);
  detail::check_not_negative("AdamW", "weight_decay", weight_decay);
  if (base_rate) detail::check_positive("AdamW", "base_rate", *base_rate);
}

}  // namespace xtape::optim
