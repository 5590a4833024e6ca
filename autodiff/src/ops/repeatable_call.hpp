// Calls of functions of ops. A tape that is reset and recorded again makes the same calls of the same nodes: what such
// a call recorded is taken over as a whole, and neither its checks nor its rules of simplification run again.
#pragma once

#include <cstring>
#include <span>
#include <type_traits>

#include "tape/state.hpp"

namespace xtape::detail {

/// The key of calls of a function object, with all else that they depend on as `options`. Function pointers are their
/// address, and what is smaller than a pointer refers to nothing, so its bytes are all it knows; calls of other objects
/// are not remembered.
template <class Function>
CallKey key_of(const Function& function, std::uint64_t options = 0) {
  constexpr bool kPlain = std::is_trivially_copyable_v<Function> && std::has_unique_object_representations_v<Function>;
  static constexpr char kFunction = 0;
  CallKey key{&kFunction, 0, options};
  if constexpr (std::is_pointer_v<Function> || (kPlain && sizeof(Function) < sizeof(void*)))
    std::memcpy(&key.value, &function, sizeof function);
  else if constexpr (!std::is_empty_v<Function>) key.function = nullptr;
  return key;
}

/// A call whose operands are nodes by now, and what it records from here on. Key and operands must outlive it.
class RepeatableCall {
 public:
  RepeatableCall(TapeState& state, const CallKey& key, std::span<const NodeId> operands, Location location)
      : state_(state),
        key_(key),
        operands_(operands),
        location_(location),
        begin_(state.program.size()),
        usual_(key.function != nullptr && state.rule_depth == 0 && state.notes == nullptr &&
               operands.size() <= RecordedCall::kMostOperands) {}

  /// The result of the same call in the previous recording, whose nodes have been appended then; else kNoNode.
  NodeId repeat();
  /// For the next recording, if the call has recorded nothing but nodes without values. To be called after `repeat`.
  void remember(NodeId result);

 private:
  /// What a recording holds besides its nodes.
  struct Tables {
    std::size_t arrays, numbers, reads, rules, gradients, kept;
    friend bool operator==(const Tables&, const Tables&) = default;
  };
  Tables tables() const;
  bool is(const RecordedCall& call) const;

  TapeState& state_;
  const CallKey& key_;
  const std::span<const NodeId> operands_;
  const Location location_;
  const NodeId begin_;
  const bool usual_;  ///< the user's call, on a tape without notes
  Tables before_{};
};

}  // namespace xtape::detail
