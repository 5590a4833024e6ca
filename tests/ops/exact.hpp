// Elementwise functions by MPFR, which rounds correctly: the truth that ulps are counted from.
#pragma once

#include <functional>
#include <string>

#include "support/tensor.hpp"

namespace xtape::test {

/// The op of this name, rounded to long double; empty if MPFR has nothing to build it from.
std::function<Real(const Real*)> exact_function(const std::string& op);

}  // namespace xtape::test
