#include <cstdio>

#include "bench/table/figures.hpp"

namespace bench {
namespace {

// The probes on the reference machine: seconds for an exp, and for a byte from DRAM.
constexpr double kReferenceExp = 0.8e-9;
constexpr double kReferenceRead = 1 / 25e9;

std::string time_text(double seconds) {
  const char* units[] = {"ns", "us", "ms", "s"};
  double value = seconds * 1e9;
  int unit = 0;
  for (; unit < 3 && value >= 1000; ++unit) value /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %s", value, units[unit]);
  return text;
}

std::string gigabytes_text(double seconds_per_byte) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GB/s", 1e-9 / seconds_per_byte);
  return text;
}

std::string ratio_text(const Row* row, const Row* limit) {
  if (!row || !limit) return "";
  char text[32];
  const double ratio = row->seconds / limit->seconds;
  std::snprintf(text, sizeof text, "%.*f", ratio < 10 ? 2 : 0, ratio);
  return text;
}

/// The row of an implementation; on one thread if it has none on as many.
const Row* find(const std::vector<Row>& rows, const Row& like, const std::string& implementation) {
  const Row* found = nullptr;
  for (const Row& row : rows) {
    if (row.problem != like.problem || row.size != like.size || row.dtype != like.dtype) continue;
    if (row.implementation != implementation) continue;
    if (row.threads == like.threads) return &row;
    if (row.threads == 1) found = &row;
  }
  return found;
}

std::string target_text(const std::vector<Row>& rows, const Row& row, const Target& target) {
  char text[64];
  const std::string against = target.against;
  const Row* limit = against.empty() ? nullptr : find(rows, row, against);
  double reached = limit ? row.seconds / limit->seconds : row.seconds;
  if (against.empty()) std::snprintf(text, sizeof text, "%s", time_text(target.figure).c_str());
  else std::snprintf(text, sizeof text, "%.3g%s", target.figure, against == "hand" ? "" : " of two GEMVs");
  if (!against.empty() && !limit) return text;
  return std::string(text) + (reached <= target.figure ? " met" : " MISSED");
}

std::string targets_text(const std::vector<Row>& rows, const Row& row) {
  const Figures* figures = figures_of(row);
  std::string text;
  if (figures)
    for (const Target& target : figures->targets) text += (text.empty() ? "" : ", ") + target_text(rows, row, target);
  return text;
}

}  // namespace

void print_ratios(const std::vector<Row>& rows) {
  std::printf("\n%-16s %-8s %-8s %2s %10s %10s %7s %10s %9s  %s\n", "problem", "size", "dtype", "th", "hand", "xtape",
              "ratio", "two GEMVs", "libtorch", "targets of xtape");
  for (const Row& row : rows) {
    if (row.implementation != "xtape") continue;
    const Row* hand = find(rows, row, "hand");
    std::printf("%-16s %-8s %-8s %2d %10s %10s %7s %10s %9s  %s\n", row.problem.c_str(), row.size.c_str(),
                row.dtype.c_str(), row.threads, hand ? time_text(hand->seconds).c_str() : "",
                time_text(row.seconds).c_str(), ratio_text(&row, hand).c_str(),
                ratio_text(find(rows, row, "hand_two_gemv"), hand).c_str(),
                ratio_text(find(rows, row, "libtorch"), hand).c_str(), targets_text(rows, row).c_str());
    if (row.resident_mib > 0) std::printf("%-16s resident memory %.1f MiB\n", row.problem.c_str(), row.resident_mib);
  }
  std::printf("ratio, two GEMVs and libtorch are times divided by that of hand\n");
}

void print_limits(const std::vector<Row>& rows) {
  std::printf("\nThe limits themselves: hand against the scoreboard's figure, scaled by a probe timed beside it\n");
  std::printf("%-16s %-8s %-8s %10s %10s  %-28s\n", "problem", "size", "dtype", "hand", "figure", "probe");
  for (const Row& row : rows) {
    const Figures* figures = figures_of(row);
    if (row.implementation != "hand" || row.threads != 1 || !figures || figures->limit == 0) continue;
    const Row* exp = find(rows, row, "probe_exp");
    const Row* read = find(rows, row, "probe_read");
    if (!exp && !read) continue;
    double scale = exp ? exp->seconds / kReferenceExp : read->seconds / kReferenceRead;
    bool within = row.seconds <= 1.25 * scale * figures->limit;
    std::string probe = exp ? "exp " + time_text(exp->seconds) : "read " + gigabytes_text(read->seconds);
    std::printf("%-16s %-8s %-8s %10s %10s  %-16s x %.2f %7s\n", row.problem.c_str(), row.size.c_str(),
                row.dtype.c_str(), time_text(row.seconds).c_str(), time_text(figures->limit).c_str(), probe.c_str(),
                scale, within ? "within" : "NOT");
  }
}

}  // namespace bench
