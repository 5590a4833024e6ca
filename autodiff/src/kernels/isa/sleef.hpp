// SLEEF's functions on batches, in the variant of this build's instruction set. Of each, the one whose results do not
// depend on the neighbouring elements ("finz" with and "cinz" without fma); the others choose a method for the whole
// vector.
#pragma once

#include <sleef.h>

#include "kernels/lanes.hpp"

#if defined(__AVX512F__)
#define XTAPE_SLEEF(NAME, TYPE) Sleef_finz_##NAME##TYPE##avx512f
#define XTAPE_SLEEF_TYPES(X, NAME, ULP) X(NAME, double, d8_##ULP) X(NAME, float, f16_##ULP)
#elif defined(__AVX2__)
#define XTAPE_SLEEF(NAME, TYPE) Sleef_finz_##NAME##TYPE##avx2
#define XTAPE_SLEEF_TYPES(X, NAME, ULP) X(NAME, double, d4_##ULP) X(NAME, float, f8_##ULP)
#elif defined(__aarch64__)
#define XTAPE_SLEEF(NAME, TYPE) Sleef_finz_##NAME##TYPE##advsimd
#define XTAPE_SLEEF_TYPES(X, NAME, ULP) X(NAME, double, d2_##ULP) X(NAME, float, f4_##ULP)
#else
#define XTAPE_SLEEF(NAME, TYPE) Sleef_cinz_##NAME##TYPE##sse2
#define XTAPE_SLEEF_TYPES(X, NAME, ULP) X(NAME, double, d2_##ULP) X(NAME, float, f4_##ULP)
#endif

#define XTAPE_SLEEF_UNARY(NAME, T, TYPE) \
  inline xs::batch<T> NAME(const xs::batch<T>& x) { return XTAPE_SLEEF(NAME, TYPE)(x); }
#define XTAPE_SLEEF_BINARY(NAME, T, TYPE) \
  inline xs::batch<T> NAME(const xs::batch<T>& x, const xs::batch<T>& y) { return XTAPE_SLEEF(NAME, TYPE)(x, y); }

namespace xtape::detail::XTAPE_ISA::sleef {

XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, exp2, u10)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, log, u10)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, log2, u10)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, log10, u10)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, cbrt, u10)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_BINARY, pow, u10)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_BINARY, hypot, u05)

XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, sin, u10)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, cos, u10)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, tan, u10)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, asin, u10)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, acos, u10)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, atan, u10)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_BINARY, atan2, u10)

XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, asinh, u10)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, acosh, u10)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, atanh, u10)

XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, erf, u10)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, erfc, u15)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, lgamma, u10)

}  // namespace xtape::detail::XTAPE_ISA::sleef
