#include "support/special.hpp"

#include <cmath>
#include <limits>
#include <numbers>

namespace xtape::test {

namespace {

constexpr Real kPi = std::numbers::pi_v<Real>;
constexpr Real kNaN = std::numeric_limits<Real>::quiet_NaN(), kInf = std::numeric_limits<Real>::infinity();

bool is_pole(Real x) { return x < 0 && x == std::floor(x); }

Real factorial(int n) { return std::tgamma(static_cast<Real>(n + 1)); }

/// The sum of (x + k)^-s over k >= 0, x >= 60, s >= 2: an integral, half of the first term, and corrections for the
/// ends.
Real zeta_tail(int s, Real x) {
  const Real p = s;
  const Real x2 = x * x;
  Real corrections = p / 12 - p * (p + 1) * (p + 2) / (720 * x2);
  corrections += p * (p + 1) * (p + 2) * (p + 3) * (p + 4) / (30240 * x2 * x2);
  corrections -= p * (p + 1) * (p + 2) * (p + 3) * (p + 4) * (p + 5) * (p + 6) / (1209600 * x2 * x2 * x2);
  corrections += p * (p + 1) * (p + 2) * (p + 3) * (p + 4) * (p + 5) * (p + 6) * (p + 7) * (p + 8) /
                 (47900160 * x2 * x2 * x2 * x2);
  return std::pow(x, -p) * (x / (p - 1) + Real{0.5L} + corrections / x);
}

/// Below -1000, in closed form.
Real reflected_polygamma(int n, Real x) {
  const Real angle = kPi * (x - std::nearbyint(x));
  const Real ratio = kPi / std::sin(angle);
  if (n == 1) return ratio * ratio - polygamma_of(1, 1 - x);
  return polygamma_of(2, 1 - x) - 2 * ratio * ratio * ratio * std::cos(angle);
}

}  // namespace

Real digamma_of(Real x) {
  if (is_pole(x)) return kNaN;
  if (x < -100) return digamma_of(1 - x) - kPi / std::tan(kPi * (x - std::nearbyint(x)));
  Real sum = 0;
  for (; x < 60; ++x) sum -= 1 / x;
  const Real x2 = x * x;
  const Real series = 1 / (12 * x2) - 1 / (120 * x2 * x2) + 1 / (252 * x2 * x2 * x2) - 1 / (240 * x2 * x2 * x2 * x2);
  return sum + std::log(x) - 1 / (2 * x) - series - 1 / (132 * x2 * x2 * x2 * x2 * x2);
}

Real polygamma_of(int n, Real x) {
  if (std::isnan(x) || x == -kInf) return kNaN;
  if (x == kInf) return n % 2 == 1 ? 0 : -Real{0};
  if (is_pole(x)) return n % 2 == 1 ? kInf : kNaN;
  if (x < -1000) return reflected_polygamma(n, x);
  Real sum = 0;
  for (; x < 60; ++x) sum += std::pow(x, static_cast<Real>(-n - 1));
  sum = factorial(n) * (sum + zeta_tail(n + 1, x));
  return n % 2 == 1 ? sum : -sum;
}

/// Newton's method on log(erfc), which is nearly a parabola, or on erf where that is the smaller.
Real erfinv_of(Real p) {
  const Real size = std::abs(p);
  if (!(size <= 1)) return kNaN;
  if (size == 1) return std::copysign(kInf, p);
  if (size == 0) return p;
  Real x = size < Real{0.5L} ? size : std::sqrt(-std::log1p(-size));
  for (int i = 0; i < 40; ++i) {
    const Real slope = 2 * std::numbers::inv_sqrtpi_v<Real> * std::exp(-x * x), above = std::erfc(x);
    if (size < Real{0.5L}) x -= (std::erf(x) - size) / slope;
    else x += std::log(above / (1 - size)) * above / slope;
  }
  return std::copysign(x, p);
}

}  // namespace xtape::test
