// Checks of single settings, each throwing ValueError with whose setting it is, its name and its value.
#pragma once

#include <cmath>

#include <xtape/optim/fail.hpp>

namespace xtape::optim::detail {

inline void check_fraction(const char* owner, const char* setting, double value) {
  if (!(value >= 0 && value < 1)) fail<ValueError>(owner, ": ", setting, " must be in [0, 1), is ", value);
}

inline void check_not_negative(const char* owner, const char* setting, double value) {
  if (std::isfinite(value) && value >= 0) return;
  fail<ValueError>(owner, ": ", setting, " must be finite and not negative, is ", value);
}

inline void check_positive(const char* owner, const char* setting, double value) {
  if (std::isfinite(value) && value > 0) return;
  fail<ValueError>(owner, ": ", setting, " must be finite and positive, is ", value);
}

}  // namespace xtape::optim::detail
