#include <xtape/ops.hpp>
#include <xtape/optim/gradient_descent.hpp>

#include "finite.hpp"

namespace xtape::optim {

Var GradientDescent::update(const Var& x, const Var& gradient, State& state) const {
  return x - learning_rate(state.step()) * gradient;
}

bool GradientDescent::keeps_finite(double largest, std::int64_t step) const {
  return detail::is_safe(largest) && detail::is_safe(learning_rate(step) * largest);
}

}  // namespace xtape::optim
