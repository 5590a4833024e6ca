// What tests of planner passes share: ways to run, values, and looking at dumps.
#pragma once

#include <string>

#include <xtape/tape.hpp>

#include "support/interpreter.hpp"

namespace xtape::test {

inline constexpr Options kPlanned{true, true}, kPlannedExactly{true, false}, kUnplanned{false, false};

inline Array random_array(const Shape& shape, DType dtype, std::uint64_t seed) {
  Random random(seed);
  return array_of(random_tensor(random, shape, dtype));
}

/// How often a text occurs in another.
inline std::size_t count(const std::string& text, const std::string& wanted) {
  std::size_t found = 0;
  for (std::size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) ++found;
  return found;
}

}  // namespace xtape::test
