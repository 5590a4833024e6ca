// The limited-memory BFGS method.
#pragma once

#include <cstdint>

namespace xtape::optim {

/// x + t d with d = -H gradient, H being what the last `history_size` changes of x and of the gradient tell of the
/// inverse Hessian: Liu and Nocedal, On the limited memory BFGS method for large scale optimization, 1989; Nocedal and
/// Wright, Numerical Optimization, 2006, algorithm 7.4. It takes O(n history_size) work and memory for n scalars, and
/// needs no learning rate.
///
/// The step t meets the strong Wolfe conditions: loss(x + t d) <= loss(x) + sufficient_decrease t slope, and the slope
/// there is at most `curvature` times that at x, in absolute values (their algorithms 3.5 and 3.6, with cubic
/// interpolation). t = 1 is tried first; without a history d has the length 1. Where a loss or gradient is not finite
/// the search steps back. The loss must be the same function in each call.
struct LBFGS {
  std::int64_t history_size = 10;       ///< pairs of changes that are remembered
  double sufficient_decrease = 1e-4;    ///< in (0, curvature)
  double curvature = 0.9;               ///< in (sufficient_decrease, 1)
  std::int64_t line_search_steps = 25;  ///< evaluations in a line search, at most

  /// Throws ValueError if a setting is out of range.
  void check() const;
};

}  // namespace xtape::optim
