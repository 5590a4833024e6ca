// pinv and lstsq, from the singular values.
#include <algorithm>
#include <bit>

#include "ops/linear_algebra_svd.hpp"

namespace xtape::detail {

namespace {

using Attributes = std::span<const std::int64_t>;

/// Whether the matrix must be of full rank, as in a gradient, and whose gradient that is.
enum class Rank : std::int64_t { any, full_for_pinv, full_for_lstsq };

/// Attributes: the bits of the share of the largest singular value up to which others count as 0, and the Rank.
double share_of(Attributes attributes) { return std::bit_cast<double>(attributes[0]); }

/// s, or 0 where it counts as that; checks the rank.
template <class T>
std::vector<T> counted_values(const PackedSvd<T>& packed, Attributes attributes, const Shape& a, std::int64_t index) {
  std::vector<T> result;
  const T limit = static_cast<T>(share_of(attributes)) * packed.s[0];
  std::int64_t rank = 0;
  for (std::int64_t i = 0; i < packed.k; ++i) {
    const bool counts = packed.s[i] > limit && packed.s[i] > 0;
    rank += counts;
    result.push_back(counts ? packed.s[i] : T{0});
  }
  const Rank wanted{attributes[1]};
  if (wanted != Rank::any && rank < packed.k)
    fail<NumericalError>(wanted == Rank::full_for_pinv ? "pinv" : "lstsq", "a ", which_matrix(a, index), " has rank ",
                         rank, ": it is not of full rank, and has no derivative there");
  return result;
}

/// u^T b (k, columns), or u^T if there is no b.
template <class T>
std::vector<T> projected(const PackedSvd<T>& packed, std::int64_t columns, const T* b) {
  std::vector<T> result(static_cast<std::size_t>(packed.k * columns));
  if (b == nullptr) {
    transpose_into(packed.m, packed.k, packed.u(), result.data());
    return result;
  }
  for (std::int64_t i = 0; i < packed.m; ++i)
    for (std::int64_t k = 0; k < packed.k; ++k)
      for (std::int64_t j = 0; j < columns; ++j)
        result[static_cast<std::size_t>(k * columns + j)] += packed.u()[i * packed.k + k] * b[i * columns + j];
  return result;
}

/// x (n, columns) = v diag(s)^-1 within. Quotients, since 1 / s may overflow where they do not.
template <class T>
void combine(const PackedSvd<T>& packed, const std::vector<T>& s, std::int64_t columns, const std::vector<T>& within,
             T* x) {
  std::fill_n(x, packed.n * columns, T{0});
  std::vector<T> row(static_cast<std::size_t>(columns));
  for (std::int64_t k = 0; k < packed.k; ++k) {
    const T value = s[static_cast<std::size_t>(k)];
    if (value == 0) continue;
    std::transform(within.begin() + k * columns, within.begin() + (k + 1) * columns, row.begin(),
                   [value](T element) { return element / value; });
    for (std::int64_t i = 0; i < packed.n; ++i)
      for (std::int64_t j = 0; j < columns; ++j)
        x[i * columns + j] += packed.vh()[k * packed.n + i] * row[static_cast<std::size_t>(j)];
  }
}

/// pinv, or for lstsq its product with b.
template <class T>
void apply(const Call& call, std::int64_t index, std::int64_t columns, const T* b, T* x) {
  const Shape& a = call.inputs[1].shape;
  const PackedSvd<T> packed(a, elements_of<T>(call.inputs[0]), index);
  const std::span<T> result(x, static_cast<std::size_t>(packed.n * columns));
  if (packed.k == 0) return std::fill(result.begin(), result.end(), T{0});
  if (!packed.finite()) return fill_with_nan(result);
  const std::vector<T> s = counted_values(packed, call.attributes, a, index);
  combine(packed, s, columns, projected(packed, columns, b), x);
}

/// For lstsq input 2 is b.
void execute(const Call& call) {
  const Shape &a = call.inputs[1].shape, &y = call.output.shape;
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < stack_size(a); ++i) {
      const T* b = call.inputs.size() > 2 ? elements_of<T>(call.inputs[2]) + i * a.back(1) * y.back() : nullptr;
      apply(call, i, y.back(), b, elements_of<T>(call.output) + i * y.back(1) * y.back());
    }
  });
}

}  // namespace

extern constinit const Op pinv_op, lstsq_op;

namespace {

Var pseudo_inverse(const Var& factors, const Var& a, std::int64_t share, Rank rank) {
  const Shape shape = a.shape();
  return append_node(pinv_op, with_axes(leading(shape), {shape.back(), shape.back(1)}), {factors, a},
                     {share, static_cast<std::int64_t>(rank)});
}

/// y = a^+ of full rank: a gets -y^T g y^T + (1 - a y) g^T y y^T if it has no fewer rows than columns, so that y a = 1,
/// and else -y^T g y^T + y^T y g^T (1 - y a) (Golub and Pereyra 1973, equation 4.12).
void pinv_vjp(Rule& rule) {
  const Var factors = rule.x(0), a = rule.x(1);
  const Var y = pseudo_inverse(factors, a, rule.attributes()[0], Rank::full_for_pinv);
  const Var turned = matrix_transposed(y), g_turned = matrix_transposed(rule.cotangent);
  const Var first = matrix_product(matrix_product(turned, rule.cotangent), turned);
  Var result = -first;
  if (a.shape().back(1) > a.shape().back()) {
    const Var w = matrix_product(g_turned, matrix_product(y, turned));
    const Var within = matrix_product(a, matrix_product(y, w));
    result = result + (w - within);
  } else if (a.shape().back(1) < a.shape().back()) {
    const Var w = matrix_product(matrix_product(turned, y), g_turned);
    const Var within = matrix_product(matrix_product(w, y), a);
    result = result + (w - within);
  }
  rule.give(1, result);
}

/// y = a^+ b of full rank: with w = a^+T g, b gets w, and a gets -w y^T + (b - a y) (a^+ w)^T if it has no fewer rows
/// than columns, and else -w y^T + a^+T y (g - a^+ a g)^T.
void lstsq_vjp(Rule& rule) {
  const Var factors = rule.x(0), a = rule.x(1), y = rule.y();
  const Var inverse = pseudo_inverse(factors, a, rule.attributes()[0], Rank::full_for_lstsq);
  const Var turned = matrix_transposed(inverse);
  const Var w = matrix_product(turned, rule.cotangent);
  if (rule.wants(2)) rule.give(2, w);
  if (!rule.wants(1)) return;
  Var result = -matrix_product(w, matrix_transposed(y));
  if (a.shape().back(1) > a.shape().back()) {
    const Var residual = rule.x(2) - matrix_product(a, y);
    const Var back = matrix_product(inverse, w);
    result = result + matrix_product(residual, matrix_transposed(back));
  } else if (a.shape().back(1) < a.shape().back()) {
    const Var forward = matrix_product(a, rule.cotangent);
    const Var beside = rule.cotangent - matrix_product(inverse, forward);
    const Var left = matrix_product(turned, y);
    result = result + matrix_product(left, matrix_transposed(beside));
  }
  rule.give(1, result);
}

}  // namespace

constinit const Op pinv_op{
    .name = "pinv", .kind = OpKind::opaque, .vjp = pinv_vjp, .execute = execute, .batch = over_leading_axis};
XTAPE_LIST_OP(pinv_op);
constinit const Op lstsq_op{
    .name = "lstsq", .kind = OpKind::opaque, .vjp = lstsq_vjp, .execute = execute, .batch = batch_solution};
XTAPE_LIST_OP(lstsq_op);

namespace {

/// By default the rounding error times the larger extent, as in NumPy.
std::int64_t share_bits(std::string_view op, const Var& a, std::optional<double> given) {
  if (given && !(*given >= 0)) fail<ValueError>(op, "the tolerance must be 0 or more, is ", *given);
  const double epsilon = a.dtype() == DType::float32 ? kEpsilonOf<float> : kEpsilonOf<double>;
  const std::int64_t larger = std::max(a.shape().back(), a.shape().back(1));
  return std::bit_cast<std::int64_t>(given.value_or(epsilon * static_cast<double>(larger)));
}

Var append_lstsq(const Var& factors, const Var& a, const Var& b, std::int64_t share) {
  const Shape shape = with_axes(leading(b.shape()), {a.shape().back(), b.shape().back()});
  return append_node(lstsq_op, shape, {factors, a, b}, {share, static_cast<std::int64_t>(Rank::any)});
}

Var least_squares_of_one(const Var& a, const Var& b, Attributes attributes) {
  return append_lstsq(svd_factors(a), a, b, attributes[0]);
}

Var least_squares_of_stack(const Var& a, const Var& b, Attributes attributes) {
  const Shape common = broadcast_shapes("lstsq", leading(a.shape()), leading(b.shape()));
  const Var factors = svd_factors(a);  // before a is repeated
  const Var all_factors = broadcasted(factors, with_axes(common, {factors.shape().back()}));
  const Var all = broadcasted(a, with_axes(common, {a.shape().back(1), a.shape().back()}));
  const Var right = broadcasted(b, with_axes(common, {b.shape().back(1), b.shape().back()}));
  return append_lstsq(all_factors, all, right, attributes[0]);
}

}  // namespace

}  // namespace xtape::detail

namespace xtape {

Var pinv(const Operand& a, std::optional<double> rtol) {
  return detail::record_composite(
      "pinv",
      [&](const Var& x) {
        detail::check_matrix("pinv", "a", x);
        const Var factors = detail::svd_factors(x);
        return detail::pseudo_inverse(factors, x, detail::share_bits("pinv", x, rtol), detail::Rank::any);
      },
      a);
}

Var lstsq(const Operand& a, const Operand& b, std::optional<double> rcond) {
  return detail::record_composite(
      "lstsq",
      [&](const Var& x, const Var& y) {
        detail::check_matrix("lstsq", "a", x);
        const std::int64_t attributes[] = {detail::share_bits("lstsq", x, rcond)};
        return detail::solved("lstsq", x, y, attributes, detail::least_squares_of_one, detail::least_squares_of_stack);
      },
      a, b);
}

}  // namespace xtape
