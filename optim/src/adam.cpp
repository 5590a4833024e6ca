#include <cmath>

#include <xtape/ops.hpp>
#include <xtape/optim/adam.hpp>
#include <xtape/optim/fail.hpp>

namespace xtape::optim {

Var Adam::update(const Var& x, const Var& gradient, State& state) const {
  Var &m = state["first_moment"], &v = state["second_moment"];
  m = beta1 * m + (1 - beta1) * gradient;
  v = beta2 * v + (1 - beta2) * square(gradient);
  // The corrections are numbers of C++: as inputs of the plan they may change with the step.
  double t = static_cast<double>(state.step());
  double rate = learning_rate(state.step()) / (1 - std::pow(beta1, t));
  return x - rate * m / (sqrt(v / (1 - std::pow(beta2, t))) + epsilon);
}

void Adam::check() const {
  if (!(beta1 >= 0 && beta1 < 1)) detail::fail<ValueError>("Adam: beta1 must be in [0, 1), is ", beta1);
  if (!(beta2 >= 0 && beta2 < 1)) detail::fail<ValueError>("Adam: beta2 must be in [0, 1), is ", beta2);
  if (!(std::isfinite(epsilon) && epsilon >= 0)) {
    detail::fail<ValueError>("Adam: epsilon must be finite and not negative, is ", epsilon);
  }
}

}  // namespace xtape::optim
