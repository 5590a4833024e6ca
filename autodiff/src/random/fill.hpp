// Filling buffers with draws, on several threads where it is worth it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "execute/threads.hpp"
#include "random/philox.hpp"
#include "random/quantile.hpp"

namespace xtape::detail {

/// Element i is draw(word i of the key). `nanoseconds` is the estimated time of one.
template <class T, class Draw>
void fill(Key key, T* elements, std::int64_t size, double nanoseconds, const Draw& draw) {
  constexpr std::int64_t kChunk = 16384;
  parallel_for(static_cast<std::size_t>((size + kChunk - 1) / kChunk), nanoseconds * static_cast<double>(size),
               [&](std::size_t chunk) {
                 const std::int64_t first = static_cast<std::int64_t>(chunk) * kChunk;
                 const std::int64_t last = std::min(first + kChunk, size);
                 for (std::int64_t i = first; i < last; i += 2) {
                   const auto words = random_words(key, static_cast<std::uint64_t>(i) / 2);
                   elements[i] = static_cast<T>(draw(words[0]));
                   if (i + 1 < last) elements[i + 1] = static_cast<T>(draw(words[1]));
                 }
               });
}

/// In [0, 1), of as many bits as T holds.
template <class T>
double unit(std::uint64_t word) {
  return sizeof(T) == 4 ? static_cast<double>(word >> 40) * 0x1p-24 : static_cast<double>(word >> 11) * 0x1p-53;
}

/// In (0, 1), of 53 bits: never an end.
inline double inner_unit(std::uint64_t word) { return (static_cast<double>(word >> 12) + 0.5) * 0x1p-52; }

/// A standard normal number: the tail from the high bits, the sign from the lowest.
inline double standard_normal(std::uint64_t word) {
  const double z = normal_quantile(inner_unit(word) / 2);
  return (word & 1) != 0 ? -z : z;
}

inline constexpr double kUniformTime = 4, kNormalTime = 18;  // nanoseconds for an element, measured

template <class T>
void fill_uniform(Key key, T* elements, std::int64_t size) {
  fill(key, elements, size, kUniformTime, unit<T>);
}

template <class T>
void fill_normal(Key key, T* elements, std::int64_t size) {
  fill(key, elements, size, kNormalTime, standard_normal);
}

}  // namespace xtape::detail
