// A profile as text.
#include <algorithm>
#include <array>
#include <cstdio>

#include <xtape/profile.hpp>

namespace xtape {

namespace {

using Row = std::vector<std::string>;

std::string fixed(double number, int digits) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, number);
  return buffer.data();
}

std::string share_text(double part, double all) { return fixed(all > 0 ? 100 * part / all : 0, 1) + "%"; }

/// Rows of equal length; the first `numbers` columns aligned to the right, the others to the left.
std::string table(const std::vector<Row>& rows, std::size_t numbers) {
  std::vector<std::size_t> widths(rows[0].size());
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string gap(widths[i] - row[i].size(), ' ');
      line += (i == 0 ? "" : "  ") + (i < numbers ? gap + row[i] : row[i] + gap);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

Row row_of(const Profile::Entry& entry, double all) {
  const double bytes = static_cast<double>(entry.bytes_read + entry.bytes_written);
  return {share_text(entry.seconds, all),
          std::to_string(entry.calls),
          fixed(1e3 * entry.seconds, 3),
          bytes > 0 && entry.seconds > 0 ? fixed(1e-9 * bytes / entry.seconds, 1) : "",
          entry.what,
          entry.scope,
          entry.location};
}

}  // namespace

std::string to_string(const Profile& profile) {
  const double all = profile.seconds();
  std::string text = "profile: " + std::to_string(profile.evaluations()) +
                     (profile.evaluations() == 1 ? " evaluation, " : " evaluations, ") + fixed(1e3 * all, 3) + " ms\n";
  std::vector<Row> rows{{"share", "calls", "ms", "GB/s", "what", "scope", "recorded at"}};
  for (const Profile::Entry& entry : profile.entries()) rows.push_back(row_of(entry, all));
  text += table(rows, 4);
  const std::vector<Profile::ScopeTime> scopes = profile.scopes();
  if (std::ranges::all_of(scopes, &std::string::empty, &Profile::ScopeTime::scope)) return text;
  rows = {{"share", "ms", "scope"}};
  for (const auto& [scope, seconds] : scopes)
    rows.push_back({share_text(seconds, all), fixed(1e3 * seconds, 3), scope.empty() ? "(none)" : scope});
  return text + "\n" + table(rows, 2);
}

}  // namespace xtape
