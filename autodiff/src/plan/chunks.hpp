// How a loop's space is cut into pieces of work. The cut follows from the space alone (and for stripes from the
// reduction), never from what else the loop computes or from the number of threads, because sums are rounded chunk by
// chunk.
#pragma once

#include <algorithm>
#include <cstdint>

#include <xtape/array.hpp>

namespace xtape::detail {

/// Elements in a chunk of a loop; the unit of work for threads and of reductions' rounding.
inline constexpr std::int64_t kChunk = 16384;

/// The iteration of a reduction: (outer, reduced, inner), of which the middle one goes.
struct ReductionShape {
  std::int64_t outer = 1, reduced = 1, inner = 1;
  friend bool operator==(const ReductionShape&, const ReductionShape&) = default;
  /// Whether it runs in stripes.
  bool striped() const { return inner > kChunk; }
};

struct ChunkRange {
  std::int64_t begin, end;
};

/// Chunks of whole trailing sub-tensors, as many as fit into kChunk elements, along one axis.
class Chunking {
 public:
  Chunking() = default;
  explicit Chunking(const Shape& space) : size_(space.size()) {
    std::size_t axis = space.rank();
    while (axis > 0 && row_ * space[axis - 1] <= kChunk) row_ *= space[--axis];
    if (axis == 0) return;
    extent_ = space[axis - 1];
    piece_ = std::max<std::int64_t>(1, kChunk / row_);
    pieces_ = (extent_ + piece_ - 1) / piece_;
    count_ = size_ / (extent_ * row_) * pieces_;
  }

  std::int64_t count() const { return count_; }

  ChunkRange operator[](std::int64_t chunk) const {
    if (count_ == 1) return {0, size_};
    const std::int64_t start = (chunk / pieces_ * extent_) * row_;
    const std::int64_t piece = chunk % pieces_;
    return {start + piece * piece_ * row_, start + std::min(extent_, (piece + 1) * piece_) * row_};
  }

 private:
  std::int64_t size_ = 1;
  std::int64_t row_ = 1;     ///< elements of a trailing sub-tensor
  std::int64_t extent_ = 1;  ///< of the axis that is cut
  std::int64_t piece_ = 1;   ///< sub-tensors in a chunk
  std::int64_t pieces_ = 1;
  std::int64_t count_ = 1;
};

/// Stripes of columns of (outer, reduced, inner), each run down all reduced rows.
class Striping {
 public:
  static constexpr std::int64_t kWidth = 4096;
  explicit Striping(const ReductionShape& shape) : shape_(shape), stripes_((shape.inner + kWidth - 1) / kWidth) {}

  std::int64_t count() const { return shape_.outer * stripes_; }
  std::int64_t rows() const { return shape_.reduced; }
  std::int64_t outer(std::int64_t chunk) const { return chunk / stripes_; }
  std::int64_t column(std::int64_t chunk) const { return chunk % stripes_ * kWidth; }
  std::int64_t width(std::int64_t chunk) const { return std::min(kWidth, shape_.inner - column(chunk)); }
  ChunkRange range(std::int64_t chunk, std::int64_t row) const {
    const std::int64_t begin = (outer(chunk) * shape_.reduced + row) * shape_.inner + column(chunk);
    return {begin, begin + width(chunk)};
  }

 private:
  ReductionShape shape_;
  std::int64_t stripes_;
};

}  // namespace xtape::detail
