#include "ops/repeatable_call.hpp"

#include <algorithm>

namespace xtape::detail {

NodeId RepeatableCall::repeat() {
  if (!usual_) return kNoNode;
  const RecordedCall* call = state_.calls.expected(begin_);
  if (call != nullptr && is(*call)) {
    state_.program.append_expected(call->end);
    state_.calls.repeat();
    return call->result;
  }
  before_ = tables();
  return kNoNode;
}

bool RepeatableCall::is(const RecordedCall& call) const {
  if (state_.program.expected(call.end - 1 - begin_) == nullptr) return false;
  if (call.key != key_ || call.location != location_ || call.operand_count != operands_.size()) return false;
  for (std::size_t i = 0; i < operands_.size(); ++i)
    if (call.operands[i] != operands_[i]) return false;
  return true;
}

void RepeatableCall::remember(NodeId result) {
  if (!usual_ || state_.program.size() == begin_ || tables() != before_) return;
  RecordedCall call{key_, location_, operands_.size(), {}, begin_, state_.program.size(), result};
  std::ranges::copy(operands_, call.operands.begin());
  state_.calls.add(call);
}

RepeatableCall::Tables RepeatableCall::tables() const {
  return {state_.arrays.size(), state_.numbers.size(),   state_.reads.size(),
          state_.rules.size(),  state_.gradients.size(), state_.kept.size()};
}

}  // namespace xtape::detail
