#include "bench/grid.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include "bench/processes.hpp"

namespace bench {
namespace {

constexpr int kCheckedIterations = 3;

bool same_problem(const auto& a, const auto& b) {
  return a.problem == b.problem && a.size == b.size && a.dtype == b.dtype;
}

bool chosen(const Case& c, const Flags& flags) {
  if (!flags.alone.empty() && (!c.alone || c.implementation != flags.alone)) return false;
  if (flags.quick && c.large) return false;
  if (const int wanted = flags.threads ? flags.threads : flags.quick ? 1 : 0; wanted != 0 && c.threads != wanted)
    return false;
  return (c.problem + " " + c.size).find(flags.only) != std::string::npos;
}

struct Times {
  std::vector<double> seconds, cpu_seconds;
};

/// Keeps the times of every repetition, by benchmark name.
class Collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      Times& times = times_[run.run_name.function_name];
      times.seconds.push_back(run.real_accumulated_time / static_cast<double>(run.iterations));
      times.cpu_seconds.push_back(run.cpu_accumulated_time / static_cast<double>(run.iterations));
    }
  }
  const Times& times(const std::string& name) const { return times_.at(name); }

 private:
  std::map<std::string, Times> times_;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Repetitions of the implementations alternate at random, so that a disturbance does not hit one alone.
void initialize_benchmark() {
  static bool done = [] {
    std::string arguments[] = {"bench", "--benchmark_enable_random_interleaving=true"};
    char* argv[] = {arguments[0].data(), arguments[1].data(), nullptr};
    int argc = 2;
    benchmark::Initialize(&argc, argv);
    return true;
  }();
  static_cast<void>(done);
}

Row row_of(const Case& c) {
  Row row;
  row.problem = c.problem;
  row.size = c.size;
  row.dtype = c.dtype;
  row.threads = c.threads;
  row.implementation = c.implementation;
  return row;
}

void time_group(const std::vector<Case>& group, const std::vector<Runner>& runners, const Flags& flags,
                std::vector<Row>& rows) {
  initialize_benchmark();
  benchmark::ClearRegisteredBenchmarks();
  for (std::size_t i = 0; i < group.size(); ++i) {
    auto body = [&runner = runners[i], batch = group[i].batch](benchmark::State& state) {
      while (state.KeepRunningBatch(batch)) {
        runner.run(batch);
        if (runner.seconds) state.SetIterationTime(runner.seconds());
      }
    };
    auto* timed = benchmark::RegisterBenchmark(group[i].implementation.c_str(), body);
    if (runners[i].seconds) timed->UseManualTime();
    else timed->UseRealTime()->MeasureProcessCPUTime();
    timed->Repetitions(flags.quick ? 3 : 9)->MinTime(flags.quick ? 0.02 : 0.06);
  }
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector);
  for (std::size_t i = 0; i < group.size(); ++i) {
    const Times& times = collector.times(group[i].implementation);
    rows[i].seconds = median(times.seconds) / group[i].operations;
    if (!runners[i].seconds) rows[i].cpu_seconds = median(times.cpu_seconds) / group[i].operations;
    rows[i].runs = static_cast<std::int64_t>(times.seconds.size());
  }
}

/// The largest resident memory of this process. (Its rusage would count what its parent had before exec.)
double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  return 0;
}

Row run_once(const Case& c) {
  Row row = row_of(c);
  Runner runner = c.make();
  auto begin = std::chrono::steady_clock::now();
  const std::clock_t cpu_begin = std::clock();
  runner.run(1);
  row.cpu_seconds = static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC / c.operations;
  row.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / c.operations;
  row.runs = 1;
  row.answer = runner.answer();
  row.resident_mib = peak_mib();
  return row;
}

/// The median over several processes, each this program again with one case.
Row run_alone(const Case& c, const Flags& flags) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe"), out = program + ".alone.json";
  const std::string threads = std::to_string(c.threads);
  std::vector<Row> runs;
  for (int i = 0; i < (flags.quick ? 1 : 3); ++i) {
    run_program(
        {program, "--only", c.problem + " " + c.size, "--threads", threads, "--alone", c.implementation, "--out", out},
        true);
    runs.push_back(read_part(out).at(0));
  }
  std::sort(runs.begin(), runs.end(), [](const Row& a, const Row& b) { return time_of(a) < time_of(b); });
  Row row = runs[runs.size() / 2];
  row.runs = static_cast<std::int64_t>(runs.size());
  return row;
}

void print(const std::vector<Row>& rows) {
  for (const Row& row : rows)
    std::printf("%-16s %-8s %-8s %d  %-14s %12.4g s\n", row.problem.c_str(), row.size.c_str(), row.dtype.c_str(),
                row.threads, row.implementation.c_str(), time_of(row));
  std::fflush(stdout);
}

std::vector<Row> run_alone(const std::vector<Case>& group, const Flags& flags) {
  std::vector<Row> rows;
  for (const Case& c : group) rows.push_back(flags.alone.empty() ? run_alone(c, flags) : run_once(c));
  compare_answers(rows);
  print(rows);
  return rows;
}

std::vector<Row> run_group(const std::vector<Case>& group, const Flags& flags) {
  if (group.front().alone) return run_alone(group, flags);
  std::vector<Runner> runners;
  std::vector<Row> rows;
  for (const Case& c : group) {
    runners.push_back(c.make());
    runners.back().run(kCheckedIterations);
    rows.push_back(row_of(c));
    rows.back().answer = runners.back().answer();
  }
  compare_answers(rows);
  time_group(group, runners, flags, rows);
  print(rows);
  return rows;
}

/// A fit ends anywhere within 1e-6 of the optimum.
double tolerance_of(const Row& row) {
  if (row.problem == "logistic_fit") return 1e-6;
  return row.dtype == "float32" ? 2e-4 : 1e-9;
}

bool agree(const Row& a, const Row& b) {
  if (a.answer.empty() || b.answer.empty()) return true;
  const double tolerance = tolerance_of(a);
  auto close = [&](double x, double y) {
    return std::abs(x - y) <= tolerance * (1 + std::max(std::abs(x), std::abs(y)));
  };
  return std::equal(a.answer.begin(), a.answer.end(), b.answer.begin(), b.answer.end(), close);
}

std::string text(const Row& row) {
  std::string text = row.implementation + " says";
  for (double figure : row.answer) text += " " + std::to_string(figure);
  return text;
}

}  // namespace

Flags parse_flags(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    std::string flag = argv[i];
    bool has_value = i + 1 < argc;
    if (flag == "--quick") flags.quick = true;
    else if (flag == "--only" && has_value) flags.only = argv[++i];
    else if (flag == "--peers") flags.peers = true;
    else if (flag == "--threads" && has_value) flags.threads = std::stoi(argv[++i]);
    else if (flag == "--alone" && has_value) flags.alone = argv[++i];
    else if (flag == "--out" && has_value) flags.out = argv[++i];
    else
      throw std::invalid_argument("unknown flag " + flag +
                                  "; there are --only NAME, --quick, --threads N, --peers and --out FILE");
  }
  return flags;
}

void compare_answers(const std::vector<Row>& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (same_problem(rows[i], rows[j]) && !agree(rows[i], rows[j]))
        throw std::runtime_error(rows[i].problem + " " + rows[i].size + " " + rows[i].dtype + ": " + text(rows[j]) +
                                 ", but " + text(rows[i]));
}

std::vector<Row> run_grid(const std::vector<Case>& cases, const Flags& flags) {
  std::vector<Row> rows;
  std::vector<bool> done(cases.size(), false);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (done[i] || !chosen(cases[i], flags)) continue;
    std::vector<Case> group;
    for (std::size_t j = i; j < cases.size(); ++j)
      if (same_problem(cases[i], cases[j]) && cases[i].threads == cases[j].threads && chosen(cases[j], flags)) {
        group.push_back(cases[j]);
        done[j] = true;
      }
    std::vector<Row> measured = run_group(group, flags);
    rows.insert(rows.end(), measured.begin(), measured.end());
  }
  return rows;
}

void write_part(const std::string& file, const std::vector<Row>& rows) {
  nlohmann::json part = nlohmann::json::array();
  for (const Row& row : rows)
    part.push_back({{"problem", row.problem},
                    {"size", row.size},
                    {"dtype", row.dtype},
                    {"threads", row.threads},
                    {"implementation", row.implementation},
                    {"seconds", row.seconds},
                    {"cpu_seconds", row.cpu_seconds},
                    {"runs", row.runs},
                    {"answer", row.answer},
                    {"resident_mib", row.resident_mib},
                    {"file_mib", row.file_mib}});
  std::ofstream stream(file);
  if (!(stream << part.dump(1) << '\n')) throw std::runtime_error("cannot write " + file);
}

std::vector<Row> read_part(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error("cannot read " + file);
  nlohmann::json part = nlohmann::json::parse(stream);
  std::vector<Row> rows;
  for (const auto& entry : part) {
    Row row{entry["problem"],        entry["size"],         entry["dtype"],       entry["threads"],
            entry["implementation"], entry["seconds"],      entry["cpu_seconds"], entry["runs"],
            entry["answer"],         entry["resident_mib"], entry["file_mib"]};
    rows.push_back(row);
  }
  return rows;
}

}  // namespace bench
