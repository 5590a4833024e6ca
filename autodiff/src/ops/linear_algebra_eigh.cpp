// Eigenvalues and eigenvectors of symmetric matrices.
#include <algorithm>

#include "linalg/lapack.hpp"
#include "ops/linear_algebra_ties.hpp"

namespace xtape::detail {

namespace {

/// The values (n), then the vectors (n, n) as columns, each with its sign.
template <class T>
void factorize(const Shape& shape, std::int64_t index, const T* a, T* packed) {
  const std::int64_t n = shape.back();
  if (!all_finite(std::span(a, static_cast<std::size_t>(n * n))))
    return fill_with_nan(std::span(packed, static_cast<std::size_t>(n * (n + 1))));
  std::vector<T> vectors(a, a + n * n);
  if (!lapack::eigh(static_cast<int>(n), vectors.data(), packed))
    fail<NumericalError>("eigh", "the iteration for a ", which_matrix(shape, index), " did not converge");
  for (std::int64_t j = 0; j < n; ++j) {
    T* vector = vectors.data() + j * n;
    const T sign = vector[sign_element(n, vector, 1)] < 0 ? T{-1} : T{1};
    for (std::int64_t i = 0; i < n; ++i) packed[n + i * n + j] = sign * vector[i];
  }
}

void execute_eigh(const Call& call) {
  const Shape& shape = call.inputs[0].shape;
  const std::int64_t n = shape.back();
  if (shape.size() == 0) return;
  lapack_extent("eigh", n * n);
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < stack_size(shape); ++i)
      factorize(shape, i, elements_of<T>(call.inputs[0]) + i * n * n, elements_of<T>(call.output) + i * n * (n + 1));
  });
}

}  // namespace

extern constinit const Op eigh_op, eigenvalues_op, eigenvectors_op;
constinit const Op eigh_op{.name = "eigh", .kind = OpKind::opaque, .execute = execute_eigh, .batch = over_leading_axis};
XTAPE_LIST_OP(eigh_op);

namespace {

Var values_of(const Var& factors, const Var& a) {
  return append_node(eigenvalues_op, leading(a.shape(), 1), {factors, a});
}
Var vectors_of(const Var& factors, const Var& a) { return append_node(eigenvectors_op, a.shape(), {factors, a}); }

/// a gets v diag(g) v^T (Giles 2008, 3.1).
void values_vjp(Rule& rule) {
  const Var factors = rule.x(0), a = rule.x(1);
  const Var g = tied_evenly(rule.cotangent, rule.y(), Spectrum::eigenvalues);
  const Var v = vectors_of(factors, a);
  const Var row = reshaped(g, with_axes(leading(a.shape()), {1, a.shape().back()}));
  const Var scaled = strong_multiply(v, row);
  rule.give(1, matrix_product(scaled, matrix_transposed(v)));
}

/// a gets v q v^T / 2 with q_ij = (v^T g - g^T v)_ij / (l_j - l_i) (Giles 2008, 3.1, of a symmetric matrix). Where l_i
/// = l_j the quotient is 0 / 0 for functions of the vectors alone that do not tell them apart; if the cotangent depends
/// on the eigenvalues too, its limit need not be 0, and (v^T g)_ij itself has to be.
void vectors_vjp(Rule& rule) {
  const Var factors = rule.x(0), a = rule.x(1), v = rule.y();
  const bool strict = depends_on_part(rule.cotangent, eigenvalues_op, factors);
  const Var turned = matrix_transposed(v);
  const Var values = values_of(factors, a);
  const Var quotient = over_differences(matrix_product(turned, rule.cotangent), values, Spectrum::eigenvalues, strict);
  const Var left = matrix_product(v, quotient * 0.5);
  rule.give(1, matrix_product(left, turned));
}

}  // namespace

constinit const Op eigenvalues_op{.name = "eigenvalues",
                                  .kind = OpKind::opaque,
                                  .vjp = values_vjp,
                                  .execute = [](const Call& call) { copy_part(call, 0, call.inputs[1].shape.back()); },
                                  .batch = over_leading_axis};
XTAPE_LIST_OP(eigenvalues_op);
constinit const Op eigenvectors_op{.name = "eigenvectors",
                                   .kind = OpKind::opaque,
                                   .vjp = vectors_vjp,
                                   .execute =
                                       [](const Call& call) {
                                         const std::int64_t n = call.inputs[1].shape.back();
                                         copy_part(call, n, n * n);
                                       },
                                   .batch = over_leading_axis};
XTAPE_LIST_OP(eigenvectors_op);

namespace {

/// The factors and the matrix that they are of.
std::array<Var, 2> factors_of(std::string_view op, const Var& a) {
  check_square(op, "a", a);
  const Var symmetric = symmetric_part(a);
  const std::int64_t n = a.shape().back();
  return {append_node(eigh_op, with_axes(leading(a.shape()), {n * (n + 1)}), {symmetric}), symmetric};
}

}  // namespace

}  // namespace xtape::detail

namespace xtape {

EighResult eigh(const Operand& a) {
  const auto [values, vectors] = detail::record_results<2>(
      "eigh",
      [](const Var& x) {
        const auto [factors, symmetric] = detail::factors_of("eigh", x);
        const Var values_part = detail::values_of(factors, symmetric);
        return std::array{values_part, detail::vectors_of(factors, symmetric)};
      },
      a);
  return {values, vectors};
}

Var eigvalsh(const Operand& a) {
  return detail::record_composite(
      "eigvalsh",
      [](const Var& x) {
        const auto [factors, symmetric] = detail::factors_of("eigvalsh", x);
        return detail::values_of(factors, symmetric);
      },
      a);
}

}  // namespace xtape
