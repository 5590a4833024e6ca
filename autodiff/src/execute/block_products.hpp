// Products with several columns inside of a loop by rows, block by block.
#pragma once

#include "execute/memory.hpp"
#include "execute/run.hpp"
#include "plan/plan.hpp"

namespace xtape::detail {

/// The rows of a matrix that a block reads, and how many there are.
struct BlockRows {
  const std::byte* data;
  std::int64_t count;
};

/// The product's other factor as the kernel reads it fastest.
std::size_t packed_bytes(const Loop::Product& product, std::int64_t columns);
void pack_factor(const Loop::Product& product, std::int64_t columns, Bases bases, std::byte* to);

/// A block's rows of the result, with the bits of the whole product, by a factor of `pack_factor`.
void multiply_rows(const Loop::Product& product, std::int64_t columns, BlockRows rows, const std::byte* packed,
                   std::byte* result, std::byte* gemm_scratch);
/// Whether that writes beyond the rows, less than a cache line.
bool writes_beyond(const Loop::Product& product, std::int64_t columns);

/// The product of a matrix's transpose and of what the loop computes, shared by the loop's threads: each chunk has sums
/// of its own, a block's rows at a time; those of chunks are added pairwise in a fixed order.
class ProductSum {
 public:
  ProductSum(const Loop::Product& product, std::int64_t columns, std::byte* result, std::int64_t chunks);

  void begin(std::int64_t chunk) const;
  /// `block` has a place for the sums of a block.
  void add(std::int64_t chunk, BlockRows rows, const std::byte* factors, std::byte* block, std::byte* gemm_scratch);
  /// After all chunks.
  void finish();

  std::size_t bytes() const { return elements_ * size_of(product_.dtype); }

 private:
  std::byte* partial(std::int64_t chunk) const { return partials_.data() + static_cast<std::size_t>(chunk) * bytes(); }

  const Loop::Product& product_;
  std::int64_t columns_;
  std::size_t elements_;
  std::byte* result_;
  std::int64_t chunks_;
  Workspace partials_;  ///< turned: a row for each column of the result
};

}  // namespace xtape::detail
