// The interface between the executor and the kernels of matrix products.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xtape::detail {

/// A factor of a product: element (i, j) is at data[i * row + j * column].
template <class T>
struct Factor {
  const T* data;
  std::int64_t row, column;
};

/// c (m, n) = a (m, k) b (k, n). Rows of c are `leading` elements apart. Every element is a sum over k in an order that
/// depends on k alone. `scratch` has kGemmScratch bytes, aligned to 64.
template <class T>
using GemmKernel = void (*)(const Factor<T>& a, const Factor<T>& b, T* c, std::int64_t leading, std::int64_t m,
                            std::int64_t n, std::int64_t k, std::byte* scratch);

/// Null where the machine's BLAS is as good.
struct GemmKernels {
  GemmKernel<float> float32;
  GemmKernel<double> float64;
};

inline constexpr std::size_t kGemmScratch = std::size_t{768} << 10;

}  // namespace xtape::detail
