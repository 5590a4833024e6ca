// Special functions in long double that the standard library lacks: by other ways than the library's kernels.
#pragma once

#include "support/tensor.hpp"

namespace xtape::test {

Real digamma_of(Real x);
/// The n-th derivative of digamma, n from 1 on; below -1000 for n up to 2 only.
Real polygamma_of(int n, Real x);
Real erfinv_of(Real p);

}  // namespace xtape::test
