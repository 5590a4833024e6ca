// Numbers sorted into buckets, as many as there are steps or instructions, without memory of each bucket's own.
#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "tape/large_vector.hpp"

namespace xtape::detail {

class Buckets {
 public:
  /// The numbers below `end`, each in the bucket that `bucket_of` gives, in order; in none for `count` or more.
  template <class BucketOf>
  Buckets(std::size_t count, std::uint32_t end, BucketOf bucket_of) : ends_(count) {
    for (std::uint32_t i = 0; i < end; ++i)
      if (const std::size_t bucket = bucket_of(i); bucket < count) ++ends_[bucket];
    std::inclusive_scan(ends_.begin(), ends_.end(), ends_.begin());
    numbers_.resize(count == 0 ? 0 : ends_.back());
    std::vector<std::uint32_t> next(ends_);
    for (std::uint32_t i = end; i-- > 0;)
      if (const std::size_t bucket = bucket_of(i); bucket < count) numbers_[--next[bucket]] = i;
  }

  std::span<std::uint32_t> operator[](std::size_t bucket) {
    const std::uint32_t begin = bucket == 0 ? 0 : ends_[bucket - 1];
    return std::span(numbers_).subspan(begin, ends_[bucket] - begin);
  }

 private:
  std::vector<std::uint32_t> ends_;
  LargeVector<std::uint32_t> numbers_;
};

}  // namespace xtape::detail
