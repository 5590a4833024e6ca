// Triangles: their parts, their solutions, and the Cholesky factorization.
#include <algorithm>

#include "linalg/lapack.hpp"
#include "ops/linear_algebra.hpp"

namespace xtape::detail {

namespace {

using Attributes = std::span<const std::int64_t>;

void execute_lower_triangle(const Call& call) {
  const Shape& shape = call.output.shape;
  const std::int64_t rows = shape.back(1), columns = shape.back();
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = elements_of<T>(call.inputs[0]);
    T* y = elements_of<T>(call.output);
    const T weight = static_cast<T>(call.attributes[0]) / 2;
    for (std::int64_t at = 0; at < shape.size(); ++at) {
      const std::int64_t i = at / columns % rows, j = at % columns;
      y[at] = i > j ? x[at] : i < j || weight == 0 ? T{0} : weight * x[at];
    }
  });
}

std::string describe_lower_triangle(Attributes attributes) {
  return "diagonal=" + std::string(attributes[0] == 0 ? "0" : attributes[0] == 1 ? "1/2" : "1");
}

}  // namespace

extern constinit const Op lower_triangle_op, solve_triangular_op, cholesky_op;

/// Its own transpose.
constinit const Op lower_triangle_op{
    .name = "lower_triangle",
    .kind = OpKind::opaque,
    .vjp = [](Rule& rule) { rule.give(0, lower_triangle(rule.cotangent, static_cast<int>(rule.attributes()[0]))); },
    .execute = execute_lower_triangle,
    .batch = over_leading_axis,
    .describe = describe_lower_triangle};
XTAPE_LIST_OP(lower_triangle_op);

Var lower_triangle(const Var& x, int halves) { return append_node(lower_triangle_op, x.shape(), {x}, {halves}); }

namespace {

/// The attributes of solve_triangular.
struct Flags {
  bool lower, transposed, unit;

  explicit Flags(Attributes attributes)
      : lower(attributes[0] != 0), transposed(attributes[1] != 0), unit(attributes[2] != 0) {}
};

Var append_triangular(const Var& a, const Var& b, const Flags& flags) {
  return append_node(solve_triangular_op, b.shape(), {a, b}, {flags.lower, flags.transposed, flags.unit});
}

template <class T>
void check_diagonal(const T* a, const Shape& shape, std::int64_t index) {
  const std::int64_t n = shape.back();
  for (std::int64_t i = 0; i < n; ++i)
    if (a[i * (n + 1)] == 0)
      fail<NumericalError>("solve_triangular", "a ", which_matrix(shape, index), " is singular: element ", i,
                           " of its diagonal is 0");
}

/// A row-major lower triangle is LAPACK's upper one, transposed.
void execute_solve_triangular(const Call& call) {
  const Shape &a = call.inputs[0].shape, &b = call.output.shape;
  const std::int64_t n = a.back(), columns = b.back();
  const Flags flags(call.attributes);
  if (b.size() == 0) return;
  lapack_extent("solve_triangular", std::max(n, columns));
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    std::vector<T> right(static_cast<std::size_t>(n * columns));
    for (std::int64_t i = 0; i < stack_size(a); ++i) {
      const T* matrix = elements_of<T>(call.inputs[0]) + i * n * n;
      if (!flags.unit) check_diagonal(matrix, a, i);
      transpose_into(n, columns, elements_of<T>(call.inputs[1]) + i * n * columns, right.data());
      lapack::triangular_solve(!flags.lower, !flags.transposed, flags.unit, static_cast<int>(n),
                               static_cast<int>(columns), matrix, right.data());
      transpose_into(columns, n, right.data(), elements_of<T>(call.output) + i * n * columns);
    }
  });
}

/// As solve, kept to the triangle that is read.
void solve_triangular_vjp(Rule& rule) {
  const Flags flags(rule.attributes());
  Flags turned = flags;
  turned.transposed = !flags.transposed;
  const Var a = rule.x(0), x = rule.y();
  const Var right = append_triangular(a, rule.cotangent, turned);
  if (rule.wants(0)) {
    const int diagonal = flags.unit ? 0 : 2;
    // The product below a lower triangle, else its transpose.
    const bool straight = flags.lower != flags.transposed;
    const Var product =
        straight ? matrix_product(right, matrix_transposed(x)) : matrix_product(x, matrix_transposed(right));
    const Var part = lower_triangle(product, diagonal);
    rule.give(0, -(flags.lower ? part : matrix_transposed(part)));
  }
  if (rule.wants(1)) rule.give(1, right);
}

std::string describe_solve_triangular(Attributes attributes) {
  const Flags flags(attributes);
  return std::string(flags.lower ? "lower" : "upper") + (flags.transposed ? ", transposed" : "") +
         (flags.unit ? ", unit diagonal" : "");
}

}  // namespace

constinit const Op solve_triangular_op{.name = "solve_triangular",
                                       .kind = OpKind::opaque,
                                       .vjp = solve_triangular_vjp,
                                       .execute = execute_solve_triangular,
                                       .batch = batch_solution,
                                       .describe = describe_solve_triangular};
XTAPE_LIST_OP(solve_triangular_op);

Var triangular_solution(const Var& a, const Var& b, bool lower, bool transposed) {
  const std::int64_t attributes[] = {lower, transposed, false};
  return append_triangular(a, b, Flags(attributes));
}

namespace {

Var triangular_of_one(const Var& a, const Var& b, Attributes attributes) {
  return append_triangular(a, b, Flags(attributes));
}

Var triangular_of_stack(const Var& a, const Var& b, Attributes attributes) {
  const std::int64_t n = a.shape().back(), columns = b.shape().back();
  const Shape common = broadcast_shapes("solve_triangular", leading(a.shape()), leading(b.shape()));
  const Var all = broadcasted(a, with_axes(common, {n, n}));
  const Var right = broadcasted(b, with_axes(common, {n, columns}));
  return append_triangular(all, right, Flags(attributes));
}

/// LAPACK's upper triangle is the row-major lower one.
template <class T>
void factorize(T* a, const Shape& shape, std::int64_t index) {
  const std::int64_t n = shape.back();
  const std::span<T> whole(a, static_cast<std::size_t>(n * n));
  if (!all_finite(std::span<const T>(whole))) return fill_with_nan(whole);
  if (const int order = lapack::cholesky(static_cast<int>(n), a); order > 0)
    fail<NumericalError>("cholesky", "a ", which_matrix(shape, index),
                         " is not positive definite: its leading minor of order ", order, " is not positive");
  for (std::int64_t i = 0; i < n; ++i) std::fill(a + i * n + i + 1, a + (i + 1) * n, T{0});
}

void execute_cholesky(const Call& call) {
  const Shape& shape = call.output.shape;
  const std::int64_t n = shape.back();
  if (shape.size() == 0) return;
  lapack_extent("cholesky", n);
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* factors = elements_of<T>(call.output);
    std::copy_n(elements_of<T>(call.inputs[0]), shape.size(), factors);
    for (std::int64_t i = 0; i < stack_size(shape); ++i) factorize(factors + i * n * n, shape, i);
  });
}

/// y = l with l l^T = a: a gets l^-T s l^-1 / 2, where s is the lower triangle of l^T g mirrored (Murray 2016, section
/// 3.1). Only the lower triangle of g counts.
void cholesky_vjp(Rule& rule) {
  const Var l = rule.y();
  const Var s = lower_mirrored(matrix_product(matrix_transposed(l), rule.cotangent));
  const Var left = triangular_solution(l, s, true, true);
  const Var both = triangular_solution(l, matrix_transposed(left), true, true);
  rule.give(0, both * 0.5);
}

}  // namespace

constinit const Op cholesky_op{.name = "cholesky",
                               .kind = OpKind::opaque,
                               .vjp = cholesky_vjp,
                               .execute = execute_cholesky,
                               .batch = over_leading_axis};
XTAPE_LIST_OP(cholesky_op);

}  // namespace xtape::detail

namespace xtape {

Var solve_triangular(const Operand& a, const Operand& b, const Triangle& triangle) {
  return detail::record_composite(
      "solve_triangular",
      [&](const Var& x, const Var& y) {
        detail::check_square("solve_triangular", "a", x);
        const std::int64_t attributes[] = {triangle.lower, triangle.transposed, triangle.unit_diagonal};
        return detail::solved("solve_triangular", x, y, attributes, detail::triangular_of_one,
                              detail::triangular_of_stack);
      },
      a, b);
}

Var cholesky(const Operand& a, bool upper) {
  return detail::record_composite(
      "cholesky",
      [upper](const Var& x) {
        detail::check_square("cholesky", "a", x);
        const Var lower = detail::append_node(detail::cholesky_op, x.shape(), {detail::symmetric_part(x)});
        return upper ? detail::matrix_transposed(lower) : lower;
      },
      a);
}

}  // namespace xtape
