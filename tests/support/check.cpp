#include "support/check.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

namespace xtape::test {

namespace {

bool both_nan(const Array& a, const Array& b, std::int64_t i) {
  const auto at = static_cast<std::size_t>(i);
  if (a.dtype() == DType::float32) return std::isnan(a.values<float>()[at]) && std::isnan(b.values<float>()[at]);
  return a.dtype() == DType::float64 && std::isnan(a.values<double>()[at]) && std::isnan(b.values<double>()[at]);
}

testing::AssertionResult same_kind(DType a, const Shape& a_shape, DType b, const Shape& b_shape) {
  if (a == b && a_shape == b_shape) return testing::AssertionSuccess();
  return testing::AssertionFailure() << name(a) << " " << xtape::to_string(a_shape) << " is not " << name(b) << " "
                                     << xtape::to_string(b_shape);
}

bool same_class(Real a, Real b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b;
}

}  // namespace

Real ulps(Real value, Real truth, DType dtype) {
  const Real nearest = rounded(truth, dtype);
  if (std::isnan(value) && std::isnan(nearest)) return 0;
  if (value == nearest) return 0;
  if (std::isnan(value) || std::isnan(nearest)) return std::numeric_limits<Real>::infinity();
  const bool single = dtype == DType::float32;
  const int digits = single ? 24 : 53, lowest = single ? -125 : -1021, highest = single ? 128 : 1024;
  // One step beyond the largest finite number counts as that number's neighbour.
  const Real infinite = std::ldexp(Real{1}, highest);
  if (std::isinf(value)) value = std::copysign(infinite, value);
  if (std::isinf(truth)) truth = std::copysign(infinite, truth);
  int exponent = lowest;
  if (truth != 0) std::frexp(truth, &exponent);
  return std::abs(value - truth) / std::ldexp(Real{1}, std::clamp(exponent, lowest, highest) - digits);
}

testing::AssertionResult same_bits(const Array& a, const Array& b) {
  if (auto kind = same_kind(a.dtype(), a.shape(), b.dtype(), b.shape()); !kind) return kind;
  const std::size_t bytes = size_of(a.dtype());
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const std::size_t at = static_cast<std::size_t>(i) * bytes;
    if (std::memcmp(static_cast<const char*>(a.bytes()) + at, static_cast<const char*>(b.bytes()) + at, bytes) != 0 &&
        !both_nan(a, b, i))
      return testing::AssertionFailure() << "element " << i << " differs:\n"
                                         << to_string(tensor_of(a)) << "\n"
                                         << to_string(tensor_of(b));
  }
  return testing::AssertionSuccess();
}

testing::AssertionResult same_bits(const std::vector<Array>& a, const std::vector<Array>& b) {
  if (a.size() != b.size()) return testing::AssertionFailure() << a.size() << " values are not " << b.size();
  for (std::size_t i = 0; i < a.size(); ++i)
    if (auto same = same_bits(a[i], b[i]); !same) return same << "\nin value " << i;
  return testing::AssertionSuccess();
}

testing::AssertionResult close(const Tensor& actual, const Tensor& expected, Real relative) {
  if (auto kind = same_kind(actual.dtype, actual.shape, expected.dtype, expected.shape); !kind) return kind;
  Real scale = 1;
  for (Real element : expected.elements)
    if (std::isfinite(element)) scale = std::max(scale, std::abs(element));
  for (std::size_t i = 0; i < expected.elements.size(); ++i) {
    const Real a = actual.elements[i], e = expected.elements[i];
    if (!same_class(a, e) && !(std::abs(a - e) <= relative * scale))
      return testing::AssertionFailure() << "element " << i << " is " << a << ", expected " << e << " within "
                                         << relative * scale << ":\n"
                                         << to_string(actual) << "\n"
                                         << to_string(expected);
  }
  return testing::AssertionSuccess();
}

testing::AssertionResult close(const Array& actual, const Tensor& expected, Real relative) {
  return close(tensor_of(actual), expected, relative);
}

testing::AssertionResult within_ulps(const Array& actual, const Tensor& expected, Real bound) {
  if (auto kind = same_kind(actual.dtype(), actual.shape(), expected.dtype, expected.shape); !kind) return kind;
  const Tensor values = tensor_of(actual);
  for (std::size_t i = 0; i < values.elements.size(); ++i) {
    const Real a = values.elements[i], e = expected.elements[i];
    const bool zeros = is_floating(expected.dtype) && a == 0 && e == 0;
    if (!(ulps(a, e, expected.dtype) <= bound) || (zeros && std::signbit(a) != std::signbit(e)))
      return testing::AssertionFailure() << "element " << i << " is " << a << ", expected " << e << ", "
                                         << ulps(a, e, expected.dtype) << " ulp off";
  }
  return testing::AssertionSuccess();
}

testing::AssertionResult equals(const Array& actual, const std::vector<Real>& expected) {
  const Tensor values = tensor_of(actual);
  if (values.elements.size() == expected.size() &&
      std::equal(expected.begin(), expected.end(), values.elements.begin(), same_class))
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << to_string(values) << " is not " << to_string(tensor(expected));
}

std::string to_string(const Tensor& tensor) {
  std::ostringstream text;
  text.precision(is_floating(tensor.dtype) ? 17 : 20);
  text << name(tensor.dtype) << " " << xtape::to_string(tensor.shape) << " {";
  const std::size_t shown = std::min<std::size_t>(tensor.elements.size(), 8);
  for (std::size_t i = 0; i < shown; ++i) text << (i == 0 ? "" : ", ") << tensor.elements[i];
  text << (shown < tensor.elements.size() ? ", ...}" : "}");
  return text.str();
}

testing::AssertionResult contains(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts)
    if (text.find(part) == std::string::npos)
      return testing::AssertionFailure() << "\"" << text << "\" does not contain \"" << part << "\"";
  return testing::AssertionSuccess();
}

}  // namespace xtape::test
