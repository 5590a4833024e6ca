// The interpreter's linear algebra: textbook algorithms by plain loops, which share no factorization with the library.
#pragma once

#include "support/interpreter.hpp"

namespace xtape::test {

/// By name; for structural_ops().
const std::map<std::string_view, Evaluator>& linear_algebra_ops();

}  // namespace xtape::test
