#include <xtape/ops.hpp>
#include <xtape/optim/fail.hpp>
#include <xtape/optim/nesterov.hpp>

namespace xtape::optim {

Var Nesterov::look_ahead(const Var& x, State& state) const {
  return x - learning_rate(state.step()) * momentum * state["velocity"];
}

Var Nesterov::update(const Var& x, const Var& gradient, State& state) const {
  Var& v = state["velocity"];
  v = momentum * v + gradient;
  return x - learning_rate(state.step()) * v;
}

void Nesterov::check() const {
  if (!(momentum >= 0 && momentum < 1)) detail::fail<ValueError>("Nesterov: momentum must be in [0, 1), is ", momentum);
}

}  // namespace xtape::optim
