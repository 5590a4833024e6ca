// Random programs: a seed is a program, the same on every tape that it is recorded on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

/// What a program computed.
struct Outcome {
  std::vector<Array> outputs;  ///< the values asked for, then those that the Parameters got
  std::string dump;            ///< tape and plan, if asked for
};

/// What the interpreter expects, and by how much rounding may move each element.
struct Expectation {
  std::vector<Tensor> values, bounds;
};

/// Records the program of this seed and runs it. `large` gives it tensors of many chunks.
Outcome run_program(std::uint64_t seed, const Options& options, bool large = false, bool dump = false);
/// The same on a tape that is there already and empty.
Outcome run_program(Tape& tape, std::uint64_t seed, bool dump = false, bool large = false);

/// The same by the long double interpreter. It runs again with every rounding disturbed at random by two epsilon: the
/// differences, times a safety factor, are the bounds, so that an ill-conditioned program gets wide ones. With
/// `contraction`, products may go into sums unrounded, so that x y - x y need not be 0.
Expectation interpret_program(std::uint64_t seed, bool contraction);

/// The first value that two ways of running disagree on if each is asked for alone, or "".
std::string first_difference(std::uint64_t seed, const Options& options, bool large = false);

testing::AssertionResult agrees(const Outcome& outcome, const Expectation& expectation);

}  // namespace xtape::test
