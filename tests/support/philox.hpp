// Philox 4x32-10 from its paper, and the draws of xtape from their description: the oracle of random numbers.
#pragma once

#include <array>
#include <cstdint>

#include "support/tensor.hpp"

namespace xtape::test {

using Words = std::array<std::uint32_t, 4>;

/// Ten rounds, as in Salmon, Moraes, Dror and Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, 2011.
Words philox(Words counter, std::array<std::uint32_t, 2> key);

/// The 64 bits that element `place` of a draw is made of.
std::uint64_t random_word(std::uint64_t seed, std::uint64_t stream, std::uint64_t place);
/// The element in [0, 1), of 53 or 24 bits.
Real uniform_element(std::uint64_t word, DType dtype);
/// The standard normal element, not rounded.
Real normal_element(std::uint64_t word);
/// The probability that a standard normal number is below z.
Real normal_distribution(Real z);

}  // namespace xtape::test
