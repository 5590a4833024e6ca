// The cofactors of a matrix and their derivative, which stay exact where the matrix is singular: with a = u diag(s)
// v^T, det(a + e) = det(u) det(v) det(diag(s) + u^T e v), whose derivatives at 0 are products of all s but one or two.
#include <vector>

#include "linalg/lapack.hpp"
#include "ops/linear_algebra_svd.hpp"

namespace xtape::detail {

namespace {

/// Square and row-major; as small as determinants are.
template <class T>
std::vector<T> product(std::int64_t n, const T* a, const T* b) {
  std::vector<T> result(static_cast<std::size_t>(n * n));
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t k = 0; k < n; ++k)
      for (std::int64_t j = 0; j < n; ++j) result[static_cast<std::size_t>(i * n + j)] += a[i * n + k] * b[k * n + j];
  return result;
}

template <class T>
std::vector<T> transposed(std::int64_t n, const T* a) {
  std::vector<T> result(static_cast<std::size_t>(n * n));
  transpose_into(n, n, a, result.data());
  return result;
}

/// Of an orthogonal matrix, 1 or -1.
template <class T>
T orientation(std::int64_t n, const T* a) {
  std::vector<T> factors(a, a + n * n);
  std::vector<int> pivots(static_cast<std::size_t>(n));
  lapack::lu(static_cast<int>(n), factors.data(), pivots.data());
  bool negative = false;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    negative ^= (factors[at * static_cast<std::size_t>(n + 1)] < 0) != (pivots[at] != i + 1);
  }
  return negative ? T{-1} : T{1};
}

/// The product of all singular values but these two, which may be the same.
template <class T>
T product_without(const PackedSvd<T>& packed, std::int64_t i, std::int64_t j) {
  T result = 1;
  for (std::int64_t k = 0; k < packed.k; ++k)
    if (k != i && k != j) result *= packed.s[k];
  return result;
}

/// result = orientation u x vh for the x that `middle` makes.
template <class T, class Middle>
void between_vectors(const PackedSvd<T>& packed, T* result, Middle middle) {
  const std::int64_t n = packed.n;
  if (!packed.finite()) return fill_with_nan(std::span(result, static_cast<std::size_t>(n * n)));
  const T sign = orientation(n, packed.u()) * orientation(n, packed.vh());
  const std::vector<T> x = middle();
  const std::vector<T> left = product(n, packed.u(), x.data());
  const std::vector<T> whole = product(n, left.data(), packed.vh());
  for (std::int64_t i = 0; i < n * n; ++i) result[i] = sign * whole[static_cast<std::size_t>(i)];
}

template <class T>
std::vector<T> cofactors(const PackedSvd<T>& packed) {
  const std::int64_t n = packed.n;
  std::vector<T> x(static_cast<std::size_t>(n * n));
  for (std::int64_t i = 0; i < n; ++i) x[static_cast<std::size_t>(i * (n + 1))] = product_without(packed, i, i);
  return x;
}

/// The second derivatives of det at diag(s): p_ij for the elements (i, i) and (j, j), -p_ij for (i, j) and (j, i),
/// where p_ij is the product of the others.
template <class T>
std::vector<T> slope(const PackedSvd<T>& packed, const T* g) {
  const std::int64_t n = packed.n;
  const std::vector<T> u = transposed(n, packed.u()), v = transposed(n, packed.vh());
  const std::vector<T> left = product(n, u.data(), g);
  const std::vector<T> e = product(n, left.data(), v.data());
  std::vector<T> x(static_cast<std::size_t>(n * n));
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      if (i == j) continue;
      const T others = product_without(packed, i, j);
      x[static_cast<std::size_t>(i * n + j)] = -others * e[static_cast<std::size_t>(j * n + i)];
      x[static_cast<std::size_t>(i * n + i)] += others * e[static_cast<std::size_t>(j * n + j)];
    }
  return x;
}

/// Calls make(packed, index) for the middle of each matrix.
template <class Make>
void execute_between(const Call& call, Make make) {
  const Shape& shape = call.output.shape;
  if (shape.size() == 0) return;
  const std::int64_t size = shape.back() * shape.back();
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < stack_size(shape); ++i) {
      const PackedSvd<T> packed(shape, elements_of<T>(call.inputs[0]), i);
      between_vectors(packed, elements_of<T>(call.output) + i * size, [&] { return make(packed, i * size); });
    }
  });
}

void execute_cofactors(const Call& call) {
  execute_between(call, [](const auto& packed, std::int64_t) { return cofactors(packed); });
}

void execute_slope(const Call& call) {
  execute_between(call, [&]<class T>(const PackedSvd<T>& packed, std::int64_t at) {
    return slope(packed, elements_of<T>(call.inputs[2]) + at);
  });
}

}  // namespace

extern constinit const Op cofactors_op, cofactor_slope_op;
constinit const Op cofactors_op{
    .name = "cofactors",
    .kind = OpKind::opaque,
    .vjp = [](Rule& rule) { rule.give(1, cofactor_slope_of(rule.x(0), rule.x(1), rule.cotangent)); },
    .execute = execute_cofactors};
XTAPE_LIST_OP(cofactors_op);
constinit const Op cofactor_slope_op{
    .name = "cofactor_slope", .kind = OpKind::opaque, .vjp = cofactor_slope_vjp, .execute = execute_slope};
XTAPE_LIST_OP(cofactor_slope_op);

Var cofactors_of(const Var& factors, const Var& a) { return append_node(cofactors_op, a.shape(), {factors, a}); }

Var cofactor_slope_of(const Var& factors, const Var& a, const Var& g) {
  return append_node(cofactor_slope_op, a.shape(), {factors, a, g});
}

}  // namespace xtape::detail
