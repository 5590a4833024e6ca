#include "random/quantile.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace xtape::detail {

namespace {

/// The polynomial with these coefficients, constant first.
template <std::size_t N>
double polynomial(const double (&coefficients)[N], double x) {
  double y = coefficients[N - 1];
  for (std::size_t i = N - 1; i-- > 0;) y = y * x + coefficients[i];
  return y;
}

/// log(x) of a normal x > 0, to 1 ulp: 2 atanh((m - 1) / (m + 1)) of the mantissa by its series, and the exponent times
/// ln 2 in two parts.
double exact_steps_log(double x) {
  constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10;
  constexpr double kSeries[] = {1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11, 1.0 / 13,
                                1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23};
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);
  if (mantissa < 0.70710678118654752) mantissa *= 2, --exponent;
  const double s = (mantissa - 1) / (mantissa + 1), square = s * s;
  const double tail = 2 * s * square * polynomial(kSeries, square);
  return exponent * kLn2High + (2 * s + (tail + exponent * kLn2Low));
}

// Numerators and denominators of Wichura's PPND16, in the middle, the tails and the far tails.
constexpr double kMiddle[2][8] = {
    {3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
     4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3},
    {1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3, 2.1213794301586595867e+4,
     3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3}};
constexpr double kTail[2][8] = {
    {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
     1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4},
    {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
     1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9}};
constexpr double kFarTail[2][8] = {
    {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7},
    {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
     1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15}};

double ratio(const double (&parts)[2][8], double x) { return polynomial(parts[0], x) / polynomial(parts[1], x); }

}  // namespace

double normal_quantile(double tail) {
  const double from_middle = 0.5 - tail;
  if (from_middle <= 0.425) return from_middle * ratio(kMiddle, 0.180625 - from_middle * from_middle);
  const double r = std::sqrt(-exact_steps_log(tail));
  return r <= 5 ? ratio(kTail, r - 1.6) : ratio(kFarTail, r - 5);
}

double normal_tail(double z) {
  std::uint64_t low = std::bit_cast<std::uint64_t>(std::numeric_limits<double>::min());
  std::uint64_t high = std::bit_cast<std::uint64_t>(0.5);
  if (z >= normal_quantile(std::bit_cast<double>(low))) return 0;
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (normal_quantile(std::bit_cast<double>(middle)) >= z ? low : high) = middle;
  }
  return std::bit_cast<double>(high);
}

}  // namespace xtape::detail
