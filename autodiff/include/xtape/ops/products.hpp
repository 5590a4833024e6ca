// Products of matrices.
#pragma once

#include <xtape/operand.hpp>

namespace xtape {

/// The matrix product of the last two axes, with broadcasting over the others; a vector operand is a row on the left
/// and a column on the right, and its axis is removed, as in NumPy. (n, k) @ (k, m) is (n, m).
Var matmul(const Operand& a, const Operand& b);

}  // namespace xtape
