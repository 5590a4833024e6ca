#include "debug/profile_record.hpp"

#include <chrono>
#include <utility>

#include "debug/step_text.hpp"
#include "debug/traffic.hpp"

namespace xtape::detail {

namespace {

double seconds_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

}  // namespace

Profile::Entry& ProfileRecord::add_call(Profile::Entry description, Clock::time_point begin, Clock::time_point end) {
  const std::string key = description.what + '\n' + description.scope + '\n' + description.location;
  const auto next = static_cast<std::uint32_t>(entries.size());
  const auto [found, is_new] = by_description_.try_emplace(key, next);
  if (is_new) entries.push_back(std::move(description));
  if (events.size() < kMostEvents) events.push_back({found->second, begin, end});
  Profile::Entry& entry = entries[found->second];
  ++entry.calls;
  entry.seconds += seconds_between(begin, end);
  return entry;
}

void ProfileRecord::ran(const PlanRun& run, const RunTimes& times) {
  ++evaluations;
  add_call({.what = "planning", .scope = {}, .location = {}}, times.asked, times.steps[0]);
  for (std::size_t i = 0; i < run.plan.steps.size(); ++i) {
    const Step& step = run.plan.steps[i];
    const std::vector<std::string> of_ops = scopes_of(run, step);
    Profile::Entry& entry =
        add_call({.what = what_text(run.plan, step), .scope = joined_scopes(of_ops), .location = lines_text(run, step)},
                 times.steps[i], times.steps[i + 1]);
    const Traffic traffic = traffic_of(run.plan, step);
    entry.bytes_read += static_cast<std::uint64_t>(traffic.read);
    entry.bytes_written += static_cast<std::uint64_t>(traffic.written);
    const double share = seconds_between(times.steps[i], times.steps[i + 1]) / static_cast<double>(of_ops.size());
    for (const std::string& scope : of_ops) scopes[scope] += share;
  }
}

}  // namespace xtape::detail
