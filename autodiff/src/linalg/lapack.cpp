// The only file that includes xtensor-blas, which takes seconds to compile and cannot share a file with <cblas.h>.
#include "linalg/lapack.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <xtensor-blas/xlinalg.hpp>

#include "kernels/blas_threads.hpp"

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

template <class T>
bool least_squares(int m, int n, int columns, T* a, T* b, T* s, T share, int& rank) {
  use_one_blas_thread();
  const int height = std::max(m, n);
  T asked = 0;
  int asked_indices = 0;
  cxxlapack::gelsd(m, n, columns, a, m, b, height, s, share, rank, &asked, -1, &asked_indices);
  std::vector<T> work(static_cast<std::size_t>(wanted(asked)));
  std::vector<int> indices(static_cast<std::size_t>(std::max(1, asked_indices)));
  return cxxlapack::gelsd(m, n, columns, a, m, b, height, s, share, rank, work.data(), static_cast<int>(work.size()),
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
  template bool svd(int, int, T*, T*, T*, T*);                              \
  template bool least_squares(int, int, int, T*, T*, T*, T, int&);
XTAPE_LAPACK_OF(float)
XTAPE_LAPACK_OF(double)
#undef XTAPE_LAPACK_OF

}  // namespace xtape::detail::lapack
