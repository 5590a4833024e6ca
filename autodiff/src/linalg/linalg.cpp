// The only file that includes xtensor-blas, which takes seconds to compile and cannot share a file with <cblas.h>.
#include <xtape/linalg.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <xtensor-blas/xlinalg.hpp>

#include "kernels/blas_threads.hpp"
#include "linalg/lapack.hpp"
#include "ops/errors.hpp"

namespace xtape::detail::lapack {

namespace {

static_assert(sizeof(xt::blas_index_t) == sizeof(int));

/// The size of the workspace that LAPACK asked for, as a floating number that may have been rounded down.
template <class T>
int wanted(T asked) {
  return std::max(1, static_cast<int>(std::nextafter(asked, std::numeric_limits<T>::infinity())));
}

template <class T>
void copy_upper(int m, int n, const T* a, T* r) {
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i)
      r[i + static_cast<std::ptrdiff_t>(j) * n] = i <= j ? a[i + static_cast<std::ptrdiff_t>(j) * m] : T{0};
}

}  // namespace

template <class T>
bool lu(int n, T* a, int* pivots) {
  use_one_blas_thread();
  return cxxlapack::getrf(n, n, a, n, pivots) == 0;
}

template <class T>
T reciprocal_condition(int n, const T* lu, T norm) {
  use_one_blas_thread();
  std::vector<T> work(4 * static_cast<std::size_t>(n));
  std::vector<int> indices(static_cast<std::size_t>(n));
  T result = 0;
  cxxlapack::gecon('1', n, lu, n, norm, result, work.data(), indices.data());
  return result;
}

template <class T>
void lu_solve(bool transposed, int n, int columns, const T* lu, const int* pivots, T* b) {
  use_one_blas_thread();
  cxxlapack::getrs(transposed ? 'T' : 'N', n, columns, lu, n, pivots, b, n);
}

template <class T>
void lu_inverse(int n, T* lu, const int* pivots) {
  use_one_blas_thread();
  T asked = 0;
  cxxlapack::getri(n, lu, n, pivots, &asked, -1);
  std::vector<T> work(static_cast<std::size_t>(wanted(asked)));
  cxxlapack::getri(n, lu, n, pivots, work.data(), static_cast<int>(work.size()));
}

template <class T>
int cholesky(int n, T* a) {
  use_one_blas_thread();
  return cxxlapack::potrf('U', n, a, n);
}

template <class T>
void triangular_solve(bool lower, bool transposed, bool unit_diagonal, int n, int columns, const T* a, T* b) {
  use_one_blas_thread();
  cxxlapack::trtrs(lower ? 'L' : 'U', transposed ? 'T' : 'N', unit_diagonal ? 'U' : 'N', n, columns, a, n, b, n);
}

template <class T>
void qr(int m, int n, T* a, T* r) {
  use_one_blas_thread();
  std::vector<T> tau(static_cast<std::size_t>(n));
  T first = 0, second = 0;
  cxxlapack::geqrf(m, n, a, m, tau.data(), &first, -1);
  cxxlapack::orgqr(m, n, n, a, m, tau.data(), &second, -1);
  std::vector<T> work(static_cast<std::size_t>(std::max(wanted(first), wanted(second))));
  cxxlapack::geqrf(m, n, a, m, tau.data(), work.data(), static_cast<int>(work.size()));
  copy_upper(m, n, a, r);
  cxxlapack::orgqr(m, n, n, a, m, tau.data(), work.data(), static_cast<int>(work.size()));
}

template <class T>
bool eigh(int n, T* a, T* values) {
  use_one_blas_thread();
  T asked = 0;
  int asked_indices = 0;
  cxxlapack::syevd('V', 'L', n, a, n, values, &asked, -1, &asked_indices, -1);
  std::vector<T> work(static_cast<std::size_t>(wanted(asked)));
  std::vector<int> indices(static_cast<std::size_t>(std::max(1, asked_indices)));
  return cxxlapack::syevd('V', 'L', n, a, n, values, work.data(), static_cast<int>(work.size()), indices.data(),
                          static_cast<int>(indices.size())) == 0;
}

template <class T>
bool svd(int m, int n, T* a, T* s, T* u, T* vt) {
  use_one_blas_thread();
  const int k = std::min(m, n);
  std::vector<int> indices(8 * static_cast<std::size_t>(k));
  T asked = 0;
  cxxlapack::gesdd('S', m, n, a, m, s, u, m, vt, k, &asked, -1, indices.data());
  std::vector<T> work(static_cast<std::size_t>(wanted(asked)));
  return cxxlapack::gesdd('S', m, n, a, m, s, u, m, vt, k, work.data(), static_cast<int>(work.size()),
                          indices.data()) == 0;
}

#define XTAPE_LAPACK_OF(T)                                                  \
  template bool lu(int, T*, int*);                                          \
  template T reciprocal_condition(int, const T*, T);                        \
  template void lu_solve(bool, int, int, const T*, const int*, T*);         \
  template void lu_inverse(int, T*, const int*);                            \
  template int cholesky(int, T*);                                           \
  template void triangular_solve(bool, bool, bool, int, int, const T*, T*); \
  template void qr(int, int, T*, T*);                                       \
  template bool eigh(int, T*, T*);                                          \
  template bool svd(int, int, T*, T*, T*, T*);
XTAPE_LAPACK_OF(float)
XTAPE_LAPACK_OF(double)
#undef XTAPE_LAPACK_OF

}  // namespace xtape::detail::lapack

namespace xtape::linalg {

namespace {

using detail::fail;

using Matrix = xt::xtensor<double, 2, xt::layout_type::column_major>;

void check_elements(std::string_view op, std::string_view role, const Array& array) {
  if (array.dtype() != DType::float64) fail<DTypeError>(op, role, " is ", array.dtype(), ", it must be float64");
  for (double element : array.values<double>())
    if (!std::isfinite(element)) fail<ValueError>(op, role, " has the element ", element);
}

void check_square(std::string_view op, std::string_view role, const Array& a) {
  if (a.rank() != 2 || a.shape()[0] != a.shape()[1])
    fail<ShapeError>(op, role, " must be a square matrix, is ", a.shape());
  check_elements(op, role, a);
}

/// b holds one or several columns of the length of a's.
void check_right_side(std::string_view op, std::string_view role, const Array& a, const Array& b) {
  if (b.rank() != 1 && b.rank() != 2) fail<ShapeError>(op, "b must have one or two axes, is ", b.shape());
  if (b.shape()[0] != a.shape()[0])
    fail<ShapeError>(op, "the rows differ: ", role, " is ", a.shape(), ", b is ", b.shape());
  check_elements(op, "b", b);
}

void check_pivots(const Array& factor) {
  const std::int64_t n = factor.shape()[0];
  for (std::int64_t i = 0; i < n; ++i)
    if (factor.data<double>()[i * n + i] == 0)
      fail<NumericalError>("cholesky_solve", "the factor is singular: pivot ", i, " (counted from 0) is 0");
}

/// A matrix, or a vector as a column, in LAPACK's layout.
Matrix to_columns(const Array& array) {
  const auto rows = static_cast<std::size_t>(array.shape()[0]);
  const auto columns = static_cast<std::size_t>(array.rank() == 2 ? array.shape()[1] : 1);
  Matrix result = Matrix::from_shape({rows, columns});
  const double* from = array.data<double>();
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) result(i, j) = *from++;
  return result;
}

/// The first `shape` elements of the matrix, row by row.
Array to_array(const Matrix& matrix, const Shape& shape) {
  std::vector<double> elements;
  elements.reserve(static_cast<std::size_t>(shape.size()));
  const auto rows = static_cast<std::size_t>(shape[0]);
  const auto columns = static_cast<std::size_t>(shape.rank() == 2 ? shape[1] : 1);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) elements.push_back(matrix(i, j));
  return Array::from(elements, shape);
}

template <class Vector>
Array to_vector(const Vector& values) {
  return Array::from(std::vector<double>(values.begin(), values.end()));
}

}  // namespace

std::optional<Array> cholesky(const Array& a) {
  check_square("cholesky", "a", a);
  if (a.size() == 0) return a;
  detail::use_one_blas_thread();
  Matrix factor = to_columns(a);
  const int status = xt::lapack::potr(factor, 'L');
  if (status != 0) return std::nullopt;
  for (std::size_t i = 0; i < factor.shape()[0]; ++i)
    for (std::size_t j = i + 1; j < factor.shape()[1]; ++j) factor(i, j) = 0;
  return to_array(factor, a.shape());
}

Array cholesky_solve(const Array& factor, const Array& b) {
  check_square("cholesky_solve", "the factor", factor);
  check_right_side("cholesky_solve", "the factor", factor, b);
  if (b.rank() != 1) fail<ShapeError>("cholesky_solve", "b must be a vector, is ", b.shape());
  if (b.size() == 0) return b;
  check_pivots(factor);
  detail::use_one_blas_thread();
  Matrix lower = to_columns(factor), column = to_columns(b);
  xt::lapack::potrs(lower, column, 'L');
  for (double element : column)
    if (!std::isfinite(element))
      fail<NumericalError>("cholesky_solve", "the factor is too near to singular: the solution overflows");
  return to_array(column, b.shape());
}

Eigh eigh(const Array& a) {
  check_square("eigh", "a", a);
  if (a.size() == 0) return {Array::zeros({0}), a};
  detail::use_one_blas_thread();
  try {
    const auto [values, vectors] = xt::linalg::eigh(to_columns(a), 'L');
    return {to_vector(values), to_array(vectors, a.shape())};
  } catch (const std::runtime_error&) {
    fail<NumericalError>("eigh", "the iteration for the ", a.shape(), " matrix did not converge");
  }
}

LeastSquares lstsq(const Array& a, const Array& b, std::optional<double> rcond) {
  if (a.rank() != 2 || a.size() == 0) fail<ShapeError>("lstsq", "a must be a matrix with elements, is ", a.shape());
  check_elements("lstsq", "a", a);
  check_right_side("lstsq", "a", a, b);
  if (rcond && !(*rcond >= 0 && *rcond <= 1)) fail<ValueError>("lstsq", "rcond must be in [0, 1], is ", *rcond);
  const std::int64_t rows = a.shape()[0], columns = a.shape()[1];
  const std::int64_t sides = b.rank() == 2 ? b.shape()[1] : 1;
  const Shape shape = b.rank() == 2 ? Shape{columns, sides} : Shape{columns};
  const double cut =
      rcond.value_or(std::numeric_limits<double>::epsilon() * static_cast<double>(std::max(rows, columns)));

  // LAPACK returns the solution in the rows of b, which may be fewer than it needs.
  const auto height = static_cast<std::size_t>(std::max(rows, columns));
  const auto width = static_cast<std::size_t>(std::max<std::int64_t>(sides, 1));  // LAPACK refuses 0
  Matrix right = Matrix::from_shape({height, width});
  right.fill(0);
  const Matrix given = to_columns(b);
  for (std::size_t i = 0; i < given.shape()[0]; ++i)
    for (std::size_t j = 0; j < given.shape()[1]; ++j) right(i, j) = given(i, j);
  Matrix left = to_columns(a);
  detail::use_one_blas_thread();
  auto singular_values = xt::xtensor<double, 1, xt::layout_type::column_major>::from_shape(
      {static_cast<std::size_t>(std::min(rows, columns))});
  xt::blas_index_t rank = 0;
  if (xt::lapack::gelsd(left, right, singular_values, rank, cut) != 0)
    fail<NumericalError>("lstsq", "the singular values of the ", a.shape(), " matrix did not converge");
  return {to_array(right, shape), rank, to_vector(singular_values)};
}

}  // namespace xtape::linalg
