// The reduced QR factorization.
#include <algorithm>

#include "linalg/lapack.hpp"
#include "ops/linear_algebra.hpp"

namespace xtape::detail {

namespace {

/// 0, or the exponent of elements so large or small that sums of their squares leave the range.
template <class T>
int extreme_exponent(std::span<const T> elements) {
  T largest = 0;
  for (T element : elements) largest = std::max(largest, std::abs(element));
  const int exponent = largest == 0 ? 0 : std::ilogb(largest);
  return std::abs(exponent) < std::numeric_limits<T>::max_exponent / 2 ? 0 : exponent;
}

/// One matrix of at least as many rows as columns: q (m, n), then r (n, n).
template <class T>
void factorize(std::int64_t m, std::int64_t n, const T* a, T* packed) {
  const std::span<const T> elements(a, static_cast<std::size_t>(m * n));
  if (!all_finite(elements)) return fill_with_nan(std::span(packed, static_cast<std::size_t>((m + n) * n)));
  std::vector<T> q(static_cast<std::size_t>(m * n)), r(static_cast<std::size_t>(n * n));
  transpose_into(m, n, a, q.data());
  const int exponent = extreme_exponent(elements);
  for (T& element : q) element = exponent == 0 ? element : std::ldexp(element, -exponent);
  lapack::qr(static_cast<int>(m), static_cast<int>(n), q.data(), r.data());
  for (T& element : r) element = exponent == 0 ? element : std::ldexp(element, exponent);
  transpose_into(n, m, q.data(), packed);
  transpose_into(n, n, r.data(), packed + m * n);
}

void execute_qr(const Call& call) {
  const Shape& shape = call.inputs[0].shape;
  const std::int64_t m = shape.back(1), n = shape.back();
  if (shape.size() == 0) return;
  lapack_extent("qr", m);
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < stack_size(shape); ++i)
      factorize(m, n, elements_of<T>(call.inputs[0]) + i * m * n, elements_of<T>(call.output) + i * (m + n) * n);
  });
}

/// Throws if a column depends on those before it, to working precision: what of it stands on the diagonal of r is then
/// no larger than the rounding error of the whole column.
template <class T>
void check_rank(const T* r, const Shape& a, std::int64_t index) {
  const std::int64_t n = a.back();
  for (std::int64_t j = 0; j < n; ++j) {
    T largest = 0;
    for (std::int64_t i = 0; i <= j; ++i) largest = std::max(largest, std::abs(r[i * n + j]));
    if (std::abs(r[j * (n + 1)]) <= largest * static_cast<T>(2 * n) * kEpsilonOf<T>)
      fail<NumericalError>("qr", "column ", j, " of a ", which_matrix(a, index),
                           " depends on those before it: there is no gradient");
  }
}

void execute_full_rank(const Call& call) {
  const Shape &a = call.inputs[1].shape, &r = call.output.shape;
  if (r.size() == 0) return;
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* from = elements_of<T>(call.inputs[0]);
    for (std::int64_t i = 0; i < stack_size(r); ++i) check_rank(from + i * r.back() * r.back(), a, i);
    std::copy_n(from, r.size(), elements_of<T>(call.output));
  });
}

}  // namespace

extern constinit const Op qr_op, qr_q_op, qr_r_op, qr_full_rank_op;
/// r itself, where its a (the second input, for errors) is of full rank.
constinit const Op qr_full_rank_op{.name = "qr_full_rank",
                                   .kind = OpKind::opaque,
                                   .vjp = [](Rule& rule) { rule.give(0, rule.cotangent); },
                                   .execute = execute_full_rank,
                                   .batch = over_leading_axis};
XTAPE_LIST_OP(qr_full_rank_op);
constinit const Op qr_op{.name = "qr", .kind = OpKind::opaque, .execute = execute_qr, .batch = over_leading_axis};
XTAPE_LIST_OP(qr_op);

namespace {

Var q_of(const Var& factors, const Var& a) { return append_node(qr_q_op, a.shape(), {factors, a}); }

Var r_of(const Var& factors, const Var& a) {
  const std::int64_t n = a.shape().back();
  return append_node(qr_r_op, with_axes(leading(a.shape()), {n, n}), {factors, a});
}

/// x r^-T.
Var times_inverse_transposed(const Var& x, const Var& r, const Var& a) {
  const Var regular = append_node(qr_full_rank_op, r.shape(), {r, a});
  const Var right = matrix_transposed(x);
  return matrix_transposed(triangular_solution(regular, right, false, false));
}

/// a gets (g - q s) r^-T for q, and q s r^-T for r, where s is the lower triangle of g^T q, or of r g^T, mirrored
/// (Walter and Lehmann 2012).
void q_vjp(Rule& rule) {
  const Var factors = rule.x(0), a = rule.x(1), q = rule.y();
  const Var s = lower_mirrored(matrix_product(matrix_transposed(rule.cotangent), q));
  const Var inside = rule.cotangent - matrix_product(q, s);
  rule.give(1, times_inverse_transposed(inside, r_of(factors, a), a));
}

void r_vjp(Rule& rule) {
  const Var factors = rule.x(0), a = rule.x(1), r = rule.y();
  const Var s = lower_mirrored(matrix_product(r, matrix_transposed(rule.cotangent)));
  const Var inside = matrix_product(q_of(factors, a), s);
  rule.give(1, times_inverse_transposed(inside, r, a));
}

}  // namespace

constinit const Op qr_q_op{.name = "qr_q",
                           .kind = OpKind::opaque,
                           .vjp = q_vjp,
                           .execute =
                               [](const Call& call) {
                                 const Shape& a = call.inputs[1].shape;
                                 copy_part(call, 0, a.back(1) * a.back());
                               },
                           .batch = over_leading_axis};
XTAPE_LIST_OP(qr_q_op);
constinit const Op qr_r_op{.name = "qr_r",
                           .kind = OpKind::opaque,
                           .vjp = r_vjp,
                           .execute =
                               [](const Call& call) {
                                 const Shape& a = call.inputs[1].shape;
                                 copy_part(call, a.back(1) * a.back(), a.back() * a.back());
                               },
                           .batch = over_leading_axis};
XTAPE_LIST_OP(qr_r_op);

namespace {

/// A wide a = [x | y] has the q of the square x, and r = [r of x | q^T y].
std::array<Var, 2> factors_of(const Var& a) {
  check_matrix("qr", "a", a);
  const std::int64_t m = a.shape().back(1), n = a.shape().back();
  const Var x = n > m ? sliced(a, a.rank() - 1, 0, m) : a;
  const std::int64_t columns = x.shape().back();
  const Var packed = append_node(qr_op, with_axes(leading(a.shape()), {(m + columns) * columns}), {x});
  const Var q = q_of(packed, x), r = r_of(packed, x);
  if (n <= m) return {q, r};
  const Var rest = matrix_product(matrix_transposed(q), sliced(a, a.rank() - 1, m, n - m));
  return {q, concatenate({r, rest}, -1)};
}

}  // namespace

}  // namespace xtape::detail

namespace xtape {

QRResult qr(const Operand& a) {
  const auto [q, r] = detail::record_results<2>("qr", detail::factors_of, a);
  return {q, r};
}

}  // namespace xtape
