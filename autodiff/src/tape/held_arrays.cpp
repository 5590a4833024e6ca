#include "tape/held_arrays.hpp"

#include <algorithm>

namespace xtape::detail {

namespace {

constexpr std::size_t kMostCapacity = std::size_t{1} << 15;

}  // namespace

void HeldArrays::reserve_more(std::size_t more) {
  if (arrays_.capacity() - size_ < more) arrays_.reserve(std::max(2 * arrays_.capacity(), size_ + more));
}

void HeldArrays::rewind() {
  for (std::size_t i = 0; i < std::min(size_, kMostKept); ++i)
    if (!may_stay(arrays_[i])) arrays_[i] = Array();
  size_ = 0;
  if (arrays_.size() > kMostKept) arrays_.resize(kMostKept);
  if (arrays_.capacity() > kMostCapacity) arrays_.shrink_to_fit();
}

}  // namespace xtape::detail
