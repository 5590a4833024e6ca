// The direction of Newton's method from a Hessian and a gradient.
#pragma once

#include <vector>

#include <xtape/array.hpp>

namespace xtape::optim::detail {

struct Direction {
  std::vector<double> step;
  bool convex = true;  ///< the Hessian has no eigenvalue that is clearly negative
};

/// -|H|^-1 g: H's eigenvalues by their absolute values, those near 0 raised. Along the direction of most negative
/// curvature, where there is one, the step is at least `least`, as the gradient may vanish there.
Direction damped_direction(const Array& hessian, const Array& gradient, double least);

/// -H^-1 g. Throws NumericalError, with H's condition, if H is singular to working precision.
Direction pure_direction(const Array& hessian, const Array& gradient);

}  // namespace xtape::optim::detail
