// LAPACK on raw buffers of float and double, for ops: the matrices are column-major and dense, all arguments are valid,
// elements are finite and extents above 0. OpenBLAS runs on one thread (kernels/blas_threads.hpp).
#pragma once

#include <cstdint>

namespace xtape::detail::lapack {

/// P L U = a (n, n) in place, with the row that each step exchanged, from 1. False if a pivot is exactly 0.
template <class T>
bool lu(int n, T* a, int* pivots);
/// An estimate of 1 / (norm(a) norm(a^-1)) in the 1-norm, from the factors of `lu` and the norm of a.
template <class T>
T reciprocal_condition(int n, const T* lu, T norm);
/// Solves a x = b, or a^T x = b, for b (n, columns) in place.
template <class T>
void lu_solve(bool transposed, int n, int columns, const T* lu, const int* pivots, T* b);
/// The inverse in place of the factors.
template <class T>
void lu_inverse(int n, T* lu, const int* pivots);

/// U^T U = a (n, n) in the upper triangle, in place. The order of the leading minor that is not positive, or 0.
template <class T>
int cholesky(int n, T* a);
/// Solves a x = b, or a^T x = b, for b (n, columns) in place and a triangle of a, whose diagonal has no 0.
template <class T>
void triangular_solve(bool lower, bool transposed, bool unit_diagonal, int n, int columns, const T* a, T* b);

/// a (m, n), m >= n, becomes Q, and its R is written to the upper triangle of r (n, n).
template <class T>
void qr(int m, int n, T* a, T* r);
/// a (n, n), read in its lower triangle, becomes its eigenvectors; values ascend. False if there is no convergence.
template <class T>
bool eigh(int n, T* a, T* values);
/// a (m, n) = u (m, k) diag(s) vt (k, n), k the smaller extent; destroys a. False if there is no convergence.
template <class T>
bool svd(int m, int n, T* a, T* s, T* u, T* vt);

/// Minimizes the norm of a x - b for a (m, n) and columns b (max(m, n), columns), whose first n rows become x. s, of
/// the smaller extent, becomes the singular values; those up to `share` times the largest do not count for the rank.
/// Destroys a. False if there is no convergence.
template <class T>
bool least_squares(int m, int n, int columns, T* a, T* b, T* s, T share, int& rank);

}  // namespace xtape::detail::lapack
