// The primitive matrix product, for rules and other ops.
#pragma once

#include <xtape/tape.hpp>

#include "ops/op.hpp"

namespace xtape::detail {

/// (..., m, k) by (..., k, n) over equal leading axes.
extern constinit const Op matmul_op;

Var matrix_product(const Var& a, const Var& b);

}  // namespace xtape::detail
