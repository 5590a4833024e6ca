// bench: runs the implementations that were built, compares their answers, prints the table of ratios and writes
// bench.json. Flags: --only NAME, --quick, --threads N, --peers, --out FILE.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "bench/processes.hpp"
#include "bench/table/figures.hpp"
#include "bench/table/hello_world.hpp"

namespace {

using bench::Flags;
using bench::Row;

/// Runs a command that takes the grid's flags, and adds what it measured.
void add_part(std::vector<std::string> arguments, const std::string& out, const Flags& flags, std::vector<Row>& rows) {
  arguments.insert(arguments.end(), {"--out", out, "--only", flags.only});
  if (flags.quick) arguments.push_back("--quick");
  if (flags.threads) arguments.insert(arguments.end(), {"--threads", std::to_string(flags.threads)});
  bench::run_program(arguments, false);
  std::vector<Row> part = bench::read_part(out);
  rows.insert(rows.end(), part.begin(), part.end());
}

/// An executable beside this one, if it was built.
void add_program(const std::filesystem::path& program, const Flags& flags, std::vector<Row>& rows) {
  if (std::filesystem::exists(program)) add_part({program}, program.string() + ".json", flags, rows);
}

/// Debian's Python, or the one that XTAPE_PYTHON names.
void add_python(const std::filesystem::path& programs, const Flags& flags, std::vector<Row>& rows) {
  const char* python = std::getenv("XTAPE_PYTHON");
  add_part({python ? python : "/usr/bin/python3", "-B", XTAPE_BENCH_PEERS "/main.py"}, programs / "peers.json", flags,
           rows);
}

void write(const std::string& file, const std::vector<Row>& rows) {
  nlohmann::json list = nlohmann::json::array();
  for (const Row& row : rows) {
    if (row.implementation.starts_with("probe_")) continue;
    list.push_back({{"problem", row.problem},
                    {"size", row.size},
                    {"dtype", row.dtype},
                    {"threads", row.threads},
                    {"implementation", row.implementation},
                    {"seconds", row.seconds},
                    {"cpu_seconds", row.cpu_seconds},
                    {"runs", row.runs}});
    if (row.resident_mib > 0) list.back()["resident_mib"] = row.resident_mib;
    if (row.file_mib > 0) list.back()["file_mib"] = row.file_mib;
  }
  std::ofstream(file) << list.dump(1) << '\n';
  std::printf("\nwritten to %s\n", file.c_str());
}

void run(Flags flags) {
  if (flags.out.empty()) flags.out = "build/bench.json";
  std::filesystem::path programs = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  std::vector<Row> rows;
  for (const char* name : {"bench_xtape", "bench_libtorch", "bench_adolc"}) add_program(programs / name, flags, rows);
  if (flags.peers) add_python(programs, flags, rows);
  bench::compare_answers(rows);
  if (std::string("hello_world").find(flags.only) != std::string::npos)
    for (const Row& row : bench::hello_world(programs / "hello_world", flags)) rows.push_back(row);
  bench::print_ratios(rows);
  bench::print_sizes(rows);
  bench::print_limits(rows);
  write(flags.out, rows);
}

}  // namespace

int main(int argc, char** argv) try { run(bench::parse_flags(argc, argv)); } catch (const std::exception& error) {
  std::fprintf(stderr, "bench: %s\n", error.what());
  return 1;
}
