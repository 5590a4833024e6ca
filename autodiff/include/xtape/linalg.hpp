// Dense linear algebra on float64 Arrays, through LAPACK. These are functions of values: nothing is recorded.
//
// All throw ShapeError where shapes do not fit, DTypeError for other dtypes, and ValueError for elements that are not
// finite.
#pragma once

#include <cstdint>
#include <optional>

#include <xtape/array.hpp>

namespace xtape::linalg {

/// The lower triangular L (n, n) with L L^T = a, reading the lower triangle of the symmetric a (n, n); nothing if a is
/// not positive definite.
std::optional<Array> cholesky(const Array& a);
/// x with L L^T x = b, for the factor L (n, n) that `cholesky` gave, and b (n). Throws NumericalError if L has a 0 on
/// its diagonal, or the solution overflows.
Array cholesky_solve(const Array& factor, const Array& b);

struct Eigh {
  Array eigenvalues;   ///< (n), ascending
  Array eigenvectors;  ///< (n, n); column j belongs to eigenvalue j, and the columns are orthonormal
};
/// Eigenvalues and eigenvectors of a symmetric a (n, n), whose lower triangle is read. Throws NumericalError if the
/// iteration does not converge.
Eigh eigh(const Array& a);

struct LeastSquares {
  Array solution;         ///< (n) or (n, k), as b; of all that minimize, the one of least norm
  std::int64_t rank = 0;  ///< of a
  Array singular_values;  ///< of a, (min(m, n)), descending
};
/// Minimizes the norm of a x - b for a (m, n) and b (m) or (m, k), by the singular value decomposition. Singular values
/// below the largest times `rcond` count as zero; the default is the machine epsilon 2^-52 times max(m, n), as in
/// NumPy. Throws ValueError for rcond outside [0, 1], NumericalError if the iteration does not converge.
LeastSquares lstsq(const Array& a, const Array& b, std::optional<double> rcond = {});

}  // namespace xtape::linalg
