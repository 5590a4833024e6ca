// What the tests of the checker check: points, and ops with rules of any kind.
#pragma once

#include <span>
#include <vector>

#include <xtape/custom_op.hpp>
#include <xtape/xtape.hpp>

#include "support/tensor.hpp"

namespace xtape::test {

using Vars = std::span<const Var>;

/// Uniform elements.
inline Array random_array(std::uint64_t seed, const Shape& shape, DType dtype = DType::float64, Real low = -2,
                          Real high = 2) {
  Random random(seed);
  return array_of(random_tensor(random, shape, dtype, low, high));
}

/// An op with one input, its value and its rule.
inline CustomOp unary_op(Var (*forward)(const Var&), Var (*vjp)(const Var& x, const Var& cotangent)) {
  return CustomOp(
      "planted", [forward](Vars x) { return forward(x[0]); },
      [vjp](Vars x, const Var&, const Var& cotangent) { return std::vector<Var>{vjp(x[0], cotangent)}; });
}

}  // namespace xtape::test
