#include <xtape/profile.hpp>

#include <algorithm>
#include <fstream>

#include "debug/profile_record.hpp"
#include "ops/errors.hpp"

namespace xtape {

Profile::Profile() : record_(std::make_unique<detail::ProfileRecord>()) {}

Profile::~Profile() = default;

std::vector<Profile::Entry> Profile::entries() const {
  std::vector<Entry> sorted = record_->entries;
  std::ranges::stable_sort(sorted, std::greater<>{}, &Entry::seconds);
  return sorted;
}

std::vector<Profile::ScopeTime> Profile::scopes() const {
  std::vector<ScopeTime> sorted;
  for (const auto& [scope, seconds] : record_->scopes) sorted.push_back({scope, seconds});
  std::ranges::stable_sort(sorted, std::greater<>{}, &ScopeTime::seconds);
  return sorted;
}

std::uint64_t Profile::evaluations() const { return record_->evaluations; }

double Profile::seconds() const {
  double seconds = 0;
  for (const Entry& entry : record_->entries) seconds += entry.seconds;
  return seconds;
}

void Profile::write_chrome_trace(const std::string& path) const {
  std::ofstream file(path);
  file << detail::chrome_trace(*record_) << std::flush;
  if (!file) detail::fail<ValueError>("write_chrome_trace", "cannot write \"", path, "\"");
}

}  // namespace xtape
