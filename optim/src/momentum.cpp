#include <xtape/ops.hpp>
#include <xtape/optim/momentum.hpp>

#include "finite.hpp"
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

bool Momentum::keeps_finite(double largest, std::int64_t step) const {
  if (rate_in_velocity || !detail::is_contraction(momentum)) return false;  // earlier rates may have been larger
  double velocity = 2 * largest / (1 - momentum);
  return detail::is_safe(velocity) && detail::is_safe(learning_rate(step) * 2 * velocity);
}

void Momentum::check() const {
  detail::check_fraction("Momentum", "momentum", momentum);
  detail::check_fraction("Momentum", "dampening", dampening);
  if (nesterov && dampening > 0) {
    detail::fail<ValueError>("Momentum: nesterov goes without dampening, which is ", dampening);
  }
}

}  // namespace xtape::optim
