#include <xtape/ops.hpp>
#include <xtape/optim/rmsprop.hpp>

#include "settings.hpp"

namespace xtape::optim {

Var RMSprop::update(const Var& x, const Var& gradient, State& state) const {
  Var& v = state["second_moment"];
  v = decay * v + (1 - decay) * square(gradient);
  Var spread = v;
  if (centered) {
    Var& m = state["first_moment"];
    m = decay * m + (1 - decay) * gradient;
    spread = relu(v - square(m));  // never negative but by rounding
  }
  Var direction = gradient / root_with_epsilon(spread, epsilon, epsilon_place);
  if (momentum > 0) {
    Var& velocity = state["velocity"];
    velocity = momentum * velocity + direction;
    direction = velocity;
  }
  return x - learning_rate(state.step()) * direction;
}

void RMSprop::check() const {
  detail::check_fraction("RMSprop", "decay", decay);
  detail::check_not_negative("RMSprop", "epsilon", epsilon);
  detail::check_fraction("RMSprop", "momentum", momentum);
}

}  // namespace xtape::optim
