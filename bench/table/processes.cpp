#include "bench/table/processes.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char** environ;

namespace bench {
namespace {

pid_t start(const std::vector<std::string>& arguments, bool quiet) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (quiet) posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot run " + arguments[0]);
  return pid;
}

/// The median time, and the memory, of several runs.
Row measure(const std::string& size, const std::vector<std::string>& arguments, int runs) {
  std::vector<double> seconds;
  Row row{"hello_world", size, "float64", 1, "xtape", 0, runs, {}, 0};
  for (int i = 0; i < runs; ++i) {
    Usage usage = run_program(arguments, true);
    seconds.push_back(usage.seconds);
    row.resident_mib = std::max(row.resident_mib, usage.resident_mib);
  }
  std::sort(seconds.begin(), seconds.end());
  row.seconds = seconds[seconds.size() / 2];
  return row;
}

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

}  // namespace

Usage run_program(const std::vector<std::string>& arguments, bool quiet) {
  auto begin = std::chrono::steady_clock::now();
  pid_t pid = start(arguments, quiet);
  int status = 0;
  rusage usage{};
  wait4(pid, &status, 0, &usage);
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error(arguments[0] + " failed");
  return {seconds, static_cast<double>(usage.ru_maxrss) / 1024};
}

std::vector<Row> hello_world(const std::string& program, const Flags& flags) {
  setenv("CCACHE_DISABLE", "1", 1);
  Row compile = measure("compile", words(XTAPE_BENCH_COMPILE_HELLO_WORLD), flags.quick ? 1 : 3);
  compile.resident_mib = 0;  // the compiler's own
  return {compile, measure("run", {program}, flags.quick ? 5 : 21)};
}

}  // namespace bench
