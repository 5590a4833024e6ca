// What a profile has collected.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <xtape/profile.hpp>

#include "plan/observer.hpp"

namespace xtape::detail {

class ProfileRecord final : public RunObserver {
 public:
  /// A step that ran, or a planning.
  struct Event {
    std::uint32_t entry;
    Clock::time_point begin, end;
  };
  static constexpr std::size_t kMostEvents = 1'000'000;

  void ran(const PlanRun& run, const RunTimes& times) override;

  const Clock::time_point born = Clock::now();
  std::vector<Profile::Entry> entries;
  std::map<std::string, double> scopes;  ///< seconds
  std::vector<Event> events;             ///< the first so many
  std::uint64_t evaluations = 0;

 private:
  /// Adds a call to the entry of this description, which is made if there is none.
  Profile::Entry& add_call(Profile::Entry description, Clock::time_point begin, Clock::time_point end);

  std::map<std::string, std::uint32_t> by_description_;
};

/// The trace in Chrome's JSON format.
std::string chrome_trace(const ProfileRecord& record);

}  // namespace xtape::detail
