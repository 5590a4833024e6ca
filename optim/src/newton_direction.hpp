// The direction of Newton's method from a Hessian and a gradient.
#pragma once

#include <vector>

#include <xtape/array.hpp>

namespace xtape::optim::detail {

struct Direction {
  std::vector<double> step;
  bool convex = true;  ///< the Hessian has no eigenvalue that is clearly negative
};

/// What a step must reach to be seen along a direction in which the gradient vanishes.
struct Visible {
  double change = 0;    ///< of the largest element
  double decrease = 0;  ///< of the loss
};

/// -|H|^-1 g: H's eigenvalues by their absolute values, those near 0 raised. Along the direction of most negative
/// curvature, where there is one, the step is at least visible. H is scaled to a diagonal of 1 and -1 beforehand, so
/// that the units of the parameters do not matter.
Direction damped_direction(const Array& hessian, const Array& gradient, const Visible& least);

/// -H^-1 g. Throws NumericalError, with H's condition, if the scaled H is singular to working precision.
Direction pure_direction(const Array& hessian, const Array& gradient);

}  // namespace xtape::optim::detail
