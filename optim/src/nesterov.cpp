#include <xtape/ops.hpp>
#include <xtape/optim/nesterov.hpp>

#include "settings.hpp"

namespace xtape::optim {

Var Nesterov::look_ahead(const Var& x, State& state) const {
  return x - learning_rate(state.step()) * momentum * state["velocity"];
}

Var Nesterov::update(const Var& x, const Var& gradient, State& state) const {
  Var& v = state["velocity"];
  v = momentum * v + gradient;
  return x - learning_rate(state.step()) * v;
}

void Nesterov::check() const { detail::check_fraction("Nesterov", "momentum", momentum); }

}  // namespace xtape::optim
