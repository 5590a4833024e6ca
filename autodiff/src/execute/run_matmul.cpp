// Matrix products: on AVX-512 by a kernel of our own, else by OpenBLAS, on one thread for each tile; small ones by
// another kernel of our own.
#include <cblas.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>
#include <type_traits>

#include <xtape/engine.hpp>

#include "execute/per_thread.hpp"
#include "execute/run.hpp"
#include "execute/threads.hpp"
#include "kernels/blas_threads.hpp"
#include "kernels/dispatch.hpp"
#include "ops/errors.hpp"

namespace xtape::detail {

namespace {

/// Below this many multiplications a BLAS call costs more than the product.
constexpr std::int64_t kSmall = 4096;
/// Tiles of a large product: at least so many rows or columns each, at most so many tiles. Where OpenBLAS computes them
/// they follow from the shape alone, for its bits may depend on them.
constexpr std::int64_t kTile = 128;
constexpr std::int64_t kMostTiles = 16;
/// Tiles of our kernel, whose bits do not. Each packs the other factor anew.
constexpr std::int64_t kOurTile = 64;
constexpr std::int64_t kTilesOfThread = 2;
/// Operations of float64 in a nanosecond; float32 is twice as fast.
constexpr double kBlasSpeed = 40;
constexpr double kOurSpeed = 80;

/// A matrix in memory: element (i, j) is at data[i * row + j * column].
template <class T>
struct Matrix {
  const T* data;
  std::int64_t row, column;
  bool transposed;
  std::int64_t leading;

  CBLAS_TRANSPOSE flag() const { return transposed ? CblasTrans : CblasNoTrans; }
  Matrix from_row(std::int64_t i) const {
    Matrix result = *this;
    result.data += i * row;
    return result;
  }
  Matrix from_column(std::int64_t j) const {
    Matrix result = *this;
    result.data += j * column;
    return result;
  }
};

/// OpenBLAS counts in int.
int blas(std::int64_t extent) {
  if (extent > std::numeric_limits<int>::max())
    fail<ShapeError>("matmul", "an extent or stride of ", extent, " is too large");
  return static_cast<int>(extent);
}

void gemm(const Matrix<double>& a, const Matrix<double>& b, double* c, std::int64_t ldc, std::int64_t m, std::int64_t n,
          std::int64_t k) {
  cblas_dgemm(CblasRowMajor, a.flag(), b.flag(), blas(m), blas(n), blas(k), 1.0, a.data, blas(a.leading), b.data,
              blas(b.leading), 0.0, c, blas(ldc));
}
void gemm(const Matrix<float>& a, const Matrix<float>& b, float* c, std::int64_t ldc, std::int64_t m, std::int64_t n,
          std::int64_t k) {
  cblas_sgemm(CblasRowMajor, a.flag(), b.flag(), blas(m), blas(n), blas(k), 1.0F, a.data, blas(a.leading), b.data,
              blas(b.leading), 0.0F, c, blas(ldc));
}

/// y = a x for a matrix a as it is stored, or for its transpose.
void gemv(CBLAS_TRANSPOSE flag, std::int64_t rows, std::int64_t columns, const double* a, std::int64_t leading,
          const double* x, std::int64_t step, double* y) {
  cblas_dgemv(CblasRowMajor, flag, blas(rows), blas(columns), 1.0, a, blas(leading), x, blas(step), 0.0, y, 1);
}
void gemv(CBLAS_TRANSPOSE flag, std::int64_t rows, std::int64_t columns, const float* a, std::int64_t leading,
          const float* x, std::int64_t step, float* y) {
  cblas_sgemv(CblasRowMajor, flag, blas(rows), blas(columns), 1.0F, a, blas(leading), x, blas(step), 0.0F, y, 1);
}

/// (rows, columns) times a vector, whatever way the matrix is stored.
template <class T>
void matrix_vector(const Matrix<T>& a, std::int64_t rows, std::int64_t columns, const T* x, std::int64_t step, T* y) {
  if (a.transposed) gemv(CblasTrans, columns, rows, a.data, a.leading, x, step, y);
  else gemv(CblasNoTrans, rows, columns, a.data, a.leading, x, step, y);
}

/// Memory of a thread for the packed factors of our kernel.
struct PackedFactors {
  std::byte* memory = static_cast<std::byte*>(std::aligned_alloc(64, kGemmScratch));

  PackedFactors() {
    if (memory == nullptr) throw std::bad_alloc();
  }
  ~PackedFactors() { std::free(memory); }
};

template <class T>
void gemm(GemmKernel<T> kernel, const Matrix<T>& a, const Matrix<T>& b, T* c, std::int64_t ldc, std::int64_t m,
          std::int64_t n, std::int64_t k) {
  if (kernel == nullptr) return gemm(a, b, c, ldc, m, n, k);
  kernel({a.data, a.row, a.column}, {b.data, b.row, b.column}, c, ldc, m, n, k, per_thread<PackedFactors>().memory);
}

std::int64_t tiles(std::int64_t extent, bool ours) {
  return ours ? std::clamp<std::int64_t>(extent / kOurTile, 1, kTilesOfThread * num_threads())
              : std::clamp<std::int64_t>(extent / kTile, 1, kMostTiles);
}

template <class T>
void tiled_gemm(GemmKernel<T> kernel, const Matrix<T>& a, const Matrix<T>& b, T* c, std::int64_t m, std::int64_t n,
                std::int64_t k) {
  const double speed = (kernel == nullptr ? kBlasSpeed : kOurSpeed) * sizeof(double) / sizeof(T);
  const double nanoseconds = 2 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) / speed;
  if (kernel != nullptr && !worth_threads(nanoseconds)) return gemm(kernel, a, b, c, n, m, n, k);
  const bool by_rows = m >= n;
  const std::int64_t extent = by_rows ? m : n;
  const std::int64_t count = tiles(extent, kernel != nullptr);
  const std::int64_t length = (extent + count - 1) / count;
  parallel_for(static_cast<std::size_t>(count), nanoseconds, [&](std::size_t tile) {
    const std::int64_t begin = static_cast<std::int64_t>(tile) * length;
    const std::int64_t size = std::min(length, extent - begin);
    if (size <= 0) return;
    if (by_rows) gemm(kernel, a.from_row(begin), b, c + begin * n, n, size, n, k);
    else gemm(kernel, a, b.from_column(begin), c + begin, n, m, size, k);
  });
}

void small(const SmallMatmulKernels& kernels, const Matrix<double>& a, const Matrix<double>& b, double* c,
           std::int64_t m, std::int64_t n, std::int64_t k) {
  kernels.float64(a.data, a.row, a.column, b.data, b.row, b.column, c, m, n, k);
}
void small(const SmallMatmulKernels& kernels, const Matrix<float>& a, const Matrix<float>& b, float* c, std::int64_t m,
           std::int64_t n, std::int64_t k) {
  kernels.float32(a.data, a.row, a.column, b.data, b.row, b.column, c, m, n, k);
}

template <class T>
void product(const Matrix<T>& a, const Matrix<T>& b, T* c, std::int64_t m, std::int64_t n, std::int64_t k,
             InstructionSet set) {
  if (is_small_product(m, n, k)) return small(small_matmul(set), a, b, c, m, n, k);
  GemmKernel<T> kernel;
  if constexpr (std::is_same_v<T, float>) kernel = gemm_kernels(set).float32;
  else kernel = gemm_kernels(set).float64;
  if (m > 1 && n > 1 && kernel != nullptr) return tiled_gemm(kernel, a, b, c, m, n, k);
  use_one_blas_thread();
  const auto step = [k](std::int64_t stride) { return k == 1 ? 1 : stride; };  // of one element it means nothing
  if (n == 1) return matrix_vector(a, m, k, b.data, step(b.row), c);
  if (m == 1) {
    Matrix<T> turned = b;
    turned.transposed = !b.transposed;
    return matrix_vector(turned, n, k, a.data, step(a.column), c);
  }
  tiled_gemm(kernel, a, b, c, m, n, k);
}

template <class T>
Matrix<T> matrix(const MatmulStep::Operand& operand, std::size_t batch_rank, Bases bases) {
  const View& view = operand.access.view;
  return {reinterpret_cast<const T*>(bases[operand.access.base]) + view.offset, view.strides[batch_rank],
          view.strides[batch_rank + 1], operand.transposed, operand.leading};
}

template <class T>
void run_batch(const MatmulStep& step, InstructionSet set, Bases bases) {
  const std::size_t rank = step.batch.rank();
  const Matrix<T> a = matrix<T>(step.a, rank, bases), b = matrix<T>(step.b, rank, bases);
  T* c = reinterpret_cast<T*>(bases[step.value]);
  const std::int64_t batches = step.batch.size();
  if (batches * step.m * step.n == 0) return;
  if (step.k == 0) {
    std::fill_n(c, batches * step.m * step.n, T{0});
    return;
  }
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    std::int64_t a_offset = 0, b_offset = 0, rest = batch;
    for (std::size_t axis = rank; axis-- > 0;) {
      const std::int64_t position = rest % step.batch[axis];
      rest /= step.batch[axis];
      a_offset += position * step.a.access.view.strides[axis];
      b_offset += position * step.b.access.view.strides[axis];
    }
    Matrix<T> a_here = a, b_here = b;
    a_here.data += a_offset;
    b_here.data += b_offset;
    product(a_here, b_here, c + batch * step.m * step.n, step.m, step.n, step.k, set);
  }
}

}  // namespace

bool is_small_product(std::int64_t m, std::int64_t n, std::int64_t k) { return m * n * k <= kSmall; }

void run_matmul(const MatmulStep& step, InstructionSet set, DType dtype, Bases bases) {
  if (dtype == DType::float32) run_batch<float>(step, set, bases);
  else run_batch<double>(step, set, bases);
}

}  // namespace xtape::detail
