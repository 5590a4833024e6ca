#include <xtape/ops.hpp>
#include <xtape/optim/adadelta.hpp>

#include "settings.hpp"

namespace xtape::optim {

Var AdaDelta::update(const Var& x, const Var& gradient, State& state) const {
  Var &v = state["second_moment"], &u = state["change_second_moment"];
  v = decay * v + (1 - decay) * square(gradient);
  Var change = sqrt(u + epsilon) / sqrt(v + epsilon) * gradient;
  u = decay * u + (1 - decay) * square(change);
  return x - learning_rate(state.step()) * change;
}

void AdaDelta::check() const {
  detail::check_fraction("AdaDelta", "decay", decay);
  detail::check_positive("AdaDelta", "epsilon", epsilon);
}

}  // namespace xtape::optim
