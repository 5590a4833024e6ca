// A recorded float32 program once more in float64.
#pragma once

#include <span>

#include "check/recorded.hpp"

namespace xtape::detail {

/// A function of float64 leaves that records `recorder` with leaves of the given dtypes, rounded, and then the program
/// that this gave in float64: what it captured in float32, Arrays, Parameters and numbers, is converted exactly.
/// Branches that depend on values are those of the rounded leaves.
Recorder in_double(Recorder recorder, std::span<const Array> point);

}  // namespace xtape::detail
