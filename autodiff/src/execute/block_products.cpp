#include "execute/block_products.hpp"

#include <algorithm>

namespace xtape::detail {

namespace {

/// Columns that fill vectors of every width need no edges in the kernel. Wider or deeper ones are read as they are: the
/// kernel takes them in several parts.
constexpr std::int64_t kVectorBytes = 64;
constexpr std::int64_t kMostVectors = 3;
constexpr std::int64_t kDepth = 256;

std::int64_t packed_columns(const Loop::Product& product, std::int64_t columns) {
  const auto lanes = kVectorBytes / static_cast<std::int64_t>(size_of(product.dtype));
  const std::int64_t vectors = (columns + lanes - 1) / lanes;
  return vectors <= kMostVectors && product.matrix.columns <= kDepth ? vectors * lanes : 0;
}

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
  return static_cast<std::size_t>(product.matrix.columns * packed_columns(product, columns)) * size_of(product.dtype);
}

void pack_factor(const Loop::Product& product, std::int64_t columns, Bases bases, std::byte* to) {
  const std::int64_t width = packed_columns(product, columns);
  with_element(product.dtype, [&]<class T>(T zero) {
    const Factor<T> from = factor_of<T>(product, bases);
    T* row = reinterpret_cast<T*>(to);
    for (std::int64_t i = 0; i < product.matrix.columns && width > 0; ++i, row += width) {
      for (std::int64_t j = 0; j < columns; ++j) row[j] = from.data[i * from.row + j * from.column];
      std::fill(row + columns, row + width, zero);
    }
  });
}

void multiply_rows(const Loop::Product& product, std::int64_t columns, BlockRows rows, const std::byte* packed,
                   Bases bases, std::byte* result, std::byte* gemm_scratch) {
  const std::int64_t width = packed_columns(product, columns);
  const std::int64_t depth = product.matrix.columns;
  with_element(product.dtype, [&]<class T>(T zero) {
    const Factor<T> matrix{as<T>(rows.data), product.matrix.leading, 1};
    const Factor<T> factor = width > 0 ? Factor<T>{as<T>(packed), width, 1} : factor_of<T>(product, bases);
    // What goes beyond a row is written over with the next.
    kernel_of(*product.gemm, zero)(matrix, factor, reinterpret_cast<T*>(result), columns, rows.count,
                                   width > 0 ? width : columns, depth, gemm_scratch);
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
  product_.kernel->combine(partial(chunk), block, elements_);
}

void ProductSum::finish() {
  for (std::int64_t count = chunks_; count > 1;) {
    const std::int64_t half = (count + 1) / 2;
    for (std::int64_t i = half; i < count; ++i) product_.kernel->combine(partial(i - half), partial(i), elements_);
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
