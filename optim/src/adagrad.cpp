#include <xtape/ops.hpp>
#include <xtape/optim/adagrad.hpp>

#include "settings.hpp"

namespace xtape::optim {

Var AdaGrad::update(const Var& x, const Var& gradient, State& state) const {
  Var& s = state["sum_of_squares"];
  s = s + square(gradient);
  return x -
         learning_rate(state.step()) * gradient / root_with_epsilon(s + initial_accumulator, epsilon, epsilon_place);
}

void AdaGrad::check() const {
  detail::check_not_negative("AdaGrad", "epsilon", epsilon);
  detail::check_not_negative("AdaGrad", "initial_accumulator", initial_accumulator);
}

}  // namespace xtape::optim
