// Reductions at the end of a loop: each chunk reduces into its part of the result, or into a partial result where
// several chunks share one; those are then combined pairwise in a fixed order.
#pragma once

#include <cstdint>

#include "execute/memory.hpp"
#include "plan/plan.hpp"

namespace xtape::detail {

/// One reduction of one run of a loop, shared by its threads.
class SinkRun {
 public:
  SinkRun(const Loop::Sink& sink, std::byte* result, std::int64_t chunks);

  /// The identity everywhere: for an empty space.
  void clear();
  /// Combines the chunks' partial results. After all chunks.
  void finish();

  const ReductionKernel& kernel() const { return kernel_; }
  const ReductionShape& shape() const { return shape_; }
  std::size_t element_size() const { return element_size_; }
  /// The kernel of a sum of matrix rows; null for a reduction.
  const RowKernel* rows() const { return rows_; }
  /// Where a chunk's results go, and how many rows it reduces for each.
  struct Target {
    std::byte* data;
    std::int64_t outputs;
    std::int64_t rows;
  };
  Target target(std::int64_t chunk, const ChunkRange& range) const;

 private:
  const ReductionKernel& kernel_;
  const RowKernel* rows_;
  ReductionShape shape_;
  std::size_t element_size_;
  std::byte* result_;
  std::int64_t chunks_per_outer_;  ///< 0 or 1 if a chunk covers whole outer parts
  Workspace partials_;
};

/// What a thread keeps of a reduction while it works on a chunk.
class SinkState {
 public:
  /// Columns are summed over so many rows before they go to their total, so that the error of a long column stays
  /// small.
  static constexpr std::int64_t kLeafRows = 64;
  static std::size_t leaf_bytes(const Loop::Sink& sink);

  void begin(const SinkRun& run, std::int64_t chunk, const ChunkRange& range, std::byte* leaf);
  void begin_stripe(const SinkRun& run, const Striping& striping, std::int64_t chunk, std::byte* result,
                    std::byte* leaf);
  void feed(const SinkRun& run, const std::byte* x, std::size_t n);
  /// Adds the rows of the matrix times the n elements of s.
  void feed(const SinkRun& run, RowMatrix matrix, const std::byte* s, std::size_t n);

 private:
  void begin_rows(const SinkRun& run, std::byte* leaf);
  void feed_rows(const SinkRun& run, const std::byte* x, std::size_t n);
  std::int64_t rows_to_flush() const;
  void end_rows(const SinkRun& run, std::int64_t count);
  void flush(const SinkRun& run);

  SegmentState segment_;
  std::byte* total_ = nullptr;  ///< the columns' results
  std::byte* leaf_ = nullptr;   ///< where rows are added up first; the same as `total_` if there are few
  std::int64_t columns_ = 0, column_ = 0;
  std::int64_t rows_ = 0, row_ = 0;
};

}  // namespace xtape::detail
