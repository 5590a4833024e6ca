// logsumexp in two parts, for losses that take something of the size of x from it.
#pragma once

#include "ops/reduction.hpp"

namespace xtape::detail {

/// logsumexp(x) is excess + shift. The shift is the largest element, or 0 where that is not finite, and carries no
/// gradient; the excess is all but as exact where the elements are far from 0.
struct ShiftedLogSum {
  Var excess, shift;
};
ShiftedLogSum shifted_logsumexp(const Var& x, const AxisSet& chosen);

}  // namespace xtape::detail
