// Calls of functions of ops, remembered from one recording to the next: what a function recorded for its operands it
// would record again, with all its checks, as long as the recordings are the same (see Program).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tape/program.hpp"

namespace xtape::detail {

/// What a call records besides its operands' nodes follows from this.
struct CallKey {
  const void* function = nullptr;  ///< null for a call that must not be remembered
  std::uint64_t value = 0;         ///< of the function object
  std::uint64_t options = 0;
  friend bool operator==(const CallKey&, const CallKey&) = default;
};

struct RecordedCall {
  static constexpr std::size_t kMostOperands = 4;

  CallKey key;
  Location location;
  std::size_t operand_count;
  std::array<NodeId, kMostOperands> operands;
  NodeId begin;  ///< the first node behind those of the operands
  NodeId end, result;
};

/// The calls of a recording by ascending `begin`, and those of the previous one that come next.
class CallLog {
 public:
  /// The previous recording's call whose own nodes begin with `begin`, or null. What came before is passed over.
  const RecordedCall* expected(NodeId begin);
  /// That call has been made again.
  void repeat() {
    ++size_;
    ++repeats_;
  }
  /// How many calls have been made again so far.
  std::size_t repeats() const { return repeats_; }
  void add(const RecordedCall& call);
  /// Begins another recording, as the Program does.
  void rewind();

 private:
  std::vector<RecordedCall> calls_;
  std::size_t size_ = 0;  ///< of this recording; what follows is of the previous one
  std::size_t repeats_ = 0;
};

}  // namespace xtape::detail
