#include <xtape/ops.hpp>
#include <xtape/optim/nesterov.hpp>

#include "settings.hpp"

namespace xtape::optim {

Var Nesterov::look_ahead(const Var& x, State& state) const {
  double rate = rate_in_velocity ? 1 : learning_rate(state.step());
  return x - rate * momentum * state["velocity"];
}

Var Nesterov::update(const Var& x, const Var& gradient, State& state) const {
  Var& v = state["velocity"];
  double rate = learning_rate(state.step());
  v = momentum * v + (rate_in_velocity ? rate * gradient : gradient);
  return rate_in_velocity ? x - v : x - rate * v;
}

void Nesterov::check() const { detail::check_fraction("Nesterov", "momentum", momentum); }

}  // namespace xtape::optim
