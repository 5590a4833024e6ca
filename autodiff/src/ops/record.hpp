// Recording an op: finding its tape, resolving operands, checking dtypes and shapes, broadcasting, appending.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <xtape/operand.hpp>

#include "ops/op.hpp"
#include "ops/repeatable_call.hpp"
#include "tape/state.hpp"

namespace xtape::detail {

using Operands = std::span<const Operand* const>;

/// Elementwise with broadcasting: all inputs of one dtype, the output of that dtype or the given one. Beside a boolean
/// first input, two numbers make a float64, int64 or bool result, by their C++ types.
template <std::size_t N>
Var record_elementwise(const Op& op, const Operand* const (&operands)[N], std::optional<DType> output = std::nullopt);
/// The tape of the Vars among the operands. Throws ValueError if there is none, or if there are two.
TapeState& tape_of(std::string_view op, Operands operands);
/// What a node recorded now is said to come from: the operand's line, or the rule's.
inline Location location_of(const TapeState& state, const Operand& operand) {
  return state.rule_depth > 0 ? state.rule_location : Location{operand.file, operand.line};
}
/// The one dtype of the operands that are no numbers, else the numbers' own. Throws DTypeError if there are two.
DType common_dtype(std::string_view op, const TapeState& state, Operands operands);
/// The node of an operand; a number becomes a 0-d leaf or literal of the given dtype, or throws DTypeError.
NodeId resolve(TapeState& state, std::string_view op, const Operand& operand, DType number_dtype);

/// Appends a node, internal while a rule or composite records. Checks nothing.
NodeId append(TapeState& state, const Op& op, DType dtype, const Shape& shape, std::span<const NodeId> inputs,
              std::span<const std::int64_t> attributes = {}, std::optional<Location> location = std::nullopt);
/// The same as a Var, for one input and attributes.
Var append_unary(const Op& op, const Var& x, const Shape& shape, std::span<const std::int64_t> attributes = {});
/// Appends an elementwise op of an output dtype, with broadcasting; in a rule or composite perhaps something simpler.
NodeId append_elementwise(TapeState& state, const Op& op, std::span<const NodeId> inputs, DType dtype,
                          Location location);
NodeId append_literal(TapeState& state, double value, DType dtype, std::optional<Location> location = std::nullopt);
/// A tensor of one literal.
NodeId append_full(TapeState& state, double value, DType dtype, const Shape& shape);
/// A node of its own with the value of another.
NodeId append_alias(TapeState& state, NodeId node);

/// Whether a node is a literal, or a tensor of one, that no Var was given of; and which.
bool is_literal(const TapeState& state, NodeId node, double& value);

/// Whether a node is a 0-d scalar that needs no broadcast, because nobody can differentiate for it.
bool is_anonymous(const Node& node);

/// The shape of a live Var, until the next node is recorded.
inline const Shape& shape_of(const Var& x) { return VarAccess::state(x).program[VarAccess::node(x)].shape; }
/// The shape that two shapes broadcast to. Throws ShapeError in the name of `op`.
Shape broadcast_shapes(std::string_view op, const Shape& a, const Shape& b);
/// An axis counted from the start, 0 <= axis < rank. Throws ShapeError if it is out of range.
std::size_t normalized_axis(std::string_view op, std::int64_t axis, std::size_t rank);
/// Throws DTypeError unless the Var is floating.
void check_floating(std::string_view op, const Var& x);

/// Makes the result of a composite a node that rules do not look through and that is no operand.
Var hand_out(TapeState& state, const Var& result);

/// `body()` with its numbers as literals and its nodes at `location`, or the nodes that it recorded the last time.
template <class Body>
Var record_call(TapeState& state, const CallKey& key, std::span<const NodeId> operands, Location location, Body body) {
  RepeatableCall call(state, key, operands, location);
  if (const NodeId again = call.repeat(); again != kNoNode) return VarAccess::make(state, again);
  const RuleScope scope(state, location);
  const Var result = hand_out(state, body());
  call.remember(VarAccess::node(result));
  return result;
}

/// A function of ops: resolves the operands to Vars, then calls `body` with them, while numbers are literals and nodes
/// get the user's line.
template <class Body, class... Rest>
Var record_composite(std::string_view op, const CallKey& key, Body body, const Rest&... operands) {
  const std::array<const Operand*, sizeof...(Rest)> list{&operands...};
  TapeState& state = tape_of(op, list);
  std::array<NodeId, sizeof...(Rest)> nodes;
  if constexpr (sizeof...(Rest) == 1) {  // which is a Var then
    nodes[0] = VarAccess::node(list[0]->var);
  } else {
    const DType dtype = common_dtype(op, state, list);
    nodes = {resolve(state, op, operands, dtype)...};
  }
  return record_call(state, key, nodes, location_of(state, *list[0]), [&] {
    return std::apply([&](auto... node) { return body(VarAccess::make(state, node)...); }, nodes);
  });
}
template <class Body, class... Rest>
Var record_composite(std::string_view op, Body body, const Rest&... operands) {
  return record_composite(op, key_of(body), body, operands...);
}

}  // namespace xtape::detail
