#include "support/philox.hpp"

#include <cmath>

namespace xtape::test {

Words philox(Words counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xD2511F53} * counter[0], second = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(second),
               static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(first)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

std::uint64_t random_word(std::uint64_t seed, std::uint64_t stream, std::uint64_t place) {
  const auto part = [](std::uint64_t word, int shift) { return static_cast<std::uint32_t>(word >> shift); };
  const Words words = philox({part(place / 2, 0), part(place / 2, 32), part(stream, 0), part(stream, 32)},
                             {part(seed, 0), part(seed, 32)});
  const std::size_t low = place % 2 == 0 ? 0 : 2;
  return words[low] + (std::uint64_t{words[low + 1]} << 32);
}

Real uniform_element(std::uint64_t word, DType dtype) {
  const int bits = dtype == DType::float32 ? 24 : 53;
  return std::ldexp(static_cast<Real>(word >> (64 - bits)), -bits);
}

Real normal_distribution(Real z) { return std::erfc(-z / std::sqrt(Real{2})) / 2; }

Real normal_element(std::uint64_t word) {
  const Real tail = std::ldexp(static_cast<Real>(word >> 12) + 0.5L, -53);
  Real low = 0, high = 40;
  for (int i = 0; i < 80; ++i) {
    const Real middle = (low + high) / 2;
    (normal_distribution(-middle) > tail ? low : high) = middle;
  }
  return word % 2 == 1 ? -low : low;
}

}  // namespace xtape::test
