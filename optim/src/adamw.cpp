#include <xtape/optim/adamw.hpp>

#include "adam_family.hpp"

namespace xtape::optim {

Var AdamW::update(const Var& x, const Var& gradient, State& state) const {
  double rate = learning_rate(state.step());
  double share = decoupled_from_rate ? rate / learning_rate(1) : rate;
  return detail::adam_update(*this, (1 - share * weight_decay) * x, gradient, state);
}

void AdamW::check() const {
  detail::check_adam("AdamW", *this);
  detail::check_not_negative("AdamW", "weight_decay", weight_decay);
  if (decoupled_from_rate && learning_rate(1) == 0) {
    detail::fail<ValueError>("AdamW: decoupled_from_rate needs a rate in step 1 that is not 0");
  }
}

}  // namespace xtape::optim
