#define XTAPE_XTENSOR_SUITE Xtensor
#include "engine/xtensor_cases.hpp"
