// Products of vectors, matrices and tensors; floating only. All but `outer`, `kron` and `cross` run as matrix products,
// which follow IEEE: 0 times inf is NaN, in values and in gradients.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include <xtape/operand.hpp>

namespace xtape {

/// The matrix product of the last two axes, with broadcasting over the others; a vector operand is a row on the left
/// and a column on the right, and its axis is removed, as in NumPy. (n, k) @ (k, m) is (n, m).
Var matmul(const Operand& a, const Operand& b);
/// The sum of products over the last axis of a and the second to last (or only) one of b; a scalar operand multiplies.
Var dot(const Operand& a, const Operand& b);
/// The sum of the products of all elements, in row-major order; the shapes may differ, the sizes may not.
Var vdot(const Operand& a, const Operand& b);
/// The sum of products over the last axis of both; the result has the other axes of a, then those of b.
Var inner(const Operand& a, const Operand& b);
/// a[i] b[j] for all pairs of elements, in row-major order: (a.size(), b.size()).
Var outer(const Operand& a, const Operand& b);
/// The sum of products over the last `axes` axes of a and the first of b; the result has the other axes of both.
Var tensordot(const Operand& a, const Operand& b, int axes = 2);
/// The same over axes of a and as many of b, in pairs.
Var tensordot(const Operand& a, const Operand& b, const std::vector<int>& a_axes, const std::vector<int>& b_axes);
/// The Kronecker product: blocks a[i, j, ...] b. The one of lower rank gets leading axes of extent 1.
Var kron(const Operand& a, const Operand& b);
/// The cross product of vectors along `axis`, of extent 3 in both; the other axes broadcast.
Var cross(const Operand& a, const Operand& b, int axis = -1);

/// The sum of products that the subscripts say, as in NumPy: "ij,jk->ik". Explicit and implicit outputs, repeated
/// labels (diagonals) and ellipses; axes of extent 1 broadcast. Operands are contracted in pairs, in the order of the
/// least work for up to six, as matrix products. Throws ValueError for subscripts that do not fit the operands.
Var einsum(std::string_view subscripts, std::span<const Operand> operands);
inline Var einsum(std::string_view subscripts, std::initializer_list<Operand> operands) {
  return einsum(subscripts, std::span<const Operand>(operands.begin(), operands.size()));
}
Var einsum(std::string_view subscripts, const std::vector<Var>& operands, const char* file = __builtin_FILE(),
           std::uint32_t line = __builtin_LINE());

}  // namespace xtape
