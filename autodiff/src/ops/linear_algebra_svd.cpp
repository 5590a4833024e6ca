// svd and svdvals.
#include "ops/linear_algebra_svd.hpp"

#include "linalg/lapack.hpp"
#include "ops/linear_algebra_ties.hpp"

namespace xtape::detail {

namespace {

/// LAPACK sees a^T = v diag(s) u^T: its u is the row-major vh, and its vt the row-major u.
template <class T>
void factorize(const Shape& shape, std::int64_t index, const T* a, const PackedSvd<T>& packed) {
  if (!all_finite(std::span(a, static_cast<std::size_t>(packed.m * packed.n))))
    return fill_with_nan(std::span(packed.s, static_cast<std::size_t>(packed.size())));
  std::vector<T> work(a, a + packed.m * packed.n);
  if (!lapack::svd(static_cast<int>(packed.n), static_cast<int>(packed.m), work.data(), packed.s, packed.vh(),
                   packed.u()))
    fail<NumericalError>("svd", "the iteration for a ", which_matrix(shape, index), " did not converge");
  for (std::int64_t j = 0; j < packed.k; ++j) {
    T* u = packed.u() + j;
    if (u[sign_element(packed.m, u, packed.k) * packed.k] >= 0) continue;
    for (std::int64_t i = 0; i < packed.m; ++i) u[i * packed.k] = -u[i * packed.k];
    for (std::int64_t i = 0; i < packed.n; ++i) packed.vh()[j * packed.n + i] = -packed.vh()[j * packed.n + i];
  }
}

void execute_svd(const Call& call) {
  const Shape& shape = call.inputs[0].shape;
  if (shape.size() == 0) return;
  lapack_extent("svd", shape.back() * shape.back(1));
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < stack_size(shape); ++i)
      factorize(shape, i, elements_of<T>(call.inputs[0]) + i * shape.back() * shape.back(1),
                PackedSvd<T>(shape, elements_of<T>(call.output), i));
  });
}

std::int64_t smaller_extent(const Shape& a) { return std::min(a.back(), a.back(1)); }

}  // namespace

constinit const Op svd_op{.name = "svd", .kind = OpKind::opaque, .execute = execute_svd, .batch = over_leading_axis};
XTAPE_LIST_OP(svd_op);

extern constinit const Op singular_values_op, singular_vectors_op;

Var svd_factors(const Var& a) {
  const Shape shape = a.shape();
  const std::int64_t k = smaller_extent(shape);
  return append_node(svd_op, with_axes(leading(shape), {k * (1 + shape.back() + shape.back(1))}), {a});
}

namespace {

Var values_of(const Var& factors, const Var& a) {
  return append_node(singular_values_op, with_axes(leading(a.shape()), {smaller_extent(a.shape())}), {factors, a});
}

struct Vectors {
  Var u, vh;
};

/// u and vh out of one tensor that holds both, since their rule needs both cotangents.
Vectors split(const Var& both, const Shape& a) {
  const std::int64_t m = a.back(1), n = a.back(), k = smaller_extent(a);
  const std::size_t last = both.rank() - 1;
  const Var u = sliced(both, last, 0, m * k), vh = sliced(both, last, m * k, k * n);
  return {reshaped(u, with_axes(leading(a), {m, k})), reshaped(vh, with_axes(leading(a), {k, n}))};
}

Var both_vectors(const Var& factors, const Var& a) {
  const Shape shape = a.shape();
  const std::int64_t k = smaller_extent(shape);
  return append_node(singular_vectors_op, with_axes(leading(shape), {k * (shape.back() + shape.back(1))}),
                     {factors, a});
}

/// a gets u diag(g) vh (Giles 2008, 3.2), where a value of 0 gets nothing: it is a kink.
void values_vjp(Rule& rule) {
  const Var factors = rule.x(0), a = rule.x(1);
  const Var g = tied_evenly(rule.cotangent, rule.y(), Spectrum::singular_values);
  const Vectors vectors = split(both_vectors(factors, a), a.shape());
  const Var row = reshaped(g, with_axes(leading(a.shape()), {1, smaller_extent(a.shape())}));
  const Var scaled = strong_multiply(vectors.u, row);
  rule.give(1, matrix_product(scaled, vectors.vh));
}

/// x - basis basis^T x, for orthonormal columns.
Var beside(const Var& basis, const Var& x) {
  const Var within = matrix_product(matrix_transposed(basis), x);
  return x - matrix_product(basis, within);
}

/// With x = u^T gu and y = v^T gv, a gets u (d + e) v^T / 2, d_ij = (x + y - (x + y)^T)_ij / (s_j - s_i) and
/// e_ij = (x - y - (x - y)^T)_ij / (s_i + s_j), and what gu and gv have beside the columns of u and v, over s. This is
/// Townsend 2016 with 1 / (s_j^2 - s_i^2) split in two, so that equal values matter only where they must.
void vectors_vjp(Rule& rule) {
  const Var factors = rule.x(0), a = rule.x(1);
  const Shape shape = a.shape();
  const auto [u, vh] = split(rule.y(), shape);
  const auto [gu, gvh] = split(rule.cotangent, shape);
  const Var v = matrix_transposed(vh), gv = matrix_transposed(gvh);
  const Var s = values_of(factors, a);
  const bool strict = depends_on_part(rule.cotangent, singular_values_op, factors);
  const Var x = matrix_product(matrix_transposed(u), gu), y = matrix_product(vh, gv);
  const Var plus = x + y, minus = x - y;
  const Var d = over_differences(plus, s, Spectrum::singular_values, strict);
  const Var e = over_sums(minus, s, Spectrum::singular_values);
  const Var inside = (d + e) * 0.5;
  Var result = matrix_product(matrix_product(u, inside), vh);
  if (shape.back(1) > shape.back()) {
    const Var rest = beside(u, over_values(gu, s, Spectrum::singular_values));
    result = result + matrix_product(rest, vh);
  }
  if (shape.back(1) < shape.back()) {
    const Var rest = beside(v, over_values(gv, s, Spectrum::singular_values));
    result = result + matrix_product(u, matrix_transposed(rest));
  }
  rule.give(1, result);
}

}  // namespace

constinit const Op singular_values_op{.name = "singular_values",
                                      .kind = OpKind::opaque,
                                      .vjp = values_vjp,
                                      .execute = [](const Call& call) { copy_part(call, 0, call.output.shape.back()); },
                                      .batch = over_leading_axis};
XTAPE_LIST_OP(singular_values_op);
constinit const Op singular_vectors_op{
    .name = "singular_vectors",
    .kind = OpKind::opaque,
    .vjp = vectors_vjp,
    .execute =
        [](const Call& call) { copy_part(call, smaller_extent(call.inputs[1].shape), call.output.shape.back()); },
    .batch = over_leading_axis};
XTAPE_LIST_OP(singular_vectors_op);

}  // namespace xtape::detail

namespace xtape {

SVDResult svd(const Operand& a) {
  const auto [u, s, vh] = detail::record_results<3>(
      "svd",
      [](const Var& x) {
        detail::check_matrix("svd", "a", x);
        const Var factors = detail::svd_factors(x);
        const Var values = detail::values_of(factors, x);
        const detail::Vectors vectors = detail::split(detail::both_vectors(factors, x), x.shape());
        return std::array{vectors.u, values, vectors.vh};
      },
      a);
  return {u, s, vh};
}

Var svdvals(const Operand& a) {
  return detail::record_composite(
      "svdvals",
      [](const Var& x) {
        detail::check_matrix("svdvals", "a", x);
        return detail::values_of(detail::svd_factors(x), x);
      },
      a);
}

}  // namespace xtape
