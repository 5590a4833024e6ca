// Numbers beyond the range of double, for determinants and cofactors, whose factors may be.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace xtape::detail {

/// mantissa 2^exponent, so that a product of many factors neither overflows nor underflows.
struct Scaled {
  double mantissa = 1;
  std::int64_t exponent = 0;

  void multiply(double factor) {
    int of_factor = 0, of_product = 0;
    mantissa = std::frexp(mantissa * std::frexp(factor, &of_factor), &of_product);
    exponent += of_factor + of_product;
  }
  /// The value times 2^-shift.
  double value(std::int64_t shift = 0) const {
    return std::ldexp(mantissa, static_cast<int>(std::clamp<std::int64_t>(exponent - shift, -10000, 10000)));
  }
  /// log(|value|); the mantissa is taken near 1, so that nothing cancels there.
  double log_magnitude() const {
    const bool low = std::abs(mantissa) < std::sqrt(0.5);
    const double near_one = std::abs(low ? 2 * mantissa : mantissa);
    return std::log(near_one) + static_cast<double>(low ? exponent - 1 : exponent) * std::log(2.0);
  }
};

}  // namespace xtape::detail
