#include "plan/block_products.hpp"

#include "kernels/dispatch.hpp"

namespace xtape::detail {

namespace {

/// What a form allows: columns, and elements of the matrix that all rows multiply or are summed to.
struct Limits {
  std::int64_t columns, elements;
};
/// The factor and a block of the result stay in the L2 cache.
constexpr Limits kDots{512, 32768};
/// Each chunk of the rows has sums of its own: with more columns these would take a good part of the memory that the
/// rows do. And they must stay in the L1 or L2 cache beside the rows, and a block of rows in the L2.
constexpr Limits kSums{32, 16384};
constexpr std::int64_t kDeepest = 1024;
constexpr std::int64_t kFewestRows = 1024;

bool has_kernel(DType dtype) {
  const GemmKernels& kernels = gemm_kernels(instruction_set());
  return dtype == DType::float32 ? kernels.float32 != nullptr : kernels.float64 != nullptr;
}

}  // namespace

std::optional<BlockProduct> as_block_product(const Layout& layout, NodeId id) {
  const Program& program = layout.program;
  const Node& node = program[id];
  if (node.op->kind != OpKind::matmul || node.shape.rank() != 2 || is_leaf(node)) return std::nullopt;
  const auto inputs = program.inputs(node);
  if (inputs.size() > 2) return std::nullopt;  // of rows that are read by their numbers
  const NodeId matrix = inputs[0], factor = inputs[1];
  const View& stored = layout.accesses[matrix].view;
  const std::int64_t m = node.shape[0], k = program[matrix].shape[1], columns = node.shape[1];
  const bool dots = stored.strides[1] == 1 && m > k;
  const BlockProduct product{dots ? BlockProduct::Form::dots : BlockProduct::Form::sums,
                             matrix,
                             factor,
                             dots ? m : k,
                             dots ? k : m,
                             columns,
                             stored.strides[dots ? 0 : 1]};
  const bool in_order = dots || stored.strides[0] == 1;
  const Limits& most = dots ? kDots : kSums;
  const bool fits = columns > 1 && columns <= most.columns && product.depth > 1 && product.depth <= kDeepest &&
                    product.depth * columns <= most.elements && product.rows >= kFewestRows &&
                    product.leading >= product.depth && product.rows > product.depth;
  return in_order && fits && has_kernel(node.dtype) ? std::optional(product) : std::nullopt;
}

std::size_t& least_bytes_of_joining_product() {
  static std::size_t bytes = std::size_t{4} << 20;
  return bytes;
}

bool joins_readers(const BlockProduct& product, DType dtype) {
  constexpr std::int64_t kOnePass = 256;  // the kernel goes twice through the results of deeper ones
  const auto bytes = static_cast<std::size_t>(product.rows * product.columns) * size_of(dtype);
  return product.form == BlockProduct::Form::dots && product.depth <= kOnePass &&
         bytes >= least_bytes_of_joining_product();
}

}  // namespace xtape::detail
