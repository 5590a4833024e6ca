#include "support/interpreter_linear_algebra.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "support/matrix.hpp"

namespace xtape::test {

namespace {

std::size_t index_of(std::int64_t value) { return static_cast<std::size_t>(value); }

/// Matrix `index` of a stack.
Matrix matrix_of(const Tensor& x, std::size_t index) {
  Matrix result(index_of(x.shape.back(1)), index_of(x.shape.back()));
  const std::size_t size = result.elements.size();
  std::copy_n(x.elements.begin() + static_cast<std::ptrdiff_t>(index * size), size, result.elements.begin());
  return result;
}

/// Calls each(index) for every matrix of input 1 (or another), which returns the elements of the result there.
template <class Each>
void stack(Application& application, std::size_t input, Each each) {
  const Shape& shape = application.x(input).shape;
  std::size_t count = 1;
  for (std::size_t axis = 0; axis + 2 < shape.rank(); ++axis) count *= index_of(shape[axis]);
  std::vector<Real> elements;
  for (std::size_t i = 0; i < count; ++i)
    for (Real element : each(i)) elements.push_back(element);
  application.output.elements = elements;
}

template <std::vector<Real> (*of)(const Matrix& a)>
void each_matrix(Application& application) {
  stack(application, 1, [&](std::size_t i) { return of(matrix_of(application.x(1), i)); });
}

/// A packed factorization, which only the library's results read.
void packed(Application&) {}

/// Its first input, without the library's scaling or checks.
void first(Application& application) { application.output.elements = application.x().elements; }

void solve(Application& application) {
  stack(application, 1, [&](std::size_t i) {
    const Matrix a = matrix_of(application.x(1), i);
    return solution(application.attributes[0] != 0 ? transposed(a) : a, matrix_of(application.x(2), i)).elements;
  });
}

std::vector<Real> inverse(const Matrix& a) { return solution(a, identity(a.rows)).elements; }
std::vector<Real> det(const Matrix& a) { return {determinant(a)}; }
std::vector<Real> det_sign(const Matrix& a) {
  const Real value = determinant(a);
  return {static_cast<Real>((value > 0) - (value < 0))};
}
std::vector<Real> log_abs_det(const Matrix& a) { return {std::log(std::abs(determinant(a)))}; }

Real parity(std::size_t place) { return place % 2 == 0 ? 1 : -1; }

std::vector<Real> cofactors(const Matrix& a) {
  Matrix result(a.rows, a.rows);
  for (std::size_t i = 0; i < a.rows; ++i)
    for (std::size_t j = 0; j < a.rows; ++j) result(i, j) = parity(i + j) * determinant(minor_of(a, i, j));
  return result.elements;
}

/// Of each minor, its own cofactors along g.
void cofactor_slope(Application& application) {
  stack(application, 1, [&](std::size_t index) {
    const Matrix a = matrix_of(application.x(1), index), g = matrix_of(application.x(2), index);
    Matrix result(a.rows, a.rows);
    for (std::size_t i = 0; i < a.rows; ++i)
      for (std::size_t j = 0; j < a.rows; ++j) {
        const Matrix minor = minor_of(a, i, j), along = minor_of(g, i, j);
        const std::vector<Real> inner = cofactors(minor);
        for (std::size_t k = 0; k < inner.size(); ++k) result(i, j) += parity(i + j) * inner[k] * along.elements[k];
      }
    return result.elements;
  });
}

void lower_triangle(Application& application) {
  const Real weight = static_cast<Real>(application.attributes[0]) / 2;
  stack(application, 0, [&](std::size_t index) {
    Matrix a = matrix_of(application.x(), index);
    for (std::size_t i = 0; i < a.rows; ++i)
      for (std::size_t j = i; j < a.columns; ++j) a(i, j) *= i == j ? weight : 0;
    return a.elements;
  });
}

void solve_triangular(Application& application) {
  const auto flags = application.attributes;
  stack(application, 0, [&](std::size_t index) {
    Matrix a = matrix_of(application.x(), index);
    for (std::size_t i = 0; i < a.rows; ++i)
      for (std::size_t j = 0; j < a.rows; ++j) {
        if (i == j && flags[2] != 0) a(i, j) = 1;
        if (flags[0] != 0 ? j > i : j < i) a(i, j) = 0;
      }
    return solution(flags[1] != 0 ? transposed(a) : a, matrix_of(application.x(1), index)).elements;
  });
}

void cholesky(Application& application) {
  stack(application, 0, [&](std::size_t i) { return cholesky_factor(matrix_of(application.x(), i)).elements; });
}

std::vector<Real> qr_q(const Matrix& a) { return householder(a).q.elements; }
std::vector<Real> qr_r(const Matrix& a) { return householder(a).r.elements; }

std::vector<Real> eigenvalues(const Matrix& a) { return jacobi(a).values; }
std::vector<Real> eigenvectors(const Matrix& a) { return jacobi(a).vectors.elements; }

std::vector<Real> singular_values(const Matrix& a) { return singular_factors(a).s; }
std::vector<Real> singular_vectors(const Matrix& a) {
  const SingularFactors factors = singular_factors(a);
  std::vector<Real> result = factors.u.elements;
  result.insert(result.end(), factors.vh.elements.begin(), factors.vh.elements.end());
  return result;
}

/// The values that belong to an element of a stack of matrices (..., m, n), by its column.
Real value_at(const Application& application, std::size_t at, std::size_t rows, std::size_t columns,
              std::size_t column) {
  return application.x(1).elements.at(at / (rows * columns) * columns + column);
}

void spectral_quotient(Application& application) {
  const std::size_t n = index_of(application.x().shape.back());
  for (std::size_t at = 0; at < application.output.elements.size(); ++at) {
    const std::size_t i = at / n % n, j = at % n, mirror = at - i * n - j + j * n + i;
    const Real first = value_at(application, at, n, n, i), second = value_at(application, at, n, n, j);
    const bool differences = application.attributes[0] == 0;
    const Real numerator =
        application.x().elements[at] + static_cast<Real>(application.attributes[1]) * application.x().elements[mirror];
    const Real denominator = differences ? second - first : first + second;
    application.output.elements[at] = denominator == 0 ? 0 : numerator / denominator;
  }
}

void spectral_scale(Application& application) {
  const std::size_t m = index_of(application.x().shape.back(1)), n = index_of(application.x().shape.back());
  for (std::size_t at = 0; at < application.output.elements.size(); ++at) {
    const Real value = value_at(application, at, m, n, at % n);
    application.output.elements[at] = value == 0 ? 0 : application.x().elements[at] / value;
  }
}

void tied_evenly(Application& application) {
  for (std::size_t i = 0; i < application.output.elements.size(); ++i) {
    const bool zero = application.attributes[0] == 1 && application.x(1).elements[i] == 0;
    application.output.elements[i] = zero ? 0 : application.x().elements[i];
  }
}

Matrix pseudo_inverse(const Matrix& a, Real share) {
  const SingularFactors factors = singular_factors(a);
  Matrix scaled = transposed(factors.vh);
  for (std::size_t j = 0; j < scaled.columns; ++j)
    for (std::size_t i = 0; i < scaled.rows; ++i)
      scaled(i, j) = factors.s[j] > share * factors.s[0] ? scaled(i, j) / factors.s[j] : 0;
  return product(scaled, transposed(factors.u));
}

Real share_of(const Application& application) { return std::bit_cast<double>(application.attributes[0]); }

void pinv(Application& application) {
  stack(application, 1,
        [&](std::size_t i) { return pseudo_inverse(matrix_of(application.x(1), i), share_of(application)).elements; });
}

void lstsq(Application& application) {
  stack(application, 1, [&](std::size_t i) {
    const Matrix inverse = pseudo_inverse(matrix_of(application.x(1), i), share_of(application));
    return product(inverse, matrix_of(application.x(2), i)).elements;
  });
}

}  // namespace

const std::map<std::string_view, Evaluator>& linear_algebra_ops() {
  static const std::map<std::string_view, Evaluator> ops{
      {"lu", {packed, true}},
      {"solve", {solve, false}},
      {"inv", {each_matrix<inverse>, false}},
      {"det", {each_matrix<det>, false}},
      {"det_sign", {each_matrix<det_sign>, true}},
      {"log_abs_det", {each_matrix<log_abs_det>, false}},
      {"balance", {first, false}},
      {"cofactors", {each_matrix<cofactors>, false}},
      {"cofactor_slope", {cofactor_slope, false}},
      {"lower_triangle", {lower_triangle, true}},
      {"solve_triangular", {solve_triangular, false}},
      {"cholesky", {cholesky, false}},
      {"qr", {packed, true}},
      {"qr_q", {each_matrix<qr_q>, false}},
      {"qr_r", {each_matrix<qr_r>, false}},
      {"qr_full_rank", {first, true}},
      {"eigh", {packed, true}},
      {"eigenvalues", {each_matrix<eigenvalues>, false}},
      {"eigenvectors", {each_matrix<eigenvectors>, false}},
      {"svd", {packed, true}},
      {"singular_values", {each_matrix<singular_values>, false}},
      {"singular_vectors", {each_matrix<singular_vectors>, false}},
      {"spectral_quotient", {spectral_quotient, false}},
      {"spectral_scale", {spectral_scale, false}},
      {"tied_evenly", {tied_evenly, true}},
      {"pinv", {pinv, false}},
      {"lstsq", {lstsq, false}},
  };
  return ops;
}

}  // namespace xtape::test
