#include "differentiate/replay.hpp"

#include <algorithm>

namespace xtape::detail {

const std::vector<NodeId>* replay_gradient(TapeState& state, NodeId y, NodeId cotangent,
                                           std::span<const NodeId> targets) {
  const std::size_t index = state.gradients.size();
  if (state.gradients_differ || index >= state.previous_gradients.size()) return nullptr;
  RecordedGradient& before = state.previous_gradients[index];
  const NodeId size = state.program.size();
  const bool tells_enough = before.noted || state.notes == nullptr;
  state.gradients_differ =
      !(before.repeatable && tells_enough && before.begin == size && before.y == y && before.cotangent == cotangent &&
        std::ranges::equal(before.targets, targets) && state.program.repeats_to_rules(state.gradients_compared));
  if (state.gradients_differ) return nullptr;
  state.program.append_expected(before.end);
  state.gradients_compared = before.end;
  state.gradients.push_back(std::move(before));
  return &state.gradients.back().results;
}

void remember_gradient(TapeState& state, RecordedGradient gradient, std::uint64_t user_rules) {
  gradient.end = state.program.size();
  gradient.repeatable = user_rules == 0;  // a user's rule may do something else the next time
  for (NodeId id = gradient.begin; id < gradient.end; ++id)
    if (state.program[id].holds != Holds::nothing) gradient.repeatable = false;
  state.gradients.push_back(std::move(gradient));
}

}  // namespace xtape::detail
