// How large is safe: bounds for rules that promise to keep finite what is finite.
#pragma once

#include <cmath>

namespace xtape::optim::detail {

/// Whether values of this size are far from overflow in either dtype, and whether a parameter, however large, stays
/// finite when it is changed by so much: half a unit in the last place of the largest float32 is 1e31.
inline bool is_safe(double size) { return std::abs(size) < 1e30; }

/// Whether a running mean with this weight for the old value cannot grow beyond twice the largest that goes into it,
/// with all its roundings in float32.
inline bool is_contraction(double weight) { return 1 - weight >= 1e-6; }

}  // namespace xtape::optim::detail
