// What the ops of linear algebra share. They work on stacks of matrices (..., m, n), row-major, where LAPACK is
// column-major: a buffer read by LAPACK is the transpose.
//
// A factorization with several results is a node of its own, packed into one buffer, through which no gradient flows;
// each result is a node that reads it and the matrix, and whose rule gives to the matrix. So results share one
// factorization, and every rule sees the cotangent of its result only.
#pragma once

#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xtape/ops.hpp>

#include "ops/batching.hpp"
#include "ops/errors.hpp"
#include "ops/matmul.hpp"
#include "ops/op.hpp"
#include "ops/record.hpp"
#include "ops/strong.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

// ---- Recording

/// The shape without its last axes.
Shape leading(const Shape& shape, std::size_t without = 2);
Shape with_axes(Shape leading, std::initializer_list<std::int64_t> extents);
/// Throws ShapeError or DTypeError unless x is a stack of floating (square) matrices.
void check_matrix(std::string_view op, std::string_view role, const Var& x);
void check_square(std::string_view op, std::string_view role, const Var& x);

Var append_node(const Op& op, const Shape& shape, std::initializer_list<Var> inputs,
                std::initializer_list<std::int64_t> attributes = {});
/// (a + a^T) / 2: what the ops of symmetric matrices read, so that their gradients are symmetric.
Var symmetric_part(const Var& a);
/// The lower triangle of x, its diagonal taken `halves` / 2 times.
Var lower_triangle(const Var& x, int halves);
/// The lower triangle of x, and its mirror image above the diagonal.
Var lower_mirrored(const Var& x);
/// The transpose of broadcasting a number over the last `axes` axes: (...) to (..., 1, 1).
Var with_unit_axes(const Var& x, std::size_t axes);
/// a^-T b as the rules need it: solves with a triangle.
Var triangular_solution(const Var& a, const Var& b, bool lower, bool transposed);
/// The identity matrix as a leaf.
Var identity_like(const Var& x, std::int64_t n);

/// As record_composite, for a function of one operand with N results.
template <std::size_t N, class Body>
std::array<Var, N> record_results(std::string_view op, Body body, const Operand& x) {
  const Operand* const list[] = {&x};
  TapeState& state = tape_of(op, list);
  const Var var = VarAccess::make(state, resolve(state, op, x, common_dtype(op, state, list)));
  const RuleScope scope(state, location_of(state, x));
  std::array<Var, N> results = body(var);
  for (Var& result : results) result = hand_out(state, result);
  return results;
}

using Solver = Var (*)(const Var& a, const Var& b, std::span<const std::int64_t> attributes);
/// Solves for one vector (m), or for columns (..., m, k) with leading axes that broadcast with a's. `one` gets a matrix
/// and all columns side by side, `stack` gets both with their own leading axes.
Var solved(std::string_view op, const Var& a, const Var& b, std::span<const std::int64_t> attributes, Solver one,
           Solver stack);

/// Of an op that solves for its last input, b: a matrix that all examples share is solved with for all columns at once.
NodeId batch_solution(const Batching& batching);

// ---- Execution

template <class T>
constexpr T kEpsilonOf = std::numeric_limits<T>::epsilon();

template <class T>
T* elements_of(const Buffer& buffer) {
  return reinterpret_cast<T*>(buffer.data);
}

/// The number of matrices.
std::int64_t stack_size(const Shape& shape, std::size_t without = 2);
/// "[4, 3, 3], matrix 2," or "[3, 3]", for errors.
std::string which_matrix(const Shape& shape, std::int64_t index);

/// Throws ShapeError beyond what LAPACK can count.
int lapack_extent(std::string_view op, std::int64_t extent);

/// Calls body(T()) for the dtype.
template <class Body>
void with_element_type(DType dtype, Body body) {
  if (dtype == DType::float32) return body(float());
  body(double());
}

template <class T>
bool all_finite(std::span<const T> elements) {
  for (T element : elements)
    if (!std::isfinite(element)) return false;
  return true;
}

template <class T>
void fill_with_nan(std::span<T> elements) {
  for (T& element : elements) element = std::numeric_limits<T>::quiet_NaN();
}

/// Copies `count` elements from `first` on of each packed factorization, the first input, whose last axis is one.
void copy_part(const Call& call, std::int64_t first, std::int64_t count);

/// to (columns, rows) becomes the transpose of from (rows, columns), both row-major.
template <class T>
void transpose_into(std::int64_t rows, std::int64_t columns, const T* from, T* to) {
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) to[j * rows + i] = from[i * columns + j];
}

}  // namespace xtape::detail
