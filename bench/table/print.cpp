#include <algorithm>
#include <cstdio>

#include "bench/table/figures.hpp"

namespace bench {
namespace {

/// A probe's seconds on the reference machine, and how its figure is printed: a time, or so many billions a second.
struct Probe {
  const char* name;
  double reference;
  const char* unit;
};
constexpr Probe kProbes[] = {
    {"probe_exp", 0.8e-9, ""}, {"probe_read", 1 / 25e9, "GB/s"}, {"probe_gemm", 1 / 50e9, "GFLOP/s"}};

std::string time_text(double seconds) {
  const char* units[] = {"ns", "us", "ms", "s"};
  double value = seconds * 1e9;
  int unit = 0;
  for (; unit < 3 && value >= 1000; ++unit) value /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %s", value, units[unit]);
  return text;
}

std::string probe_text(const Probe& probe, double seconds) {
  if (*probe.unit == 0) return std::string(probe.name) + " " + time_text(seconds);
  char text[48];
  std::snprintf(text, sizeof text, "%s %.1f %s", probe.name, 1e-9 / seconds, probe.unit);
  return text;
}

std::string ratio_text(const Row* row, const Row* limit) {
  if (!row || !limit) return "";
  char text[32];
  const double ratio = time_of(*row) / time_of(*limit);
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

/// What a target is a ratio to; null if it is a time, or was not measured.
const Row* base_of(const std::vector<Row>& rows, const Row& row, const std::string& against) {
  Row like = row;
  if (against == "gradient") like.size = against;
  return against.empty() ? nullptr : find(rows, like, against == "gradient" ? row.implementation : against);
}

std::string target_text(const std::vector<Row>& rows, const Row& row, const Target& target) {
  const std::string against = target.against;
  const Row* base = base_of(rows, row, against);
  char text[64];
  std::snprintf(text, sizeof text, "%.3g%s", target.figure, against == "gradient" ? " gradients" : "");
  if (against.empty()) std::snprintf(text, sizeof text, "%s", time_text(target.figure).c_str());
  else if (!base) return text;
  const double reached = base ? time_of(row) / time_of(*base) : time_of(row);
  return std::string(text) + (reached <= target.figure ? " met" : " MISSED");
}

std::string targets_text(const std::vector<Row>& rows, const Row& row) {
  const Figures* figures = figures_of(row);
  std::string text;
  if (figures)
    for (const Target& target : figures->targets) text += (text.empty() ? "" : ", ") + target_text(rows, row, target);
  return text;
}

/// The peers of which there are rows, in the order in which they came.
std::vector<std::string> peers_of(const std::vector<Row>& rows) {
  std::vector<std::string> peers;
  for (const Row& row : rows) {
    const std::string& name = row.implementation;
    if (name == "hand" || name.starts_with("xtape") || name.starts_with("probe_")) continue;
    if (std::find(peers.begin(), peers.end(), name) == peers.end()) peers.push_back(name);
  }
  return peers;
}

void print_name(const Row& row) {
  std::printf("%-15s %-8s %-7s %2d %-14s", row.problem.c_str(), row.size.c_str(), row.dtype.c_str(), row.threads,
              row.implementation.c_str());
}

void print_ratio(const std::vector<Row>& rows, const Row& row, const std::vector<std::string>& peers) {
  const Row* hand = find(rows, row, "hand");
  print_name(row);
  std::printf(" %8s %8s %7s", hand ? time_text(time_of(*hand)).c_str() : "", time_text(time_of(row)).c_str(),
              ratio_text(&row, hand).c_str());
  for (const std::string& peer : peers) {
    const Row* found = find(rows, row, peer);
    std::string text = hand ? ratio_text(found, hand) : found ? time_text(time_of(*found)) : "";
    std::printf(" %*s", static_cast<int>(std::max<std::size_t>(peer.size(), 7)), text.c_str());
  }
  std::printf("  %s\n", targets_text(rows, row).c_str());
}

void print_limit(const std::vector<Row>& rows, const Row& row, const Figures& figures, const Probe& probe,
                 const Row& found) {
  const double scale = time_of(found) / probe.reference, scaled = scale * figures.limit;
  const Row* xtape = find(rows, row, "xtape");
  char ratio[32] = "";
  if (xtape) std::snprintf(ratio, sizeof ratio, "%.2f", time_of(*xtape) / scaled);
  std::printf("%-15s %-8s %-7s %8s %8s  %-24s x %.2f %7s %8s\n", row.problem.c_str(), row.size.c_str(),
              row.dtype.c_str(), time_text(time_of(row)).c_str(), time_text(figures.limit).c_str(),
              probe_text(probe, time_of(found)).c_str(), scale, time_of(row) <= 1.25 * scaled ? "within" : "NOT",
              ratio);
}

}  // namespace

void print_ratios(const std::vector<Row>& rows) {
  const std::vector<std::string> peers = peers_of(rows);
  std::printf("\n%-15s %-8s %-7s %2s %-14s %8s %8s %7s", "problem", "size", "dtype", "th", "by", "hand", "time",
              "ratio");
  for (const std::string& peer : peers) std::printf(" %7s", peer.c_str());
  std::printf("  targets\n");
  for (const Row& row : rows)
    if (row.implementation.starts_with("xtape") && row.seconds > 0) print_ratio(rows, row, peers);
  std::printf(
      "ratio, and the columns of the peers, are times divided by that of hand, or times where there is no hand: on one "
      "thread\nthe time of the CPU, on several the time that passed\n");
}

void print_sizes(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const double mib = std::max(row.resident_mib, row.file_mib);
    if (mib == 0) continue;
    print_name(row);
    std::printf(" %8.1f MiB %s", mib, row.file_mib > 0 ? "on disk" : "resident at its largest");
    const Figures* figures = figures_of(row);
    if (figures && figures->mib > 0 && row.implementation.starts_with("xtape"))
      std::printf(", target %g %s", figures->mib, mib <= figures->mib ? "met" : "MISSED");
    std::printf("\n");
  }
}

void print_limits(const std::vector<Row>& rows) {
  std::printf(
      "\nThe limits themselves: hand against the scoreboard's figure, scaled by a probe timed beside it; and xtape "
      "divided "
      "by the\nfigure so scaled, which tells how it stands where hand is faster than the scoreboard's\n");
  std::printf("%-15s %-8s %-7s %8s %8s  %-38s %8s\n", "problem", "size", "dtype", "hand", "figure", "probe", "xtape");
  for (const Row& row : rows) {
    const Figures* figures = figures_of(row);
    if (row.implementation != "hand" || row.threads != 1 || !figures || figures->limit == 0) continue;
    for (const Probe& probe : kProbes)
      if (const Row* found = find(rows, row, probe.name)) print_limit(rows, row, *figures, probe, *found);
  }
}

}  // namespace bench
