// Parts of a program with a rule of their own: the value is recorded as it is, and a node behind it, with the value and
// the inputs as its inputs, carries the rule and is lowered to the value alone.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ops/op.hpp"
#include "tape/state.hpp"

namespace xtape::detail {

struct Batching;

/// The op of nodes whose rule stands in TapeState::rules at their attribute.
extern const Op ruled_op;

/// `value` with a rule in place of its gradient; no cotangent goes into the value itself.
Var record_ruled(TapeState& state, std::shared_ptr<const UserRule> rule, const Var& value,
                 std::span<const NodeId> inputs, Location location);

/// Runs the rule for a node whose input 0 is the value. Throws ValueError, DTypeError or ShapeError in the name of
/// `name` if it gives something else than cotangents of the inputs.
void apply_user_rule(Rule& rule, std::string_view name, const decltype(UserRule::vjp)& vjp);

/// A node whose input 0 is the value and which has this rule for one example, over a batch.
NodeId batch_with_rule(const Batching& batching, std::shared_ptr<const UserRule> rule);

/// Another node with the value, which is input 0.
Var lower_to_value(std::span<const Var> inputs, std::span<const std::int64_t> attributes);

/// Throws ValueError if a Var that a function of the application returned is not of this tape; `what` says which.
void require_on(const TapeState& state, const Var& var, std::string_view name, std::string_view what);

}  // namespace xtape::detail
