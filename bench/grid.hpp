// The benchmark grid: problems by implementations. An implementation gives cases; the grid checks that the answers of
// one problem agree, times them with Google Benchmark and collects rows.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace bench {

/// One implementation of a problem with its inputs, ready to run.
struct Runner {
  /// Runs so many iterations, each on inputs that differ from those of the one before, and reads the results.
  std::function<void(std::int64_t iterations)> run;
  /// Figures of the last iteration, in an order that all implementations of the problem share; none for a probe.
  std::function<std::vector<double>()> answer;
  /// What counts of the last iteration's time; all of it if empty.
  std::function<double()> seconds = {};
};

/// A problem at one size as one implementation solves it.
struct Case {
  std::string problem;
  std::string size;
  std::string dtype;
  int threads = 1;
  std::string implementation;
  std::function<Runner()> make;
  double operations = 1;   ///< what an iteration's time is divided by
  std::int64_t batch = 1;  ///< iterations timed together, so that reading the clock costs nothing
  bool large = false;      ///< left out of quick runs
  bool alone = false;      ///< runs one iteration in a process of its own, whose memory is measured
};

/// A measured case.
struct Row {
  std::string problem;
  std::string size;
  std::string dtype;
  int threads = 1;
  std::string implementation;
  double seconds = 0;          ///< median of the time that passed
  double cpu_seconds = 0;      ///< median of the time that the process's threads ran; 0 where it was not measured
  std::int64_t runs = 0;       ///< repetitions that the median is of
  std::vector<double> answer;  ///< after the same number of iterations in every implementation
  double resident_mib = 0;     ///< of the process at its largest; 0 where it was not measured
  double file_mib = 0;         ///< of a program or library; 0 where it was not measured
};

/// The time to compare: on one thread that of the CPU, which does not count what other programs take of a busy machine.
inline double time_of(const Row& row) {
  return row.threads == 1 && row.cpu_seconds > 0 ? row.cpu_seconds : row.seconds;
}

struct Flags {
  std::string only;    ///< a part of problem or "problem size"; all if empty
  bool quick = false;  ///< fewer repetitions, no large cases, one thread unless `threads` says otherwise
  int threads = 0;     ///< only cases on so many threads; all if 0
  bool peers = false;  ///< Python's too
  std::string alone;   ///< in such a process: the implementation to run
  std::string out;     ///< the JSON file to write
};

/// Reads --only NAME, --quick, --threads N, --peers, --out FILE, and
/// --alone IMPLEMENTATION, which the grid itself gives to a process for one case. Throws std::invalid_argument for
/// anything else.
Flags parse_flags(int argc, char** argv);

/// Throws std::runtime_error, naming the implementations, if the answers differ by more than the dtype's rounding.
void compare_answers(const std::vector<Row>& rows);

/// Checks and times the cases that the flags choose, group by group; prints a line for each.
std::vector<Row> run_grid(const std::vector<Case>& cases, const Flags& flags);

/// Writes the rows for the table printer.
void write_part(const std::string& file, const std::vector<Row>& rows);
/// Reads what write_part wrote.
std::vector<Row> read_part(const std::string& file);

/// Several lists as one.
template <class List, class... Lists>
std::decay_t<List> join(List&& first, Lists&&... lists) {
  std::decay_t<List> all = std::forward<List>(first);
  (all.insert(all.end(), lists.begin(), lists.end()), ...);
  return all;
}

}  // namespace bench
