// The random bits that every draw is made of.
#pragma once

#include <array>
#include <cstdint>

#include <Random123/philox.h>

#include <xtape/ops/random.hpp>

namespace xtape::detail {

/// Two random words: those of the elements 2 block and 2 block + 1 of a draw. Blocks of draws are below 2^63.
inline std::array<std::uint64_t, 2> random_words(Key key, std::uint64_t block) {
  const auto low = [](std::uint64_t word) { return static_cast<std::uint32_t>(word); };
  const auto high = [](std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); };
  const auto words = r123::Philox4x32()({{low(block), high(block), low(key.stream), high(key.stream)}},
                                        {{low(key.seed), high(key.seed)}});
  return {static_cast<std::uint64_t>(words[1]) << 32 | words[0], static_cast<std::uint64_t>(words[3]) << 32 | words[2]};
}

}  // namespace xtape::detail
