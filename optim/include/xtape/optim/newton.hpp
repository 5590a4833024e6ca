// Newton's method.
#pragma once

namespace xtape::optim {

/// x - t H^-1 gradient, H being the exact Hessian, which the tape gives as gradients of gradients, one product for each
/// scalar parameter: O(n) gradients and O(n^2) memory for n of them, O(n^3) for the solution.
///
/// Where H is not positive definite the damped form takes |H|^-1 gradient, with the absolute values of H's eigenvalues
/// (Dauphin et al., Identifying and attacking the saddle point problem, 2014), and leaves a point with no gradient
/// along the direction of most negative curvature: so it ends neither at a saddle nor at a maximum. The step t is the
/// first of 1, 1/2, 1/4 ... with a sufficient decrease of the loss (Armijo, 1966; Nocedal and Wright, Numerical
/// Optimization, 2006, algorithm 3.1). The pure method of textbooks, which goes to the nearest stationary point of any
/// kind, is Newton{.damping = false, .line_search = false}.
struct Newton {
  bool damping = true;                ///< false throws NumericalError where H is singular
  bool line_search = true;            ///< false takes t = 1
  double sufficient_decrease = 1e-4;  ///< of t times the slope; in (0, 1/2)

  /// Throws ValueError if sufficient_decrease is not in (0, 1/2).
  void check() const;
};

}  // namespace xtape::optim
