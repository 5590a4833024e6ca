#include "bench/table/hello_world.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "bench/processes.hpp"

namespace bench {
namespace {

Row row_of(const std::string& size, int runs) {
  Row row;
  row.problem = "hello_world";
  row.size = size;
  row.dtype = "float64";
  row.implementation = "xtape";
  row.runs = runs;
  return row;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// The median times, and the memory, of several runs.
Row measure(const std::string& size, const std::vector<std::string>& arguments, int runs) {
  std::vector<double> seconds, cpu_seconds;
  Row row = row_of(size, runs);
  for (int i = 0; i < runs; ++i) {
    Usage usage = run_program(arguments, true);
    seconds.push_back(usage.seconds);
    cpu_seconds.push_back(usage.cpu_seconds);
    row.resident_mib = std::max(row.resident_mib, usage.resident_mib);
  }
  row.seconds = median(seconds);
  row.cpu_seconds = median(cpu_seconds);
  return row;
}

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// The size of some files together.
Row size_of(const std::string& name, const std::vector<std::string>& files) {
  Row row = row_of(name, 1);
  for (const std::string& file : files) row.file_mib += static_cast<double>(std::filesystem::file_size(file)) / 1048576;
  return row;
}

}  // namespace

std::vector<Row> hello_world(const std::string& program, const Flags& flags) {
  setenv("CCACHE_DISABLE", "1", 1);
  Row compile = measure("compile", words(XTAPE_BENCH_COMPILE_HELLO_WORLD), flags.quick ? 1 : 3);
  compile.resident_mib = 0;  // the compiler's own
  return {compile, measure("run", {program}, flags.quick ? 5 : 21), size_of("program", {program}),
          size_of("library", words(XTAPE_BENCH_LIBRARIES))};
}

}  // namespace bench
