// Running other programs, and what they took.
#pragma once

#include <string>
#include <vector>

namespace bench {

struct Usage {
  double seconds;
  double cpu_seconds;   ///< of the program and of those that it ran
  double resident_mib;  ///< at its largest
};

/// Runs a program to its end; its output goes to ours, or nowhere if `quiet`. Throws std::runtime_error if it fails.
Usage run_program(const std::vector<std::string>& arguments, bool quiet);

}  // namespace bench
