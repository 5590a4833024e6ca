#include <xtape/ops.hpp>
#include <xtape/optim/gradient_descent.hpp>

namespace xtape::optim {

Var GradientDescent::update(const Var& x, const Var& gradient, State& state) const {
  return x - learning_rate(state.step()) * gradient;
}

}  // namespace xtape::optim
