#include <xtape/optim/amsgrad.hpp>

#include "adam_family.hpp"

namespace xtape::optim {

Var AMSGrad::update(const Var& x, const Var& gradient, State& state) const {
  return detail::adam_update(*this, x, gradient, state, detail::SecondMoment::largest);
}

bool AMSGrad::keeps_finite(double largest, std::int64_t step) const {
  return detail::adam_keeps_finite(*this, largest, step);
}

void AMSGrad::check() const { detail::check_adam("AMSGrad", *this); }

}  // namespace xtape::optim
