#include <xtape/optim/adam.hpp>

#include "adam_family.hpp"

namespace xtape::optim {

Var Adam::update(const Var& x, const Var& gradient, State& state) const {
  return detail::adam_update(*this, x, gradient, state);
}

bool Adam::keeps_finite(double largest, std::int64_t step) const {
  return detail::adam_keeps_finite(*this, largest, step);
}

void Adam::check() const { detail::check_adam("Adam", *this); }

}  // namespace xtape::optim
