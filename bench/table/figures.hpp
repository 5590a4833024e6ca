// What the scoreboard says about each problem: the hand-written limit on the reference machine, and the targets.
#pragma once

#include <string>
#include <vector>

#include "bench/grid.hpp"

namespace bench {

/// A target for xtape: a time, or a ratio to an implementation in the same run.
struct Target {
  double figure;
  const char* against;  ///< "hand" or a peer; "gradient", the row of that size; or "" for seconds
};

struct Figures {
  const char* problem;
  const char* size;  ///< a size starts with this
  const char* dtype;
  double limit;                 ///< seconds of `hand` on the reference machine; 0 if there is no figure
  std::vector<Target> targets;  ///< the next one first
  double mib = 0;               ///< at most so much memory, or so large a file; 0 if there is no figure
};

/// The figures of a row; null if there are none.
const Figures* figures_of(const Row& row);

/// Prints the ratios of xtape and its peers to the limit.
void print_ratios(const std::vector<Row>& rows);

/// Prints the memory of the programs that were measured whole, and the sizes of files.
void print_sizes(const std::vector<Row>& rows);

/// Prints for each limit its figure, that of the scoreboard scaled by the probes, and whether it is within 1.25 of it.
void print_limits(const std::vector<Row>& rows);

}  // namespace bench
