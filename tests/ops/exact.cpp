#include "ops/exact.hpp"

#include <cmath>
#include <map>

#include <mpfr.h>

#include "support/special.hpp"

namespace xtape::test {

namespace {

constexpr mpfr_prec_t kPrecision = 96;
constexpr mpfr_rnd_t kNearest = MPFR_RNDN;

/// A number of MPFR's.
class Exact {
 public:
  explicit Exact(Real value = 0) {
    mpfr_init2(number_, kPrecision);
    mpfr_set_ld(number_, value, kNearest);
  }
  Exact(const Exact&) = delete;
  Exact& operator=(const Exact&) = delete;
  ~Exact() { mpfr_clear(number_); }
  operator mpfr_ptr() { return number_; }
  Real value() const { return mpfr_get_ld(number_, kNearest); }

 private:
  mpfr_t number_;
};

using Unary = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);
using Binary = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);
/// In place.
using Steps = void (*)(mpfr_ptr x, mpfr_ptr y);

const std::map<std::string, Unary>& unary_functions() {
  static const std::map<std::string, Unary> functions{
      {"square", mpfr_sqr},     {"sqrt", mpfr_sqrt},   {"cbrt", mpfr_cbrt}, {"exp", mpfr_exp},
      {"exp2", mpfr_exp2},      {"expm1", mpfr_expm1}, {"log", mpfr_log},   {"log2", mpfr_log2},
      {"log10", mpfr_log10},    {"log1p", mpfr_log1p}, {"sin", mpfr_sin},   {"cos", mpfr_cos},
      {"tan", mpfr_tan},        {"asin", mpfr_asin},   {"acos", mpfr_acos}, {"atan", mpfr_atan},
      {"sinh", mpfr_sinh},      {"cosh", mpfr_cosh},   {"tanh", mpfr_tanh}, {"asinh", mpfr_asinh},
      {"acosh", mpfr_acosh},    {"atanh", mpfr_atanh}, {"erf", mpfr_erf},   {"erfc", mpfr_erfc},
      {"digamma", mpfr_digamma}};
  return functions;
}

const std::map<std::string, Binary>& binary_functions() {
  static const std::map<std::string, Binary> functions{
      {"add", mpfr_add},   {"subtract", mpfr_sub}, {"multiply", mpfr_mul}, {"divide", mpfr_div},
      {"power", mpfr_pow}, {"atan2", mpfr_atan2},  {"hypot", mpfr_hypot}};
  return functions;
}

/// e = exp(-|x|)
void decay(Exact& e, mpfr_ptr x) {
  mpfr_abs(e, x, kNearest);
  mpfr_neg(e, e, kNearest);
  mpfr_exp(e, e, kNearest);
}

/// MPFR's own is +inf at -0.
void rsqrt(mpfr_ptr x, mpfr_ptr) {
  mpfr_sqrt(x, x, kNearest);
  mpfr_ui_div(x, 1, x, kNearest);
}

void sigmoid(mpfr_ptr x, mpfr_ptr) {
  mpfr_neg(x, x, kNearest);
  mpfr_exp(x, x, kNearest);
  mpfr_add_ui(x, x, 1, kNearest);
  mpfr_ui_div(x, 1, x, kNearest);
}

void softplus(mpfr_ptr x, mpfr_ptr) {
  Exact tail;
  decay(tail, x);
  mpfr_log1p(tail, tail, kNearest);
  if (mpfr_signbit(x)) mpfr_set(x, tail, kNearest);
  else mpfr_add(x, x, tail, kNearest);
}

void exp_negative_square(mpfr_ptr x, mpfr_ptr) {
  mpfr_sqr(x, x, kNearest);
  mpfr_neg(x, x, kNearest);
  mpfr_exp(x, x, kNearest);
}

void exp_negative_half_square(mpfr_ptr x, mpfr_ptr) {
  mpfr_sqr(x, x, kNearest);
  mpfr_div_si(x, x, -2, kNearest);
  mpfr_exp(x, x, kNearest);
}

void normal_cdf(mpfr_ptr x, mpfr_ptr) {
  Exact root(2);
  mpfr_sqrt(root, root, kNearest);
  mpfr_div(x, x, root, kNearest);
  mpfr_neg(x, x, kNearest);
  mpfr_erfc(x, x, kNearest);
  mpfr_div_ui(x, x, 2, kNearest);
}

void lgamma(mpfr_ptr x, mpfr_ptr) {
  int sign = 0;
  mpfr_lgamma(x, &sign, x, kNearest);
}

/// One step of Newton's method doubles the digits of a long double.
void refined_erfinv(mpfr_ptr x, mpfr_ptr) {
  const Real p = mpfr_get_ld(x, kNearest), start = erfinv_of(p);
  if (!std::isfinite(start) || start == 0) return static_cast<void>(mpfr_set_ld(x, start, kNearest));
  Exact root(start), excess, slope(start);
  mpfr_erf(excess, root, kNearest);
  mpfr_sub(excess, excess, x, kNearest);
  exp_negative_square(slope, nullptr);
  mpfr_div(excess, excess, slope, kNearest);
  mpfr_const_pi(slope, kNearest);
  mpfr_sqrt(slope, slope, kNearest);
  mpfr_mul(excess, excess, slope, kNearest);
  mpfr_div_ui(excess, excess, 2, kNearest);
  mpfr_sub(x, root, excess, kNearest);
}

/// With the sign of y.
void mod(mpfr_ptr x, mpfr_ptr y) {
  mpfr_fmod(x, x, y, kNearest);
  if (mpfr_zero_p(x)) mpfr_copysign(x, x, y, kNearest);
  else if (!mpfr_nan_p(x) && mpfr_signbit(x) != mpfr_signbit(y)) mpfr_add(x, x, y, kNearest);
}

/// x times the logarithm, 0 where x is 0 and y is not NaN.
template <Unary logarithm>
void times_logarithm(mpfr_ptr x, mpfr_ptr y) {
  if (mpfr_zero_p(x) && !mpfr_nan_p(y)) return static_cast<void>(mpfr_set_zero(x, 1));
  logarithm(y, y, kNearest);
  mpfr_mul(x, x, y, kNearest);
}

void logaddexp(mpfr_ptr x, mpfr_ptr y) {
  Exact tail;
  if (!mpfr_equal_p(x, y)) mpfr_sub(tail, x, y, kNearest);
  decay(tail, tail);
  mpfr_log1p(tail, tail, kNearest);
  if (!mpfr_nan_p(y)) mpfr_max(x, x, y, kNearest);
  mpfr_add(x, x, tail, kNearest);
}

const std::map<std::string, Steps>& composed_functions() {
  static const std::map<std::string, Steps> functions{{"rsqrt", rsqrt},
                                                      {"sigmoid", sigmoid},
                                                      {"softplus", softplus},
                                                      {"exp_negative_square", exp_negative_square},
                                                      {"exp_negative_half_square", exp_negative_half_square},
                                                      {"lgamma", lgamma},
                                                      {"normal_cdf", normal_cdf},
                                                      {"erfinv", refined_erfinv},
                                                      {"mod", mod},
                                                      {"xlogy", times_logarithm<&mpfr_log>},
                                                      {"xlog1py", times_logarithm<&mpfr_log1p>},
                                                      {"logaddexp", logaddexp}};
  return functions;
}

}  // namespace

std::function<Real(const Real*)> exact_function(const std::string& op) {
  if (const auto found = unary_functions().find(op); found != unary_functions().end())
    return [function = found->second](const Real* x) {
      Exact a(x[0]);
      function(a, a, kNearest);
      return a.value();
    };
  if (const auto found = binary_functions().find(op); found != binary_functions().end())
    return [function = found->second](const Real* x) {
      Exact a(x[0]), b(x[1]);
      function(a, a, b, kNearest);
      return a.value();
    };
  if (const auto found = composed_functions().find(op); found != composed_functions().end())
    return [steps = found->second](const Real* x) {
      Exact a(x[0]), b(x[1]);
      steps(a, b);
      return a.value();
    };
  return {};
}

}  // namespace xtape::test
