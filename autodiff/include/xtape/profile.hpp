// Where the time of evaluations goes: each fused loop, product and call, with its ops, scope and the user's line.
//
//     Profile profile;
//     train_one_epoch();
//     std::puts(to_string(profile).c_str());
//     profile.write_chrome_trace("epoch.json");  // for chrome://tracing or ui.perfetto.dev
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace xtape {

namespace detail {
class ProfileRecord;
}

/// While it is alive, it collects what the evaluations of any tape take that its thread asks for; it must end on that
/// thread. Profiles may be nested, each collects. Evaluations that throw are left out. An evaluation costs some
/// microseconds a step more, outside of the times, and 24 bytes a step; without a profile, it costs nothing.
class Profile {
 public:
  /// A step of plans: equal ones, recorded by the same lines in the same scopes, are added up.
  struct Entry {
    std::string what;      ///< "loop: multiply x2, sum", "product 64 x 30 by 30 x 10", "call gather", or "planning"
    std::string scope;     ///< of its ops, as the present recording has them, also where the plan is an earlier one's:
                           ///< "encoder/layer1 + loss (gradient)"; "" for none
    std::string location;  ///< of its ops: "model.cpp:12,14"
    std::uint64_t calls = 0;
    double seconds = 0;
    std::uint64_t bytes_read = 0;  ///< from memory or caches; operands that a loop keeps in registers are not counted
    std::uint64_t bytes_written = 0;
  };
  struct ScopeTime {
    std::string scope;  ///< "encoder/layer1", or "encoder/layer1 (gradient)" for what gradients recorded; "" for none
    double seconds = 0;
  };

  Profile();
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  /// What took longest first.
  std::vector<Entry> entries() const;
  /// The time of each step shared out evenly among its ops, by their scopes; what took longest first.
  std::vector<ScopeTime> scopes() const;
  std::uint64_t evaluations() const;
  /// Of all evaluations together, planning included.
  double seconds() const;

  /// Writes a trace in Chrome's JSON format, of the first million steps. Throws ValueError if it cannot be written.
  void write_chrome_trace(const std::string& path) const;

 private:
  std::unique_ptr<detail::ProfileRecord> record_;
};

/// A table of the entries: share of the time, calls, milliseconds, GB/s read and written, what, scope and lines; behind
/// it the time by scope, if there is any.
std::string to_string(const Profile& profile);

}  // namespace xtape
