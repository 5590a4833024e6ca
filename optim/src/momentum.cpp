#include <xtape/ops.hpp>
#include <xtape/optim/momentum.hpp>

#include "settings.hpp"

namespace xtape::optim {

Var Momentum::update(const Var& x, const Var& gradient, State& state) const {
  Var& v = state["velocity"];
  double weight = state.step() == 1 ? 1 : 1 - dampening;
  v = momentum * v + (dampening > 0 ? weight * gradient : gradient);
  return x - learning_rate(state.step()) * (nesterov ? gradient + momentum * v : v);
}

void Momentum::check() const {
  detail::check_fraction("Momentum", "momentum", momentum);
  detail::check_fraction("Momentum", "dampening", dampening);
  if (nesterov && dampening > 0) {
    detail::fail<ValueError>("Momentum: nesterov goes without dampening, which is ", dampening);
  }
}

}  // namespace xtape::optim
