#include <xtape/optim/amsgrad.hpp>

#include "adam_family.hpp"

namespace xtape::optim {

Var AMSGrad::update(const Var& x, const Var& gradient, State& state) const {
  return detail::adam_update(*this, x, gradient, state, detail::SecondMoment::largest);
}

void AMSGrad::check() const { detail::check_adam("AMSGrad", *this); }

}  // namespace xtape::optim
