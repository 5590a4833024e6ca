#define XTENSOR_USE_XSIMD
#define XTAPE_XTENSOR_SUITE XtensorWithXsimd
#include "engine/xtensor_cases.hpp"
