// Matrices of long double and their textbook decompositions.
#pragma once

#include <cstdint>
#include <vector>

#include "support/tensor.hpp"

namespace xtape::test {

struct Matrix {
  std::size_t rows = 0, columns = 0;
  std::vector<Real> elements;

  Matrix(std::size_t m, std::size_t n) : rows(m), columns(n), elements(m * n) {}
  Real& operator()(std::size_t i, std::size_t j) { return elements[i * columns + j]; }
  Real operator()(std::size_t i, std::size_t j) const { return elements[i * columns + j]; }
};

Matrix identity(std::size_t n);
Matrix product(const Matrix& a, const Matrix& b);
Matrix transposed(const Matrix& a);
/// Without one row and one column.
Matrix minor_of(const Matrix& a, std::size_t row, std::size_t column);

/// By Gaussian elimination with partial pivoting.
Matrix solution(Matrix a, Matrix b);
Real determinant(Matrix a);
/// L with L L^T = a.
Matrix cholesky_factor(const Matrix& a);

struct QRFactors {
  Matrix q, r;
};
/// By Householder's reflections, r's diagonal having the signs that LAPACK gives it; for no fewer rows than columns.
QRFactors householder(Matrix a);

struct Spectral {
  std::vector<Real> values;
  Matrix vectors;
};
/// Eigenvalues ascending, by Jacobi's rotations; each vector's first element of at least 3/8 of its largest is
/// positive.
Spectral jacobi(Matrix a);

struct SingularFactors {
  Matrix u;
  std::vector<Real> s;
  Matrix vh;
};
/// Reduced, descending, by one-sided rotations; signs of u as above.
SingularFactors singular_factors(const Matrix& a);

}  // namespace xtape::test
