// Matrix products too small for BLAS, whose call alone would cost more. Every element is one sum over k in an order
// that depends on the shapes and strides only.
#include "kernels/gemm_kernel.hpp"
#include "kernels/lanes.hpp"

namespace xtape::detail::XTAPE_ISA {

/// A matrix with any strides.
template <class T>
struct Strided {
  const T* data;
  std::int64_t row, column;
  const T* at(std::int64_t i, std::int64_t j) const { return data + i * row + j * column; }
  Strided transposed() const { return {data, column, row}; }
};

template <class T>
inline constexpr std::int64_t kWidthOf = kVectorBytes / sizeof(T);

/// Neighbouring vectors of row i of the product, from column j on; b's rows are contiguous.
template <class T, std::size_t... Part>
[[gnu::always_inline]] inline void row_tile(Strided<T> a, Strided<T> b, T* c, std::int64_t i, std::int64_t j,
                                            std::int64_t k, std::index_sequence<Part...>) {
  constexpr std::size_t kWidth = kVectorBytes / sizeof(T);
  using V = Vector<T, kWidth>;
  V sums[] = {(static_cast<void>(Part), V{})...};
  for (std::int64_t p = 0; p < k; ++p) {
    const T factor = *a.at(i, p);
    const T* row = b.at(p, j);
    ((sums[Part] = sums[Part] + factor * load<V>(row + Part * kWidth)), ...);
  }
  __builtin_memcpy(c, sums, sizeof(sums));
}

/// Sums of so few terms that a loop would cost more than they do.
template <class T, std::size_t... P>
[[gnu::always_inline]] inline void short_products(Strided<T> a, Strided<T> b, T* c, std::int64_t m, std::int64_t n,
                                                  std::index_sequence<P...>) {
  for (std::int64_t i = 0; i < m; ++i) {
    const T row[] = {*a.at(i, P)...};
    const T* column = b.data;
    for (std::int64_t j = 0; j < n; ++j, column += b.column) {
      T sum = 0;
      ((sum += row[P] * column[static_cast<std::int64_t>(P) * b.row]), ...);
      *c++ = sum;
    }
  }
}

template <class T>
inline T strided_dot(Strided<T> a, Strided<T> b, std::int64_t i, std::int64_t j, std::int64_t k) {
  T sum = 0;
  const T *left = a.at(i, 0), *right = b.at(0, j);
  for (std::int64_t p = 0; p < k; ++p, left += a.column, right += b.row) sum += *left * *right;
  return sum;
}

template <class T>
inline T contiguous_dot(const T* a, const T* b, std::int64_t k) {
  using V = Vector<T, kVectorBytes / sizeof(T)>;
  V sums = {};
  std::int64_t p = 0;
  for (; p + kWidthOf<T> <= k; p += kWidthOf<T>) sums = sums + load<V>(a + p) * load<V>(b + p);
  T sum = p == 0 ? 0 : across<Sum, T, kVectorBytes / sizeof(T)>(sums);
  for (; p < k; ++p) sum += a[p] * b[p];
  return sum;
}

template <class T>
void by_rows(Strided<T> a, Strided<T> b, T* c, std::int64_t m, std::int64_t n, std::int64_t k) {
  constexpr std::int64_t kWidth = kWidthOf<T>;
  for (std::int64_t i = 0; i < m; ++i) {
    T* row = c + i * n;
    std::int64_t j = 0;
    for (; j + 4 * kWidth <= n; j += 4 * kWidth) row_tile(a, b, row + j, i, j, k, std::make_index_sequence<4>{});
    for (; j + kWidth <= n; j += kWidth) row_tile(a, b, row + j, i, j, k, std::make_index_sequence<1>{});
    for (; j < n; ++j) row[j] = strided_dot(a, b, i, j, k);
  }
}

template <class T>
void product(Strided<T> a, Strided<T> b, T* c, std::int64_t m, std::int64_t n, std::int64_t k) {
  if (n == 1 && a.row == 1 && a.column != 1) return by_rows(b.transposed(), a.transposed(), c, 1, m, k);
  if (k == 3 && n < kWidthOf<T>) return short_products(a, b, c, m, n, std::make_index_sequence<3>{});
  if (k == 2 && n < kWidthOf<T>) return short_products(a, b, c, m, n, std::make_index_sequence<2>{});
  if (a.column == 1 && b.row == 1 && (b.column != 1 || n < kWidthOf<T>)) {
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) c[i * n + j] = contiguous_dot(a.at(i, 0), b.at(0, j), k);
    return;
  }
  if (b.column == 1) return by_rows(a, b, c, m, n, k);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) c[i * n + j] = strided_dot(a, b, i, j, k);
}

extern constinit const GemmKernels gemm_kernels;

template <class T>
constexpr GemmKernel<T> gemm_kernel() {
  if constexpr (sizeof(T) == sizeof(float)) return gemm_kernels.float32;
  else return gemm_kernels.float64;
}

/// From so many multiplications on the kernel of large products is faster, if there is one.
constexpr std::int64_t kWorthTiles = 512;
/// It needs little scratch memory for such small products, except for very long ones.
constexpr std::int64_t kLongest = 256;
constexpr std::size_t kSmallScratch = std::size_t{32} << 10;

template <class T>
[[gnu::noinline]] void by_tiles(Strided<T> a, Strided<T> b, T* c, std::int64_t m, std::int64_t n, std::int64_t k) {
  alignas(64) std::byte scratch[kSmallScratch];
  gemm_kernel<T>()({a.data, a.row, a.column}, {b.data, b.row, b.column}, c, n, m, n, k, scratch);
}

template <class T>
void small_product(const T* a, std::int64_t a_row, std::int64_t a_column, const T* b, std::int64_t b_row,
                   std::int64_t b_column, T* c, std::int64_t m, std::int64_t n, std::int64_t k) {
  const Strided<T> left{a, a_row, a_column}, right{b, b_row, b_column};
  const bool tiles = gemm_kernel<T>() != nullptr && m > 1 && n > 1 && k <= kLongest && m * n * k >= kWorthTiles;
  (tiles ? &by_tiles<T> : &product<T>)(left, right, c, m, n, k);
}

extern constinit const SmallMatmulKernels small_matmul;
constinit const SmallMatmulKernels small_matmul = {&small_product<float>, &small_product<double>};

}  // namespace xtape::detail::XTAPE_ISA
