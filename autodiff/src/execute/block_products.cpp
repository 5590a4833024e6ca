#include "execute/block_products.hpp"

#include <algorithm>

namespace xtape::detail {

namespace {

/// A panel of the factor is as wide as the kernel's tiles.
constexpr std::int64_t kVectorBytes = 64;
constexpr std::int64_t kPanelVectors = 3;
/// The kernel adds deeper products up in several turns, for which each row must end where it ends.
constexpr std::int64_t kDepth = 256;

std::int64_t lanes(DType dtype) { return kVectorBytes / static_cast<std::int64_t>(size_of(dtype)); }
std::int64_t whole_vectors(std::int64_t columns, std::int64_t lanes) { return (columns + lanes - 1) / lanes * lanes; }

GemmKernel<float> kernel_of(const GemmKernels& kernels, float) { return kernels.float32; }
GemmKernel<double> kernel_of(const GemmKernels& kernels, double) { return kernels.float64; }

/// Calls `function` with a zero of the dtype.
template <class Function>
void with_element(DType dtype, Function function) {
  if (dtype == DType::float32) function(float{});
  else function(double{});
}

template <class T>
Factor<T> factor_of(const Loop::Product& product, Bases bases) {
  const View& view = product.factor.view;
  return {reinterpret_cast<const T*>(bases[product.factor.base]) + view.offset, view.strides[0], view.strides[1]};
}

template <class T>
const T* as(const std::byte* bytes) {
  return reinterpret_cast<const T*>(bytes);
}

}  // namespace

std::size_t packed_bytes(const Loop::Product& product, std::int64_t columns) {
  const std::int64_t width = whole_vectors(columns, lanes(product.dtype));
  return static_cast<std::size_t>(product.matrix.columns * width) * size_of(product.dtype);
}

void pack_factor(const Loop::Product& product, std::int64_t columns, Bases bases, std::byte* to) {
  const std::int64_t most = kPanelVectors * lanes(product.dtype);
  with_element(product.dtype, [&]<class T>(T zero) {
    const Factor<T> from = factor_of<T>(product, bases);
    T* row = reinterpret_cast<T*>(to);
    for (std::int64_t first = 0; first < columns; first += most) {
      const std::int64_t count = std::min(most, columns - first), width = whole_vectors(count, lanes(product.dtype));
      for (std::int64_t i = 0; i < product.matrix.columns; ++i, row += width) {
        for (std::int64_t j = 0; j < count; ++j) row[j] = from.data[i * from.row + (first + j) * from.column];
        std::fill(row + count, row + width, zero);
      }
    }
  });
}

bool writes_beyond(const Loop::Product& product, std::int64_t columns) {
  return product.matrix.columns <= kDepth && columns % lanes(product.dtype) != 0;
}

void multiply_rows(const Loop::Product& product, std::int64_t columns, BlockRows rows, const std::byte* packed,
                   std::byte* result, std::byte* gemm_scratch) {
  const std::int64_t depth = product.matrix.columns, most = kPanelVectors * lanes(product.dtype);
  const bool beyond = writes_beyond(product, columns);
  with_element(product.dtype, [&]<class T>(T zero) {
    const Factor<T> matrix{as<T>(rows.data), product.matrix.leading, 1};
    // From the last panel to the first: what goes beyond a row is written over with the next.
    for (std::int64_t first = (columns - 1) / most * most; first >= 0; first -= most) {
      const std::int64_t count = std::min(most, columns - first), width = whole_vectors(count, lanes(product.dtype));
      const Factor<T> panel{as<T>(packed) + first * depth, width, 1};
      kernel_of(*product.gemm, zero)(matrix, panel, reinterpret_cast<T*>(result) + first, columns, rows.count,
                                     beyond ? width : count, depth, gemm_scratch);
    }
  });
}

ProductSum::ProductSum(const Loop::Product& product, std::int64_t columns, std::byte* result, std::int64_t chunks)
    : product_(product),
      columns_(columns),
      elements_(static_cast<std::size_t>(columns * product.matrix.columns)),
      result_(result),
      chunks_(chunks),
      partials_(static_cast<std::size_t>(chunks) * bytes()) {}

void ProductSum::begin(std::int64_t chunk) const { product_.kernel->clear(partial(chunk), elements_); }

void ProductSum::add(std::int64_t chunk, BlockRows rows, const std::byte* factors, std::byte* block,
                     std::byte* gemm_scratch) {
  const std::int64_t depth = product_.matrix.columns;
  with_element(product_.dtype, [&]<class T>(T zero) {
    const Factor<T> turned{as<T>(factors), 1, columns_}, matrix{as<T>(rows.data), product_.matrix.leading, 1};
    kernel_of(*product_.gemm, zero)(turned, matrix, reinterpret_cast<T*>(block), depth, columns_, depth, rows.count,
                                    gemm_scratch);
  });
  product_.kernel->combine(partial(chunk), block, elements_, 1);
}

void ProductSum::finish() {
  for (std::int64_t count = chunks_; count > 1;) {
    const std::int64_t half = (count + 1) / 2;
    for (std::int64_t i = half; i < count; ++i) product_.kernel->combine(partial(i - half), partial(i), elements_, 1);
    count = half;
  }
  with_element(product_.dtype, [&]<class T>(T) {
    const T* sums = as<T>(partial(0));
    T* result = reinterpret_cast<T*>(result_);
    for (std::int64_t i = 0; i < product_.matrix.columns; ++i)
      for (std::int64_t j = 0; j < columns_; ++j) *result++ = sums[j * product_.matrix.columns + i];
  });
}

}  // namespace xtape::detail
