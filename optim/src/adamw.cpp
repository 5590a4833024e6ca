#include <xtape/optim/adamw.hpp>

#include "adam_family.hpp"

namespace xtape::optim {

Var AdamW::update(const Var& x, const Var& gradient, State& state) const {
  double rate = learning_rate(state.step());
  double share = base_rate ? rate / *base_rate : rate;
  return detail::adam_update(*this, (1 - share * weight_decay) * x, gradient, state);
}

void AdamW::check() const {
  detail::check_adam("AdamW", *this);
  detail::check_not_negative("AdamW", "weight_decay", weight_decay);
  if (base_rate) detail::check_positive("AdamW", "base_rate", *base_rate);
}

}  // namespace xtape::optim
