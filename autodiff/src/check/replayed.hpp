// A recorded program once more: a float32 program in float64, or any with rounding errors of a given size.
#pragma once

#include <span>
#include <vector>

#include "check/random.hpp"
#include "check/recorded.hpp"

namespace xtape::detail {

/// A function of float64 leaves that records `recorder` with leaves of the given dtypes, rounded, and then the program
/// that this gave in float64: what it captured in float32, Arrays, Parameters and numbers, is converted exactly.
/// Branches that depend on values are those of the rounded leaves.
Recorder in_double(Recorder recorder, std::span<const Array> point);

/// Whether anything that y depends on is float32.
bool computes_in_single(const Var& y);

/// What `outputs` would be if each op were off by a random relative error up to epsilon, or up to that of float32 where
/// it is of that dtype, recorded on their tape. How far that is from the outputs shows what rounding can do to them
/// (Parker 1997, Monte Carlo arithmetic). Exact are inputs, literals and views, what is compared or looked up by, so
/// that a mask still knows its maximum, and what one call packs for another, as a factorization with its pivots.
std::vector<Var> shaken(std::span<const Var> outputs, double epsilon, CheckRandom& random);

}  // namespace xtape::detail
