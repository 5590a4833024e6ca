// The cofactors of a matrix, which are det's gradient, and their derivative.
#pragma once

#include "ops/linear_algebra.hpp"

namespace xtape::detail {

/// What both are computed from: the singular value decomposition of the balanced matrix, and the LU factors, which know
/// how it was balanced.
struct CofactorFactors {
  Var svd, lu;
};

/// The cofactors of a (..., n, n), from its LU factors.
Var cofactors_of(const Var& lu, const Var& a);
/// The derivative of the cofactors along g, a symmetric map of g.
Var cofactor_slope_of(const CofactorFactors& factors, const Var& a, const Var& g);
/// Its rule, which needs the ops of det.
void cofactor_slope_vjp(Rule& rule);

}  // namespace xtape::detail
