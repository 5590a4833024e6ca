// The decompositions of Arrays: checks, and LAPACK's layout to and fro.
#include <xtape/linalg.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "linalg/lapack.hpp"
#include "ops/errors.hpp"

namespace xtape::linalg {

namespace {

using detail::fail;

namespace lapack = detail::lapack;

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

int extent(const Array& a, std::size_t axis) { return static_cast<int>(a.shape()[axis]); }

/// The elements of a matrix, or of a vector as a column, column by column, with zeros down to `height`.
std::vector<double> by_columns(const Array& array, std::int64_t height) {
  const std::int64_t columns = array.rank() == 2 ? array.shape()[1] : 1;
  std::vector<double> result(static_cast<std::size_t>(height * columns));
  for (std::int64_t i = 0; i < array.shape()[0]; ++i)
    for (std::int64_t j = 0; j < columns; ++j)
      result[static_cast<std::size_t>(j * height + i)] = array.data<double>()[i * columns + j];
  return result;
}

/// The inverse of that: an Array of this shape from columns of this height.
Array from_columns(const std::vector<double>& elements, std::int64_t height, const Shape& shape) {
  const std::int64_t columns = shape.rank() == 2 ? shape[1] : 1;
  std::vector<double> result;
  result.reserve(static_cast<std::size_t>(shape.size()));
  for (std::int64_t i = 0; i < shape[0]; ++i)
    for (std::int64_t j = 0; j < columns; ++j) result.push_back(elements[static_cast<std::size_t>(j * height + i)]);
  return Array::from(result, shape);
}

std::vector<double> copied(const Array& a) { return {a.data<double>(), a.data<double>() + a.size()}; }

}  // namespace

// LAPACK's upper triangle is the lower one row by row.
std::optional<Array> cholesky(const Array& a) {
  check_square("cholesky", "a", a);
  if (a.size() == 0) return a;
  std::vector<double> factor = copied(a);
  const std::int64_t n = a.shape()[0];
  if (lapack::cholesky(extent(a, 0), factor.data()) != 0) return std::nullopt;
  for (std::int64_t i = 0; i < n; ++i) std::fill_n(factor.begin() + i * n + i + 1, n - i - 1, 0.0);
  return Array::from(factor, a.shape());
}

Array cholesky_solve(const Array& factor, const Array& b) {
  check_square("cholesky_solve", "the factor", factor);
  check_right_side("cholesky_solve", "the factor", factor, b);
  if (b.rank() != 1) fail<ShapeError>("cholesky_solve", "b must be a vector, is ", b.shape());
  if (b.size() == 0) return b;
  check_pivots(factor);
  std::vector<double> x = copied(b);
  const int n = extent(factor, 0);
  for (bool transposed : {true, false})
    lapack::triangular_solve(false, transposed, false, n, 1, factor.data<double>(), x.data());
  if (!std::ranges::all_of(x, [](double element) { return std::isfinite(element); }))
    fail<NumericalError>("cholesky_solve", "the factor is too near to singular: the solution overflows");
  return Array::from(x, b.shape());
}

Eigh eigh(const Array& a) {
  check_square("eigh", "a", a);
  if (a.size() == 0) return {Array::zeros({0}), a};
  const std::int64_t n = a.shape()[0];
  std::vector<double> values(static_cast<std::size_t>(n)), vectors = by_columns(a, n);
  if (!lapack::eigh(extent(a, 0), vectors.data(), values.data()))
    fail<NumericalError>("eigh", "the iteration for the ", a.shape(), " matrix did not converge");
  return {Array::from(values), from_columns(vectors, n, a.shape())};
}

LeastSquares lstsq(const Array& a, const Array& b, std::optional<double> rcond) {
  if (a.rank() != 2 || a.size() == 0) fail<ShapeError>("lstsq", "a must be a matrix with elements, is ", a.shape());
  check_elements("lstsq", "a", a);
  check_right_side("lstsq", "a", a, b);
  if (rcond && !(*rcond >= 0 && *rcond <= 1)) fail<ValueError>("lstsq", "rcond must be in [0, 1], is ", *rcond);
  const std::int64_t rows = a.shape()[0], columns = a.shape()[1], height = std::max(rows, columns);
  const double epsilon = std::numeric_limits<double>::epsilon();
  std::vector<double> left = by_columns(a, rows), right = by_columns(b, height);
  std::vector<double> values(static_cast<std::size_t>(std::min(rows, columns)));
  const int sides = b.rank() == 2 ? extent(b, 1) : 1;
  if (sides == 0) right.resize(static_cast<std::size_t>(height));  // LAPACK refuses 0
  int rank = 0;
  if (!lapack::least_squares(extent(a, 0), extent(a, 1), std::max(sides, 1), left.data(), right.data(), values.data(),
                             rcond.value_or(epsilon * static_cast<double>(height)), rank))
    fail<NumericalError>("lstsq", "the singular values of the ", a.shape(), " matrix did not converge");
  const Shape shape = b.rank() == 2 ? Shape{columns, sides} : Shape{columns};
  return {from_columns(right, height, shape), rank, Array::from(values)};
}

}  // namespace xtape::linalg
