// CRC-64/XZ (ECMA-182, reflected): finds every change of up to 64 bits in a row, and others but for one in 2^64.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace xtape::detail {

constexpr std::array<std::uint64_t, 256> crc64_table() {
  std::array<std::uint64_t, 256> table{};
  for (std::uint64_t byte = 0; byte < 256; ++byte) {
    std::uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xC96C5795D7870F42ULL : crc >> 1;
    table[byte] = crc;
  }
  return table;
}

inline std::uint64_t crc64(std::span<const std::byte> bytes) {
  static constexpr std::array<std::uint64_t, 256> kTable = crc64_table();
  std::uint64_t crc = ~std::uint64_t{0};
  for (std::byte byte : bytes) crc = kTable[(crc ^ static_cast<std::uint64_t>(byte)) & 0xFF] ^ crc >> 8;
  return ~crc;
}

}  // namespace xtape::detail
