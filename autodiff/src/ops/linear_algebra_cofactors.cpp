// The cofactors of a matrix and their derivative, which stay exact where the matrix is singular: with a = u diag(s)
// v^T, det(a + e) = det(u) det(v) det(diag(s) + u^T e v), whose derivatives at 0 are products of all s but one or two.
// The matrix is balanced first, since small singular values are only as exact as the largest is, and scales are kept as
// exponents, since products of many factors overflow.
#include "ops/linear_algebra_cofactors.hpp"

#include <optional>
#include <vector>

#include "linalg/lapack.hpp"
#include "ops/linear_algebra_lu.hpp"
#include "ops/linear_algebra_scaled.hpp"
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

/// a = diag(2^-rows) b diag(2^-columns) with the balanced b.
template <class T>
struct Balance {
  std::vector<int> rows, columns;
  std::int64_t total = 0;

  explicit Balance(const PackedLu<T>& lu) {
    for (std::int64_t i = 0; i < lu.n; ++i) {
      rows.push_back(std::ilogb(lu.row_scales()[i]));
      columns.push_back(std::ilogb(lu.column_scales()[i]));
      total += rows.back() + columns.back();
    }
  }
  int of(std::int64_t element) const {
    const auto n = static_cast<std::int64_t>(rows.size());
    return rows[static_cast<std::size_t>(element / n)] + columns[static_cast<std::size_t>(element % n)];
  }
};

/// A matrix times 2^exponent.
template <class T>
struct Shifted {
  std::vector<T> elements;
  std::int64_t exponent = 0;
};

template <class T>
T shifted(T x, std::int64_t exponent) {
  return std::ldexp(x, static_cast<int>(std::clamp<std::int64_t>(exponent, -10000, 10000)));
}

/// The product of all singular values but these two, which may be the same.
template <class T>
Scaled product_without(const PackedSvd<T>& packed, std::int64_t i, std::int64_t j) {
  Scaled result;
  for (std::int64_t k = 0; k < packed.k; ++k)
    if (k != i && k != j) result.multiply(static_cast<double>(packed.s[k]));
  return result;
}

std::int64_t largest_exponent(const std::vector<Scaled>& numbers) {
  std::optional<std::int64_t> largest;
  for (const Scaled& number : numbers)
    if (number.mantissa != 0) largest = std::max(largest.value_or(number.exponent), number.exponent);
  return largest.value_or(0);
}

template <class T>
Shifted<T> cofactors(const PackedSvd<T>& packed) {
  const std::int64_t n = packed.n;
  std::vector<Scaled> products;
  for (std::int64_t i = 0; i < n; ++i) products.push_back(product_without(packed, i, i));
  Shifted<T> x{std::vector<T>(static_cast<std::size_t>(n * n)), largest_exponent(products)};
  for (std::int64_t i = 0; i < n; ++i)
    x.elements[static_cast<std::size_t>(i * (n + 1))] =
        static_cast<T>(products[static_cast<std::size_t>(i)].value(x.exponent));
  return x;
}

/// diag(2^rows) g diag(2^columns).
template <class T>
Shifted<T> balanced(const Balance<T>& balance, std::int64_t n, const T* g) {
  std::optional<std::int64_t> largest;
  for (std::int64_t i = 0; i < n * n; ++i)
    if (const std::int64_t own = std::ilogb(g[i]) + std::int64_t{balance.of(i)}; std::isfinite(g[i]) && g[i] != 0)
      largest = std::max(largest.value_or(own), own);
  Shifted<T> result{{}, largest.value_or(0)};
  for (std::int64_t i = 0; i < n * n; ++i) result.elements.push_back(shifted(g[i], balance.of(i) - result.exponent));
  return result;
}

/// The second derivatives of det at diag(s): p_ij for the elements (i, i) and (j, j), -p_ij for (i, j) and (j, i),
/// where p_ij is the product of the others.
template <class T>
Shifted<T> slope(const PackedSvd<T>& packed, const Shifted<T>& g) {
  const std::int64_t n = packed.n;
  const std::vector<T> u = transposed(n, packed.u()), v = transposed(n, packed.vh());
  const std::vector<T> left = product(n, u.data(), g.elements.data());
  const std::vector<T> e = product(n, left.data(), v.data());
  std::vector<Scaled> products;
  for (std::int64_t at = 0; at < n * n; ++at) products.push_back(product_without(packed, at / n, at % n));
  const std::int64_t exponent = largest_exponent(products);
  Shifted<T> x{std::vector<T>(static_cast<std::size_t>(n * n)), exponent + g.exponent};
  for (std::int64_t at = 0; at < n * n; ++at) {
    const std::int64_t i = at / n, j = at % n;
    if (i == j) continue;
    const T others = static_cast<T>(products[static_cast<std::size_t>(at)].value(exponent));
    x.elements[static_cast<std::size_t>(at)] = -others * e[static_cast<std::size_t>(j * n + i)];
    x.elements[static_cast<std::size_t>(i * (n + 1))] += others * e[static_cast<std::size_t>(j * (n + 1))];
  }
  return x;
}

/// result = orientation u x vh, balanced, for the x that `middle` makes.
template <class T, class Middle>
void between_vectors(const PackedSvd<T>& packed, const PackedLu<T>& lu, T* result, Middle middle) {
  const std::int64_t n = packed.n;
  if (!packed.finite()) return fill_with_nan(std::span(result, static_cast<std::size_t>(n * n)));
  const T sign = orientation(n, packed.u()) * orientation(n, packed.vh());
  const Balance<T> balance(lu);
  const Shifted<T> x = middle(balance);
  const std::vector<T> left = product(n, packed.u(), x.elements.data());
  const std::vector<T> whole = product(n, left.data(), packed.vh());
  for (std::int64_t i = 0; i < n * n; ++i)
    result[i] = shifted(sign * whole[static_cast<std::size_t>(i)], x.exponent + balance.of(i) - balance.total);
}

/// The first input is the singular value decomposition, the last the LU factors. Calls make(packed, balance, index) for
/// the middle of each matrix.
template <class Make>
void execute_between(const Call& call, Make make) {
  const Shape& shape = call.output.shape;
  if (shape.size() == 0) return;
  const std::int64_t n = shape.back();
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < stack_size(shape); ++i) {
      const PackedSvd<T> packed(shape, elements_of<T>(call.inputs[0]), i);
      between_vectors(packed, PackedLu<T>(n, call.inputs.back(), i), elements_of<T>(call.output) + i * n * n,
                      [&](const Balance<T>& balance) { return make(packed, balance, i * n * n); });
    }
  });
}

void execute_cofactors(const Call& call) {
  execute_between(call, [](const auto& packed, const auto&, std::int64_t) { return cofactors(packed); });
}

void execute_slope(const Call& call) {
  execute_between(call, [&]<class T>(const PackedSvd<T>& packed, const Balance<T>& balance, std::int64_t at) {
    return slope(packed, balanced(balance, packed.n, elements_of<T>(call.inputs[2]) + at));
  });
}

void execute_balance(const Call& call) {
  const std::int64_t n = call.output.shape.back();
  if (call.output.shape.size() == 0) return;
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* a = elements_of<T>(call.inputs[0]);
    T* y = elements_of<T>(call.output);
    for (std::int64_t at = 0; at < call.output.shape.size(); ++at) {
      const PackedLu<T> lu(n, call.inputs[1], at / (n * n));
      y[at] = a[at] * lu.row_scales()[at / n % n] * lu.column_scales()[at % n];
    }
  });
}

}  // namespace

extern constinit const Op balance_op, cofactors_op, cofactor_slope_op;
constinit const Op balance_op{
    .name = "balance", .kind = OpKind::opaque, .execute = execute_balance, .batch = over_leading_axis};
XTAPE_LIST_OP(balance_op);
constinit const Op cofactors_op{.name = "cofactors",
                                .kind = OpKind::opaque,
                                .vjp =
                                    [](Rule& rule) {
                                      const CofactorFactors factors{rule.x(0), rule.x(2)};
                                      rule.give(1, cofactor_slope_of(factors, rule.x(1), rule.cotangent));
                                    },
                                .execute = execute_cofactors,
                                .batch = over_leading_axis};
XTAPE_LIST_OP(cofactors_op);
constinit const Op cofactor_slope_op{.name = "cofactor_slope",
                                     .kind = OpKind::opaque,
                                     .vjp = cofactor_slope_vjp,
                                     .execute = execute_slope,
                                     .batch = over_leading_axis};
XTAPE_LIST_OP(cofactor_slope_op);

Var cofactors_of(const Var& lu, const Var& a) {
  const Var balanced = append_node(balance_op, a.shape(), {a, lu});
  return append_node(cofactors_op, a.shape(), {svd_factors(balanced), a, lu});
}

Var cofactor_slope_of(const CofactorFactors& factors, const Var& a, const Var& g) {
  return append_node(cofactor_slope_op, a.shape(), {factors.svd, a, g, factors.lu});
}

}  // namespace xtape::detail
