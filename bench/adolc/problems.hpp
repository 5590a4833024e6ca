// The scalar problems as a user of ADOL-C writes them: taped once, then evaluated at new points.
#pragma once

#include "bench/grid.hpp"

namespace bench::with_adolc {

std::vector<Case> quadratic_step();
std::vector<Case> scalar_gradient();
std::vector<Case> op_chain();
std::vector<Case> rosenbrock();

}  // namespace bench::with_adolc
