// The error function, its complement and its inverse.
#include "ops/elementwise.hpp"

#include "kernels/isa/error_function.hpp"

#ifdef XTAPE_ISA_BASELINE
#include <numbers>

#include "ops/partials.hpp"
#endif

UNARY(exp_negative_square,
      [](auto x) { return exp_negative_square_lane(x, 1.0F); },
      [](auto x, auto y) { return -2 * strong_multiply(x, y); })

UNARY(exp_negative_half_square,
      [](auto x) { return exp_negative_square_lane(x, 0.5F); },
      [](auto x, auto y) { return -strong_multiply(x, y); })

UNARY(normal_cdf,
      [](auto x) { return normal_cdf_lane(x); },
      [](auto x, auto) {
        const double scale = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
        return scale * exp_negative_half_square(x);
      })

UNARY(erf,
      [](auto x) { return sleef::erf(x); },
      [](auto x, auto) { return 2 * std::numbers::inv_sqrtpi * exp_negative_square(x); })

UNARY(erfc,
      [](auto x) { return sleef::erfc(x); },
      [](auto x, auto) { return -2 * std::numbers::inv_sqrtpi * exp_negative_square(x); })

UNARY(erfinv,
      [](auto x) { return erfinv_lane(x); },
      [](auto, auto y) { return 0.5 / std::numbers::inv_sqrtpi / exp_negative_square(y); })
