// The normal distribution's quantiles, in steps that IEEE 754 rounds exactly, so that no C library has a say in the
// bits.
#pragma once

namespace xtape::detail {

/// The z >= 0 that a standard normal number exceeds with this probability, 2.3e-308 <= tail <= 0.5.
double normal_quantile(double tail);
/// The probability of exceeding z >= 0: the inverse of normal_quantile. 0 beyond its range, that is above 37.5.
double normal_tail(double z);

}  // namespace xtape::detail
