// Derivatives by central differences of the long double interpreter, extrapolated once: good to about 1e-12.
#pragma once

#include <span>
#include <vector>

#include "support/interpreter.hpp"

namespace xtape::test {

/// The derivative of sum(weights * output) for every element of a leaf.
Tensor difference_gradient(const Var& output, const Tensor& weights, const Var& leaf);

/// The sum of products, in long double.
Real dot(const Tensor& a, const Tensor& b);

}  // namespace xtape::test
