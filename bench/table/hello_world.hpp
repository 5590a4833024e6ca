// hello_world: what the smallest program costs.
#pragma once

#include <string>
#include <vector>

#include "bench/grid.hpp"

namespace bench {

/// The time of compiling it at -O2 without a cache, and of running it with its memory; and the size of the program and
/// of the library.
std::vector<Row> hello_world(const std::string& program, const Flags& flags);

}  // namespace bench
