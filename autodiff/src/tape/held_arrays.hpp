// The values that a tape holds. After a reset the first small ones stay until others take their places: a recording
// that is repeated holds the same Arrays again without counting references, and computes into the same buffers.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <xtape/array.hpp>

#include "tape/storage.hpp"

namespace xtape::detail {

/// Values of so many bytes may be written over in place, which needs to know who holds them: so tapes do not keep them
/// beyond a reset. Finding that out for smaller values would cost as much as a new buffer. Tests change it.
inline std::size_t& least_bytes_in_place() {
  static constinit std::size_t bytes = 4096;
  return bytes;
}

/// So many values, and handles of Parameters, at most stay beyond a reset.
inline constexpr std::size_t kMostKept = 64;

/// Whether a tape may hold the value a little longer than it must: not what is large, and not what belongs to somebody
/// who waits for it.
inline bool may_stay(const Array& value) {
  const Storage* storage = ArrayAccess::storage(value);
  return storage == nullptr || (storage->owner == nullptr && storage->bytes < least_bytes_in_place());
}

class HeldArrays {
 public:
  std::size_t size() const { return size_; }
  const Array& operator[](std::size_t i) const { return arrays_[i]; }
  Array& operator[](std::size_t i) { return arrays_[i]; }
  Array& back() { return arrays_[size_ - 1]; }
  std::span<Array> from(std::size_t first) { return std::span(arrays_).subspan(first, size_ - first); }

  void push_back(const Array& array) {
    if (size_ == arrays_.size()) arrays_.push_back(array);
    else ArrayAccess::refer(arrays_[size_], array);
    ++size_;
  }
  void push_back(Array&& array) {
    if (size_ == arrays_.size()) arrays_.push_back(std::move(array));
    else ArrayAccess::refer(arrays_[size_], std::move(array));
    ++size_;
  }
  /// A new value with undefined elements.
  Array& push_new(DType dtype, const Shape& shape) {
    const std::size_t bytes = static_cast<std::size_t>(shape.size()) * size_of(dtype);
    if (size_ == arrays_.size() || !ArrayAccess::renew(arrays_[size_], dtype, shape, bytes))
      push_back(ArrayAccess::allocate(dtype, shape, bytes));
    else ++size_;
    return back();
  }
  /// Makes sure that the next so many cannot throw.
  void reserve_more(std::size_t more);
  /// Gives up the values from `size` on, and what stayed behind them.
  void shrink(std::size_t size) { arrays_.resize(size_ = size); }
  /// No values, but for small ones that await being replaced.
  void rewind();

 private:
  std::vector<Array> arrays_;  ///< the values, and behind them what stayed from before a reset
  std::size_t size_ = 0;
};

}  // namespace xtape::detail
