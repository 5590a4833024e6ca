// Linear algebra on stacks of matrices (..., m, n), each computed by itself; floating only. Names, arguments and
// results follow numpy.linalg.
//
// All throw ShapeError where shapes do not fit. Errors that depend on values are NumericalError, thrown when the value
// is computed. A matrix with NaN or inf makes its results NaN. Where a matrix is read as symmetric it is (a + a^T) / 2,
// and the gradient is symmetric.
//
// Eigenvectors, singular vectors and the eigenvalues themselves have no derivative where eigenvalues (singular values)
// are equal to working precision. The gradient is computed all the same, unless the cotangent tells the equal ones
// apart, or goes through vectors whose eigenvalues it depends on; then it throws NumericalError. A vector's sign is
// such that its first element of at least 3/8 of its largest is positive.
#pragma once

#include <cstdint>
#include <optional>

#include <xtape/operand.hpp>

namespace xtape {

/// The x with a x = b, for a (..., n, n) and b (n) or (..., n, k), with leading axes that broadcast. Throws for an a
/// whose reciprocal condition, its rows and columns balanced, is below the rounding error, and names that.
Var solve(const Operand& a, const Operand& b);
/// The inverse of a (..., n, n). Throws as `solve`.
Var inv(const Operand& a);
inline Var inverse(const Operand& a) { return inv(a); }
/// a^exponent for a (..., n, n), of the inverse where negative; the identity for 0.
Var matrix_power(const Operand& a, std::int64_t exponent);

/// Which triangle of a matrix counts, and how.
struct Triangle {
  bool lower = false;
  bool transposed = false;     ///< a^T instead of a
  bool unit_diagonal = false;  ///< the diagonal is not read and counts as 1
};
/// As `solve`, for a triangle of a; the other elements are not read. Throws for a 0 on the diagonal.
///     solve_triangular(l, b, {.lower = true})
Var solve_triangular(const Operand& a, const Operand& b, const Triangle& triangle = {});
/// The lower triangular l with l l^T = a for a symmetric positive definite a (..., n, n), or its transpose. Throws for
/// any other a, and names the order of the first leading minor that is not positive.
Var cholesky(const Operand& a, bool upper = false);

/// The determinant of a (..., n, n). The gradient is the cofactors, for a singular a too.
Var det(const Operand& a);
struct SlogdetResult {
  Var sign, logabsdet;
};
/// The sign and log(abs(det)) of a (..., n, n); 0 and -inf for a singular a, whose gradient throws.
SlogdetResult slogdet(const Operand& a);

struct QRResult {
  Var q, r;
};
/// a = q r with orthonormal columns in q (..., m, k) and an upper triangle r (..., k, n), k = min(m, n), for a (..., m,
/// n). The gradient throws where the first k columns of a are dependent, so that r has a 0 on its diagonal.
QRResult qr(const Operand& a);

struct EighResult {
  Var eigenvalues;   ///< (..., n), ascending
  Var eigenvectors;  ///< (..., n, n), as columns
};
/// Eigenvalues and orthonormal eigenvectors of the symmetric a (..., n, n).
EighResult eigh(const Operand& a);
Var eigvalsh(const Operand& a);  ///< the eigenvalues alone

struct SVDResult {
  Var u;   ///< (..., m, k), orthonormal columns
  Var s;   ///< (..., k), descending
  Var vh;  ///< (..., k, n), orthonormal rows
};
/// a = u diag(s) vh, reduced: k = min(m, n), for a (..., m, n). The gradient of a singular value that is 0 is 0.
SVDResult svd(const Operand& a);
Var svdvals(const Operand& a);  ///< the singular values alone
/// The pseudo-inverse (..., n, m) of a (..., m, n). Singular values up to `rtol` times the largest count as 0; by
/// default the rounding error times max(m, n). The gradient throws for an a that is not of full rank.
Var pinv(const Operand& a, std::optional<double> rtol = {});
/// The x of least norm of all that minimize the norm of a x - b, for a (..., m, n) and b (m) or (..., m, k); `rcond`
/// and gradient as `pinv`.
Var lstsq(const Operand& a, const Operand& b, std::optional<double> rcond = {});

}  // namespace xtape
