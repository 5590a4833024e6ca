// Running other programs, and what they took.
#pragma once

#include <string>
#include <vector>

#include "bench/grid.hpp"

namespace bench {

struct Usage {
  double seconds;
  double resident_mib;  ///< at its largest
};

/// Runs a program to its end; its output goes to ours, or nowhere if `quiet`. Throws std::runtime_error if it fails.
Usage run_program(const std::vector<std::string>& arguments, bool quiet);

/// hello_world's rows: the time of compiling it at -O2 without a cache, and of running it.
std::vector<Row> hello_world(const std::string& program, const Flags& flags);

}  // namespace bench
