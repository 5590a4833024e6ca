// SLEEF's functions on batches, in the variant of this build's instruction set.
#pragma once

#include <sleef.h>

#include "kernels/lanes.hpp"

#if defined(__AVX512F__)
#define XTAPE_SLEEF(NAME, TYPE) Sleef_##NAME##TYPE##avx512f
#define XTAPE_SLEEF_TYPES(X, NAME) X(NAME, double, d8_u10) X(NAME, float, f16_u10)
#elif defined(__AVX2__)
#define XTAPE_SLEEF(NAME, TYPE) Sleef_##NAME##TYPE##avx2
#define XTAPE_SLEEF_TYPES(X, NAME) X(NAME, double, d4_u10) X(NAME, float, f8_u10)
#elif defined(__aarch64__)
#define XTAPE_SLEEF(NAME, TYPE) Sleef_##NAME##TYPE##advsimd
#define XTAPE_SLEEF_TYPES(X, NAME) X(NAME, double, d2_u10) X(NAME, float, f4_u10)
#else
#define XTAPE_SLEEF(NAME, TYPE) Sleef_##NAME##TYPE##sse2
#define XTAPE_SLEEF_TYPES(X, NAME) X(NAME, double, d2_u10) X(NAME, float, f4_u10)
#endif

#define XTAPE_SLEEF_UNARY(NAME, T, TYPE) \
  inline xs::batch<T> NAME(const xs::batch<T>& x) { return XTAPE_SLEEF(NAME, TYPE)(x); }
#define XTAPE_SLEEF_BINARY(NAME, T, TYPE) \
  inline xs::batch<T> NAME(const xs::batch<T>& x, const xs::batch<T>& y) { return XTAPE_SLEEF(NAME, TYPE)(x, y); }

namespace xtape::detail::XTAPE_ISA::sleef {

XTAPE_SLEEF_TYPES(XTAPE_SLEEF_UNARY, log)
XTAPE_SLEEF_TYPES(XTAPE_SLEEF_BINARY, pow)

}  // namespace xtape::detail::XTAPE_ISA::sleef
