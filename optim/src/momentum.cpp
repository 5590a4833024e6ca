#include <xtape/ops.hpp>
#include <xtape/optim/momentum.hpp>

#include "settings.hpp"

namespace xtape::optim {

Var Momentum::update(const Var& x, const Var& gradient, State& state) const {
  Var& v = state["velocity"];
  double rate = learning_rate(state.step());
  Var push = rate_in_velocity ? rate * gradient : gradient;
  if (dampening > 0 && momentum > 0) push = (state.step() == 1 ? 1 : 1 - dampening) * push;
  v = momentum * v + push;
  Var change = nesterov ? push + momentum * v : v;
  return rate_in_velocity ? x - change : x - rate * change;
}

void Momentum::check() const {
  detail::check_fraction("Momentum", "momentum", momentum);
  detail::check_fraction("Momentum", "dampening", dampening);
  if (nesterov && dampening > 0) {
    detail::fail<ValueError>("Momentum: nesterov goes without dampening, which is ", dampening);
  }
}

}  // namespace xtape::optim
