// solve and inv, and the LU factorization under them.
#include "ops/linear_algebra_lu.hpp"

#include <algorithm>

#include "linalg/lapack.hpp"

namespace xtape::detail {

namespace {

/// The power of two that brings x near 1.
template <class T>
T balance(T x) {
  constexpr int kMost = std::numeric_limits<T>::max_exponent - 4;
  return x == 0 ? T{1} : std::ldexp(T{1}, std::clamp(-std::ilogb(x), -kMost, kMost));
}

/// Scales rows and columns by powers of two, which rounds nothing, if their largest elements differ much.
template <class T>
void equilibrate(const PackedLu<T>& packed) {
  const std::int64_t n = packed.n;
  T* a = packed.factors();
  const auto largest = [&](std::int64_t first, std::int64_t step) {
    T result = 0;
    for (std::int64_t i = 0; i < n; ++i) result = std::max(result, std::abs(a[first + i * step]));
    return result;
  };
  const auto scale_lines = [&](std::int64_t between, std::int64_t step, T* scales) {
    T least = std::numeric_limits<T>::infinity(), most = 0;
    std::vector<T> norms;
    for (std::int64_t line = 0; line < n; ++line) {
      norms.push_back(largest(line * between, step));
      least = std::min(least, norms.back()), most = std::max(most, norms.back());
    }
    const bool even = least >= most / 10 && most < T{0x1p60} && most > T{0x1p-60};
    for (std::int64_t line = 0; line < n; ++line) {
      scales[line] = even ? T{1} : balance(norms[static_cast<std::size_t>(line)]);
      for (std::int64_t i = 0; i < n && !even; ++i) a[line * between + i * step] *= scales[line];
    }
  };
  scale_lines(n, 1, packed.row_scales());
  scale_lines(1, n, packed.column_scales());
}

/// LAPACK sees the transpose, so its 1-norm is the largest sum of a row.
template <class T>
T norm_of_transpose(std::int64_t n, const T* a) {
  T largest = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    T sum = 0;
    for (std::int64_t j = 0; j < n; ++j) sum += std::abs(a[i * n + j]);
    largest = std::max(largest, sum);
  }
  return largest;
}

template <class T>
void factorize(const T* a, const PackedLu<T>& packed) {
  const std::int64_t n = packed.n;
  const int extent = static_cast<int>(n);
  std::fill_n(packed.elements, packed.size(), T{0});
  if (!all_finite(std::span(a, static_cast<std::size_t>(n * n))))
    return fill_with_nan(std::span(packed.elements, static_cast<std::size_t>(packed.size())));
  std::copy_n(a, n * n, packed.factors());
  equilibrate(packed);
  const T norm = norm_of_transpose(n, packed.factors());
  std::vector<int> pivots(static_cast<std::size_t>(n));
  const bool regular = lapack::lu(extent, packed.factors(), pivots.data());
  packed.condition() = regular ? lapack::reciprocal_condition(extent, packed.factors(), norm) : T{0};
  for (std::int64_t i = 0; i < n; ++i) packed.exchanges()[i] = static_cast<T>(pivots[static_cast<std::size_t>(i)]);
}

void execute_lu(const Call& call) {
  const Shape& shape = call.inputs[0].shape;
  const std::int64_t n = shape.back();
  if (shape.size() == 0) return;
  lapack_extent("lu", n * n);
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < stack_size(shape); ++i)
      factorize(elements_of<T>(call.inputs[0]) + i * n * n, PackedLu<T>(n, call.output, i));
  });
}

/// False if the matrix is not finite; throws if it is singular to working precision.
template <class T>
bool check_regular(std::string_view op, const PackedLu<T>& packed, const Shape& shape, std::int64_t index) {
  if (std::isnan(packed.condition())) return false;
  if (packed.condition() < kEpsilonOf<T> / 2)
    fail<NumericalError>(op, "a ", which_matrix(shape, index), " is singular: its reciprocal condition is about ",
                         static_cast<double>(packed.condition()));
  return true;
}

/// R a C y = R b, x = C y; or C a^T R y = C b, x = R y.
template <class T>
void solve_one(const PackedLu<T>& packed, bool transposed, std::int64_t columns, const T* b, T* x) {
  const std::int64_t n = packed.n;
  const T* before = transposed ? packed.column_scales() : packed.row_scales();
  const T* after = transposed ? packed.row_scales() : packed.column_scales();
  std::vector<T> right(static_cast<std::size_t>(n * columns));
  transpose_into(n, columns, b, right.data());
  for (std::int64_t j = 0; j < columns; ++j)
    for (std::int64_t i = 0; i < n; ++i) right[static_cast<std::size_t>(j * n + i)] *= before[i];
  lapack::lu_solve(!transposed, static_cast<int>(n), static_cast<int>(columns), packed.factors(),
                   packed.pivots().data(), right.data());
  for (std::int64_t j = 0; j < columns; ++j)
    for (std::int64_t i = 0; i < n; ++i) right[static_cast<std::size_t>(j * n + i)] *= after[i];
  transpose_into(columns, n, right.data(), x);
}

void execute_solve(const Call& call) {
  const Shape &a = call.inputs[1].shape, &b = call.inputs[2].shape;
  const std::int64_t n = a.back(), columns = b.back();
  if (a.size() == 0) return;
  lapack_extent("solve", columns);
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < stack_size(a); ++i) {
      const PackedLu<T> packed(n, call.inputs[0], i);
      T* x = elements_of<T>(call.output) + i * n * columns;
      if (!check_regular("solve", packed, a, i)) fill_with_nan(std::span(x, static_cast<std::size_t>(n * columns)));
      else if (columns > 0)
        solve_one(packed, call.attributes[0] != 0, columns, elements_of<T>(call.inputs[2]) + i * n * columns, x);
    }
  });
}

/// a^-1 = C (R a C)^-1 R; the inverse of LAPACK's transpose, read as a transpose.
template <class T>
void invert_one(const PackedLu<T>& packed, T* inverse) {
  const std::int64_t n = packed.n;
  std::copy_n(packed.factors(), n * n, inverse);
  lapack::lu_inverse(static_cast<int>(n), inverse, packed.pivots().data());
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      inverse[i * n + j] = inverse[i * n + j] * packed.column_scales()[i] * packed.row_scales()[j];
}

void execute_inv(const Call& call) {
  const Shape& a = call.inputs[1].shape;
  const std::int64_t n = a.back();
  if (a.size() == 0) return;
  constexpr std::string_view kWhose[] = {"inv", "matrix_power", "det", "slogdet"};
  const std::string_view op = kWhose[call.attributes[0]];
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < stack_size(a); ++i) {
      const PackedLu<T> packed(n, call.inputs[0], i);
      T* inverse = elements_of<T>(call.output) + i * n * n;
      if (!check_regular(op, packed, a, i)) fill_with_nan(std::span(inverse, static_cast<std::size_t>(n * n)));
      else invert_one(packed, inverse);
    }
  });
}

/// x = a^-1 b: b gets a^-T g, and a gets -(a^-T g) x^T (Giles 2008, 2.3.1); for a^-T b, the transpose of that.
void solve_vjp(Rule& rule) {
  const bool transposed = rule.attributes()[0] != 0;
  const Var factors = rule.x(0), a = rule.x(1), x = rule.y();
  const Var right = lu_solution(factors, a, rule.cotangent, !transposed);
  if (rule.wants(1)) {
    const Var product =
        transposed ? matrix_product(x, matrix_transposed(right)) : matrix_product(right, matrix_transposed(x));
    rule.give(1, -product);
  }
  if (rule.wants(2)) rule.give(2, right);
}

/// y = a^-1: a gets -y^T g y^T (Giles 2008, 2.2.3).
void inv_vjp(Rule& rule) {
  const Var turned = matrix_transposed(rule.y());
  const Var left = matrix_product(turned, rule.cotangent);
  rule.give(1, -matrix_product(left, turned));
}

std::string describe_solve(std::span<const std::int64_t> attributes) { return attributes[0] != 0 ? "transposed" : ""; }

}  // namespace

constinit const Op lu_op{.name = "lu", .kind = OpKind::opaque, .execute = execute_lu, .batch = over_leading_axis};
XTAPE_LIST_OP(lu_op);
extern constinit const Op solve_op, inv_op;
constinit const Op solve_op{.name = "solve",
                            .kind = OpKind::opaque,
                            .vjp = solve_vjp,
                            .execute = execute_solve,
                            .batch = batch_solution,
                            .describe = describe_solve};
XTAPE_LIST_OP(solve_op);
constinit const Op inv_op{
    .name = "inv", .kind = OpKind::opaque, .vjp = inv_vjp, .execute = execute_inv, .batch = over_leading_axis};
XTAPE_LIST_OP(inv_op);

Var lu_factors(const Var& a) {
  const Shape shape = a.shape();
  return append_node(lu_op, with_axes(leading(shape), {shape.back() + 4, shape.back()}), {a});
}

Var lu_solution(const Var& factors, const Var& a, const Var& b, bool transposed) {
  return append_node(solve_op, b.shape(), {factors, a, b}, {transposed ? 1 : 0});
}

Var lu_inverted(const Var& factors, const Var& a, InverseOf whose) {
  return append_node(inv_op, a.shape(), {factors, a}, {static_cast<std::int64_t>(whose)});
}

namespace {

using Attributes = std::span<const std::int64_t>;

Var solution_of_one(const Var& a, const Var& b, Attributes) { return lu_solution(lu_factors(a), a, b, false); }

Var solution_of_stack(const Var& a, const Var& b, Attributes) {
  const std::int64_t n = a.shape().back(), columns = b.shape().back();
  const Shape common = broadcast_shapes("solve", leading(a.shape()), leading(b.shape()));
  const Var factors = lu_factors(a);  // before a is repeated
  const Var all_factors = broadcasted(factors, with_axes(common, {n + 4, n}));
  const Var all = broadcasted(a, with_axes(common, {n, n}));
  const Var right = broadcasted(b, with_axes(common, {n, columns}));
  return lu_solution(all_factors, all, right, false);
}

Var solution(const Var& a, const Var& b) {
  check_square("solve", "a", a);
  return solved("solve", a, b, {}, solution_of_one, solution_of_stack);
}

Var inverse_of(const Var& a) {
  check_square("inv", "a", a);
  return lu_inverted(lu_factors(a), a, InverseOf::inv);
}

/// By repeated squaring; of the inverse for a negative exponent.
Var powered(const Var& a, std::int64_t exponent) {
  check_square("matrix_power", "a", a);
  if (exponent == 0) return broadcasted(identity_like(a, a.shape().back()), a.shape());
  Var square = exponent < 0 ? lu_inverted(lu_factors(a), a, InverseOf::matrix_power) : a;
  Var result;
  std::uint64_t rest = exponent < 0 ? 0 - static_cast<std::uint64_t>(exponent) : static_cast<std::uint64_t>(exponent);
  bool started = false;
  for (;; square = matrix_product(square, square)) {
    if (rest & 1) result = started ? matrix_product(result, square) : square;
    started = started || (rest & 1) != 0;
    rest >>= 1;
    if (rest == 0) return result;
  }
}

}  // namespace

}  // namespace xtape::detail

namespace xtape {

Var solve(const Operand& a, const Operand& b) { return detail::record_composite("solve", detail::solution, a, b); }

Var inv(const Operand& a) { return detail::record_composite("inv", detail::inverse_of, a); }

Var matrix_power(const Operand& a, std::int64_t exponent) {
  return detail::record_composite(
      "matrix_power", [exponent](const Var& x) { return detail::powered(x, exponent); }, a);
}

}  // namespace xtape
