// What the tests of transforms share: vectors, comparisons with closed forms, and the gradient checker.
#pragma once

#include <vector>

#include <xtape/gradient_check.hpp>
#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

inline Array vector(const std::vector<double>& values) { return Array::from(values); }

inline testing::AssertionResult near(const Array& actual, const std::vector<Real>& expected, const Shape& shape,
                                     Real relative = 1e-13L) {
  return close(actual, tensor(expected, shape), relative);
}

/// Whether the gradient of f holds against numeric derivatives at x.
template <class F>
testing::AssertionResult holds(F f, const Array& x, int order = 1) {
  CheckOptions options;
  options.order = order;
  const CheckReport report = check_gradient(f, x, options);
  return report.passed() ? testing::AssertionSuccess() : testing::AssertionFailure() << to_string(report);
}

}  // namespace xtape::test
