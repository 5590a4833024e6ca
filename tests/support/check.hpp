// Comparisons that say what differs: bits, values within a tolerance, units in the last place.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/tensor.hpp"

namespace xtape::test {

/// The distance of a value of this dtype from the truth, in units of the last place of the truth. 0 if both are NaN or
/// the same infinity, or the truth rounds to the value; huge if one is NaN and the other is not.
Real ulps(Real value, Real truth, DType dtype);

/// The same dtype, shape and bits; any NaN equals any other.
testing::AssertionResult same_bits(const Array& a, const Array& b);
testing::AssertionResult same_bits(const std::vector<Array>& a, const std::vector<Array>& b);

/// The same dtype and shape, and each element within `relative` of the largest finite magnitude beside it in the
/// tensor, or within `relative` itself. Infinities and NaN must be equal.
testing::AssertionResult close(const Tensor& actual, const Tensor& expected, Real relative);
testing::AssertionResult close(const Array& actual, const Tensor& expected, Real relative);

/// Each element within so many ulp, and the sign of zero the same.
testing::AssertionResult within_ulps(const Array& actual, const Tensor& expected, Real bound);

/// The same numbers exactly, whatever the sign of zero.
testing::AssertionResult equals(const Array& actual, const std::vector<Real>& expected);

std::string to_string(const Tensor& tensor);

/// Runs the function and returns the text of the exception of this type that it throws; a failure text otherwise.
template <class Exception, class Function>
std::string message_of(const Function& function) {
  try {
    function();
  } catch (const Exception& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("<another exception: ") + error.what() + ">";
  }
  return "<nothing was thrown>";
}

/// All parts occur in the text.
testing::AssertionResult contains(const std::string& text, const std::vector<std::string>& parts);

}  // namespace xtape::test
