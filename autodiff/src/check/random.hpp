// The checker's random numbers: the same from a seed on every machine (splitmix64, Steele et al. 2014).
#pragma once

#include <cstdint>

namespace xtape::detail {

class CheckRandom {
 public:
  explicit CheckRandom(std::uint64_t seed, std::uint64_t stream = 0) : state_(seed ^ (stream * 0xD1342543DE82EF95ULL)) {
    bits();
  }
  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  double sign() { return bits() >> 63 != 0 ? 1.0 : -1.0; }
  /// Of either sign and never small, so that no element is left out of a sum: 1/2 to 3/2.
  double weight() {
    const double magnitude = 0.5 + uniform();
    return sign() * magnitude;
  }
  std::int64_t below(std::int64_t count) {
    return static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(count));
  }

 private:
  std::uint64_t state_;
};

}  // namespace xtape::detail
