#include <xtape/ops.hpp>
#include <xtape/optim/fail.hpp>
#include <xtape/optim/momentum.hpp>

namespace xtape::optim {

Var Momentum::update(const Var& x, const Var& gradient, State& state) const {
  Var& v = state["velocity"];
  v = momentum * v + gradient;
  return x - learning_rate(state.step()) * v;
}

void Momentum::check() const {
  if (!(momentum >= 0 && momentum < 1)) detail::fail<ValueError>("Momentum: momentum must be in [0, 1), is ", momentum);
}

}  // namespace xtape::optim
