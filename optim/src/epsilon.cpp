#include <xtape/ops.hpp>
#include <xtape/optim/epsilon.hpp>

namespace xtape::optim {

Var root_with_epsilon(const Var& x, double epsilon, Epsilon place) {
  return place == Epsilon::inside_root ? sqrt(x + epsilon) : sqrt(x) + epsilon;
}

}  // namespace xtape::optim
