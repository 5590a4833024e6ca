#include <cmath>
#include <limits>
#include <numbers>

#include "support/interpreter.hpp"
#include "support/special.hpp"

namespace xtape::test {

namespace {

constexpr Real kNaN = std::numeric_limits<Real>::quiet_NaN();

bool unordered(const Real* x) { return std::isnan(x[0]) || std::isnan(x[1]); }

Real sigmoid(Real x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

Real softplus(Real x) { return std::isnan(x) ? x : std::fmax(x, Real{0}) + std::log1p(std::exp(-std::abs(x))); }

/// Zeros keep their sign, and NaN stays.
Real sign(Real x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

Real larger_share(Real a, Real b) { return std::isnan(a) || std::isnan(b) ? kNaN : a > b ? 1 : a == b ? 0.5L : 0; }

/// The binary cross-entropy of sigmoid(z) against y; an infinite logit on the right side costs nothing.
Real bce_with_logits(Real z, Real y) {
  const Real weight = z > 0 ? 1 - y : -y;
  return (weight == 0 ? 0 : z * weight) + std::log1p(std::exp(-std::abs(z)));
}

/// 0 where x is 0 and y is not NaN.
Real times_logarithm(Real x, Real y, Real logarithm) { return x == 0 && !std::isnan(y) ? 0 : x * logarithm; }

Real log_of_sum(Real a, Real b) {
  if (std::isnan(a) || std::isnan(b)) return kNaN;
  return a == b ? a + std::log(Real{2}) : std::fmax(a, b) + std::log1p(std::exp(-std::abs(a - b)));
}

/// With the sign of y.
Real remainder_of(Real x, Real y) {
  const Real r = std::fmod(x, y);
  return r == 0 ? std::copysign(r, y) : std::isnan(r) || (r < 0) == (y < 0) ? r : r + y;
}

#define POINTWISE(expression) [](const Real* x) -> Real { return expression; }

}  // namespace

const std::map<std::string_view, Pointwise>& pointwise_ops() {
  static const std::map<std::string_view, Pointwise> ops{
      {"add", {POINTWISE(x[0] + x[1]), false}},
      {"subtract", {POINTWISE(x[0] - x[1]), false}},
      {"multiply", {POINTWISE(x[0] * x[1]), false}},
      {"divide", {POINTWISE(x[0] / x[1]), false}},
      {"strong_multiply", {POINTWISE(x[0] == 0 || x[1] == 0 ? 0 : x[0] * x[1]), false}},
      {"strong_divide", {POINTWISE(x[0] == 0 ? 0 : x[0] / x[1]), false}},
      {"negate", {POINTWISE(-x[0]), true}},
      {"power", {POINTWISE(std::pow(x[0], x[1])), false}},
      {"square", {POINTWISE(x[0] * x[0]), false}},
      {"abs", {POINTWISE(std::abs(x[0])), true}},
      {"sign", {POINTWISE(sign(x[0])), true}},
      {"maximum",
       {POINTWISE(unordered(x)  ? kNaN
                  : x[0] > x[1] ? x[0]
                                : x[1]),
        true}},
      {"minimum",
       {POINTWISE(unordered(x)  ? kNaN
                  : x[0] < x[1] ? x[0]
                                : x[1]),
        true}},
      {"sqrt", {POINTWISE(std::sqrt(x[0])), false}},
      {"exp", {POINTWISE(std::exp(x[0])), false}},
      {"expm1", {POINTWISE(std::expm1(x[0])), false}},
      {"log", {POINTWISE(std::log(x[0])), false}},
      {"log1p", {POINTWISE(std::log1p(x[0])), false}},
      {"exp2", {POINTWISE(std::exp2(x[0])), false}},
      {"log2", {POINTWISE(std::log2(x[0])), false}},
      {"log10", {POINTWISE(std::log10(x[0])), false}},
      {"rsqrt", {POINTWISE(1 / std::sqrt(x[0])), false}},
      {"cbrt", {POINTWISE(std::cbrt(x[0])), false}},
      {"hypot", {POINTWISE(std::hypot(x[0], x[1])), false}},
      {"sin", {POINTWISE(std::sin(x[0])), false}},
      {"cos", {POINTWISE(std::cos(x[0])), false}},
      {"tan", {POINTWISE(std::tan(x[0])), false}},
      {"asin", {POINTWISE(std::asin(x[0])), false}},
      {"acos", {POINTWISE(std::acos(x[0])), false}},
      {"atan", {POINTWISE(std::atan(x[0])), false}},
      {"atan2", {POINTWISE(std::atan2(x[0], x[1])), false}},
      {"sinh", {POINTWISE(std::sinh(x[0])), false}},
      {"cosh", {POINTWISE(std::cosh(x[0])), false}},
      {"asinh", {POINTWISE(std::asinh(x[0])), false}},
      {"acosh", {POINTWISE(std::acosh(x[0])), false}},
      {"atanh", {POINTWISE(std::atanh(x[0])), false}},
      {"erf", {POINTWISE(std::erf(x[0])), false}},
      {"erfc", {POINTWISE(std::erfc(x[0])), false}},
      {"erfinv", {POINTWISE(erfinv_of(x[0])), false}},
      {"exp_negative_square", {POINTWISE(std::exp(-x[0] * x[0])), false}},
      {"exp_negative_half_square", {POINTWISE(std::exp(-x[0] * x[0] / 2)), false}},
      {"softsign", {POINTWISE(std::isinf(x[0]) ? std::copysign(Real{1}, x[0]) : x[0] / (1 + std::abs(x[0]))), false}},
      {"normal_cdf", {POINTWISE(std::erfc(-x[0] / std::numbers::sqrt2_v<Real>) / 2), false}},
      {"lgamma", {POINTWISE(std::lgamma(x[0])), false}},
      {"digamma", {POINTWISE(digamma_of(x[0])), false}},
      {"polygamma", {POINTWISE(polygamma_of(static_cast<int>(x[0]), x[1])), false}},
      {"xlogy", {POINTWISE(times_logarithm(x[0], x[1], std::log(x[1]))), false}},
      {"xlog1py", {POINTWISE(times_logarithm(x[0], x[1], std::log1p(x[1]))), false}},
      {"logaddexp", {POINTWISE(log_of_sum(x[0], x[1])), false}},
      {"clamp_min",
       {POINTWISE(unordered(x)   ? kNaN
                  : x[0] <= x[1] ? x[1]
                                 : x[0]),
        true}},
      {"clamp_max",
       {POINTWISE(unordered(x)   ? kNaN
                  : x[0] >= x[1] ? x[1]
                                 : x[0]),
        true}},
      {"exceeds",
       {POINTWISE(unordered(x)  ? kNaN
                  : x[0] > x[1] ? 1
                                : 0),
        true}},
      {"floor", {POINTWISE(std::floor(x[0])), true}},
      {"ceil", {POINTWISE(std::ceil(x[0])), true}},
      {"round", {POINTWISE(std::nearbyint(x[0])), true}},
      {"trunc", {POINTWISE(std::trunc(x[0])), true}},
      {"mod", {POINTWISE(remainder_of(x[0], x[1])), false}},
      {"tanh", {POINTWISE(std::tanh(x[0])), false}},
      {"sigmoid", {POINTWISE(sigmoid(x[0])), false}},
      {"softplus", {POINTWISE(softplus(x[0])), false}},
      {"larger_share", {POINTWISE(larger_share(x[0], x[1])), true}},
      {"bce_with_logits", {POINTWISE(bce_with_logits(x[0], x[1])), false}},
      {"relu",
       {POINTWISE(std::isnan(x[0]) ? x[0]
                  : x[0] > 0       ? x[0]
                                   : 0),
        true}},
      {"equal", {POINTWISE(x[0] == x[1]), true}},
      {"not_equal", {POINTWISE(!(x[0] == x[1])), true}},
      {"less", {POINTWISE(x[0] < x[1]), true}},
      {"less_equal", {POINTWISE(x[0] <= x[1]), true}},
      {"greater", {POINTWISE(x[0] > x[1]), true}},
      {"greater_equal", {POINTWISE(x[0] >= x[1]), true}},
      {"logical_and", {POINTWISE(x[0] != 0 && x[1] != 0), true}},
      {"logical_or", {POINTWISE(x[0] != 0 || x[1] != 0), true}},
      {"logical_xor", {POINTWISE((x[0] != 0) != (x[1] != 0)), true}},
      {"logical_not", {POINTWISE(x[0] == 0), true}},
      {"isfinite", {POINTWISE(std::isfinite(x[0])), true}},
      {"isinf", {POINTWISE(std::isinf(x[0])), true}},
      {"isnan", {POINTWISE(std::isnan(x[0])), true}},
      {"where", {POINTWISE(x[0] != 0 ? x[1] : x[2]), true}},
      {"stop_gradient", {POINTWISE(x[0]), true}},
  };
  return ops;
}

}  // namespace xtape::test
