#include "support/matrix.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace xtape::test {

Matrix identity(std::size_t n) {
  Matrix result(n, n);
  for (std::size_t i = 0; i < n; ++i) result(i, i) = 1;
  return result;
}

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix result(a.rows, b.columns);
  for (std::size_t i = 0; i < a.rows; ++i)
    for (std::size_t j = 0; j < b.columns; ++j)
      for (std::size_t k = 0; k < a.columns; ++k) result(i, j) += a(i, k) * b(k, j);
  return result;
}

Matrix transposed(const Matrix& a) {
  Matrix result(a.columns, a.rows);
  for (std::size_t i = 0; i < a.rows; ++i)
    for (std::size_t j = 0; j < a.columns; ++j) result(j, i) = a(i, j);
  return result;
}

Matrix minor_of(const Matrix& a, std::size_t row, std::size_t column) {
  Matrix result(a.rows - 1, a.columns - 1);
  for (std::size_t i = 0; i < result.rows; ++i)
    for (std::size_t j = 0; j < result.columns; ++j) result(i, j) = a(i + (i >= row), j + (j >= column));
  return result;
}

namespace {

void swap_rows(Matrix& a, std::size_t i, std::size_t j) {
  for (std::size_t k = 0; k < a.columns; ++k) std::swap(a(i, k), a(j, k));
}

/// Makes a upper triangular, doing the same to b. The sign of the row exchanges.
Real eliminate(Matrix& a, Matrix& b) {
  Real sign = 1;
  for (std::size_t k = 0; k < a.rows; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < a.rows; ++i)
      if (std::abs(a(i, k)) > std::abs(a(pivot, k))) pivot = i;
    if (pivot != k) swap_rows(a, k, pivot), swap_rows(b, k, pivot), sign = -sign;
    for (std::size_t i = k + 1; i < a.rows && a(k, k) != 0; ++i) {
      const Real factor = a(i, k) / a(k, k);
      for (std::size_t j = k; j < a.columns; ++j) a(i, j) -= factor * a(k, j);
      for (std::size_t j = 0; j < b.columns; ++j) b(i, j) -= factor * b(k, j);
    }
  }
  return sign;
}

}  // namespace

Matrix solution(Matrix a, Matrix b) {
  eliminate(a, b);
  for (std::size_t i = a.rows; i-- > 0;)
    for (std::size_t j = 0; j < b.columns; ++j) {
      for (std::size_t k = i + 1; k < a.rows; ++k) b(i, j) -= a(i, k) * b(k, j);
      b(i, j) /= a(i, i);
    }
  return b;
}

Real determinant(Matrix a) {
  Matrix nothing(a.rows, 0);
  Real result = eliminate(a, nothing);
  for (std::size_t i = 0; i < a.rows; ++i) result *= a(i, i);
  return result;
}

Matrix cholesky_factor(const Matrix& a) {
  Matrix l(a.rows, a.rows);
  for (std::size_t j = 0; j < a.rows; ++j)
    for (std::size_t i = j; i < a.rows; ++i) {
      Real rest = a(i, j);
      for (std::size_t k = 0; k < j; ++k) rest -= l(i, k) * l(j, k);
      l(i, j) = i == j ? std::sqrt(rest) : rest / l(j, j);
    }
  return l;
}

namespace {

/// The reflection that takes column k of a, below row k, to a multiple of the first unit vector; 0 if it is one.
std::vector<Real> reflection(const Matrix& a, std::size_t k) {
  std::vector<Real> v(a.rows);
  Real below = 0;
  for (std::size_t i = k; i < a.rows; ++i) {
    v[i] = a(i, k);
    if (i > k) below += v[i] * v[i];
  }
  if (below == 0) return std::vector<Real>(a.rows);
  const Real norm = std::sqrt(below + v[k] * v[k]);
  v[k] += v[k] >= 0 ? norm : -norm;
  const Real length = std::sqrt(below + v[k] * v[k]);
  for (Real& element : v) element /= length;
  return v;
}

void reflect(Matrix& a, const std::vector<Real>& v) {
  for (std::size_t j = 0; j < a.columns; ++j) {
    Real along = 0;
    for (std::size_t i = 0; i < a.rows; ++i) along += v[i] * a(i, j);
    for (std::size_t i = 0; i < a.rows; ++i) a(i, j) -= 2 * along * v[i];
  }
}

}  // namespace

QRFactors householder(Matrix a) {
  std::vector<std::vector<Real>> reflections;
  for (std::size_t k = 0; k < a.columns; ++k) {
    reflections.push_back(reflection(a, k));
    reflect(a, reflections.back());
  }
  Matrix q(a.rows, a.columns), r(a.columns, a.columns);
  for (std::size_t i = 0; i < a.columns; ++i) q(i, i) = 1;
  for (std::size_t k = reflections.size(); k-- > 0;) reflect(q, reflections[k]);
  for (std::size_t i = 0; i < r.rows; ++i)
    for (std::size_t j = i; j < r.columns; ++j) r(i, j) = a(i, j);
  return {q, r};
}

namespace {

constexpr int kSweeps = 60;

/// Column i becomes c i - s j, column j s i + c j.
void rotate_columns(Matrix& a, std::size_t i, std::size_t j, Real c, Real s) {
  for (std::size_t k = 0; k < a.rows; ++k) {
    const Real x = a(k, i), y = a(k, j);
    a(k, i) = c * x - s * y;
    a(k, j) = s * x + c * y;
  }
}

/// Cosine and sine of the rotation that takes the symmetric [[p, r], [r, q]] to a diagonal.
std::pair<Real, Real> rotation(Real p, Real q, Real r) {
  if (r == 0) return {1, 0};
  const Real theta = (q - p) / (2 * r);
  const Real t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
  const Real c = 1 / std::sqrt(t * t + 1);
  return {c, t * c};
}

std::vector<std::size_t> order_of(const std::vector<Real>& values, bool descending) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t i, std::size_t j) { return descending ? values[i] > values[j] : values[i] < values[j]; });
  return order;
}

/// The sign that a column gets.
Real sign_of_column(const Matrix& a, std::size_t j) {
  Real largest = 0;
  for (std::size_t i = 0; i < a.rows; ++i) largest = std::max(largest, std::abs(a(i, j)));
  for (std::size_t i = 0; i < a.rows; ++i)
    if (std::abs(a(i, j)) >= 0.375L * largest) return a(i, j) < 0 ? -1 : 1;
  return 1;
}

}  // namespace

Spectral jacobi(Matrix a) {
  const std::size_t n = a.rows;
  Matrix v = identity(n);
  for (int sweep = 0; sweep < kSweeps; ++sweep)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = i + 1; j < n; ++j) {
        const auto [c, s] = rotation(a(i, i), a(j, j), a(i, j));
        rotate_columns(a, i, j, c, s);
        a = transposed(a);
        rotate_columns(a, i, j, c, s);
        a = transposed(a);
        rotate_columns(v, i, j, c, s);
        a(i, j) = a(j, i) = 0;
      }
  std::vector<Real> values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(a(i, i));
  const std::vector<std::size_t> order = order_of(values, false);
  Spectral result{{}, Matrix(n, n)};
  for (std::size_t j = 0; j < n; ++j) {
    result.values.push_back(values[order[j]]);
    for (std::size_t i = 0; i < n; ++i) result.vectors(i, j) = sign_of_column(v, order[j]) * v(i, order[j]);
  }
  return result;
}

SingularFactors singular_factors(const Matrix& a) {
  if (a.rows < a.columns) {
    SingularFactors turned = singular_factors(transposed(a));
    Matrix u = transposed(turned.vh), v = turned.u;
    for (std::size_t j = 0; j < u.columns; ++j) {
      const Real sign = sign_of_column(u, j);
      for (std::size_t i = 0; i < u.rows; ++i) u(i, j) *= sign;
      for (std::size_t i = 0; i < v.rows; ++i) v(i, j) *= sign;
    }
    return {u, turned.s, transposed(v)};
  }
  const std::size_t n = a.columns;
  Matrix w = a, v = identity(n);
  const auto dot = [&](std::size_t i, std::size_t j) {
    Real sum = 0;
    for (std::size_t k = 0; k < w.rows; ++k) sum += w(k, i) * w(k, j);
    return sum;
  };
  for (int sweep = 0; sweep < kSweeps; ++sweep)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = i + 1; j < n; ++j) {
        const auto [c, s] = rotation(dot(i, i), dot(j, j), dot(i, j));
        rotate_columns(w, i, j, c, s);
        rotate_columns(v, i, j, c, s);
      }
  std::vector<Real> values;
  for (std::size_t j = 0; j < n; ++j) values.push_back(std::sqrt(dot(j, j)));
  const std::vector<std::size_t> order = order_of(values, true);
  SingularFactors result{Matrix(a.rows, n), {}, Matrix(n, n)};
  for (std::size_t j = 0; j < n; ++j) {
    const std::size_t from = order[j];
    const Real sign = sign_of_column(w, from);
    result.s.push_back(values[from]);
    for (std::size_t i = 0; i < a.rows; ++i) result.u(i, j) = sign * w(i, from) / values[from];
    for (std::size_t i = 0; i < n; ++i) result.vh(j, i) = sign * v(i, from);
  }
  return result;
}

}  // namespace xtape::test
