#include "execute/sink.hpp"

#include <algorithm>
#include <cstring>

namespace xtape::detail {

namespace {

/// How many chunks share an outer part of the result; 1 if chunks cover whole ones.
std::int64_t chunks_per_outer(const ReductionShape& shape, std::int64_t chunks) {
  return shape.striped() ? 1 : std::max<std::int64_t>(1, chunks / std::max<std::int64_t>(1, shape.outer));
}

std::size_t bytes(std::int64_t elements, std::size_t element_size) {
  return static_cast<std::size_t>(elements) * element_size;
}

}  // namespace

SinkRun::SinkRun(const Loop::Sink& sink, std::byte* result, std::int64_t chunks)
    : kernel_(*sink.kernel),
      rows_(sink.rows),
      shape_(sink.shape),
      element_size_(size_of(sink.dtype)),
      result_(result),
      chunks_per_outer_(chunks_per_outer(shape_, chunks)),
      partials_(chunks_per_outer_ == 1 ? 0 : bytes(chunks * shape_.inner, element_size_)) {}

void SinkRun::clear() { kernel_.clear(result_, static_cast<std::size_t>(shape_.outer * shape_.inner)); }

SinkRun::Target SinkRun::target(std::int64_t chunk, const ChunkRange& range) const {
  if (chunks_per_outer_ > 1)
    return {partials_.data() + bytes(chunk * shape_.inner, element_size_), shape_.inner,
            (range.end - range.begin) / shape_.inner};
  const std::int64_t part = shape_.reduced * shape_.inner;
  return {result_ + bytes(range.begin / part * shape_.inner, element_size_),
          (range.end - range.begin) / part * shape_.inner, shape_.reduced};
}

void SinkRun::finish() {
  if (chunks_per_outer_ == 1) return;
  for (std::int64_t outer = 0; outer < shape_.outer; ++outer) {
    std::byte* first = partials_.data() + bytes(outer * chunks_per_outer_ * shape_.inner, element_size_);
    for (std::int64_t count = chunks_per_outer_; count > 1;) {
      const std::int64_t half = (count + 1) / 2;
      kernel_.combine(first, first + bytes(half * shape_.inner, element_size_),
                      static_cast<std::size_t>((count - half) * shape_.inner), 1);
      count = half;
    }
    std::byte* result = result_ + bytes(outer * shape_.inner, element_size_);
    std::copy_n(first, bytes(shape_.inner, element_size_), result);
  }
}

std::size_t SinkState::leaf_bytes(const Loop::Sink& sink) {
  if (sink.shape.inner == 1) return 0;
  const std::size_t spare = sink.rows != nullptr ? 64 : 0;
  return bytes(std::min(sink.shape.inner, kChunk), size_of(sink.dtype)) + spare;
}

void SinkState::begin(const SinkRun& run, std::int64_t chunk, const ChunkRange& range, std::byte* leaf) {
  const SinkRun::Target target = run.target(chunk, range);
  if (run.rows() != nullptr) {
    total_ = target.data;
    columns_ = run.shape().inner;
    rows_ = range.end - range.begin;
    row_ = 0;
    leaf_ = leaf;
    run.kernel().clear(total_, static_cast<std::size_t>(columns_));
    std::memset(leaf_, 0, bytes(columns_, run.element_size()) + 64);
    return;
  }
  if (run.shape().inner == 1) {
    segment_.length = target.rows;
    segment_.output = target.data;
    run.kernel().begin(segment_);
    return;
  }
  total_ = target.data;
  columns_ = run.shape().inner;
  rows_ = target.rows;
  run.kernel().clear(total_, static_cast<std::size_t>(target.outputs));
  begin_rows(run, leaf);
}

void SinkState::begin_stripe(const SinkRun& run, const Striping& striping, std::int64_t chunk, std::byte* result,
                             std::byte* leaf) {
  total_ = result + bytes(striping.outer(chunk) * run.shape().inner + striping.column(chunk), run.element_size());
  columns_ = striping.width(chunk);
  rows_ = striping.rows();
  run.kernel().clear(total_, static_cast<std::size_t>(columns_));
  begin_rows(run, leaf);
}

void SinkState::begin_rows(const SinkRun& run, std::byte* leaf) {
  column_ = row_ = 0;
  leaf_ = rows_ > kLeafRows ? leaf : nullptr;
  if (leaf_ != nullptr) run.kernel().clear(leaf_, static_cast<std::size_t>(columns_));
}

void SinkState::feed(const SinkRun& run, const std::byte* x, std::size_t n) {
  if (run.shape().inner == 1) run.kernel().feed(segment_, x, n);
  else feed_rows(run, x, n);
}

void SinkState::feed(const SinkRun& run, RowMatrix matrix, const std::byte* s, std::size_t n) {
  auto left = static_cast<std::int64_t>(n);
  while (left > 0) {
    const std::int64_t piece = std::min(left, kLeafRows - row_ % kLeafRows);
    run.rows()->add(matrix, s, piece, leaf_);
    if (matrix.places != nullptr) matrix.places += piece;
    else matrix.data += bytes(piece * matrix.leading, run.element_size());
    s += bytes(piece, run.element_size());
    left -= piece;
    row_ += piece;
    if (row_ % kLeafRows == 0 || row_ == rows_) run.rows()->flush(leaf_, columns_, total_);
  }
}

void SinkState::feed_rows(const SinkRun& run, const std::byte* x, std::size_t n) {
  const auto columns = static_cast<std::size_t>(columns_);
  while (n > 0) {
    const auto column = static_cast<std::size_t>(column_);
    const bool whole = column == 0 && n >= columns;
    const std::size_t rows = whole ? std::min(n / columns, static_cast<std::size_t>(rows_to_flush())) : 1;
    const std::size_t width = std::min(n, columns - column);
    std::byte* row = leaf_ != nullptr ? leaf_ : total_;
    run.kernel().combine(row + column * run.element_size(), x, width, rows);
    x += rows * width * run.element_size();
    n -= rows * width;
    column_ += static_cast<std::int64_t>(width);
    if (column_ == columns_) end_rows(run, static_cast<std::int64_t>(rows));
  }
}

std::int64_t SinkState::rows_to_flush() const { return std::min(kLeafRows - row_ % kLeafRows, rows_ - row_); }

void SinkState::end_rows(const SinkRun& run, std::int64_t count) {
  column_ = 0;
  row_ += count;
  if (leaf_ != nullptr && (row_ % kLeafRows == 0 || row_ == rows_)) flush(run);
  if (row_ < rows_) return;
  row_ = 0;  // the next outer part
  total_ += bytes(columns_, run.element_size());
}

void SinkState::flush(const SinkRun& run) {
  run.kernel().combine(total_, leaf_, static_cast<std::size_t>(columns_), 1);
  run.kernel().clear(leaf_, static_cast<std::size_t>(columns_));
}

}  // namespace xtape::detail
