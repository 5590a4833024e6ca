// Recorded programs as the header text and the arrays of a program file, and back. docs/function_file.md describes
// them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "transform/graph.hpp"

namespace xtape::detail {

/// Where arrays begin, and the header ends.
inline constexpr std::size_t kFileAlignment = 64;

struct Encoded {
  std::string header;         ///< JSON
  std::vector<Array> arrays;  ///< in file order
};

/// Throws ValueError for a program with a custom op whose value is a C++ function.
Encoded encode(std::span<const Graph* const> graphs);

/// The graphs of a header whose arrays are these bytes. Throws ValueError, without "op: ", for anything that is not a
/// program.
std::vector<Graph> decode(std::string_view header, std::span<const std::byte> arrays);

}  // namespace xtape::detail
