#include "debug/anomaly_text.hpp"

#include <algorithm>

#include "ops/errors.hpp"
#include "ops/op.hpp"
#include "ops/view.hpp"
#include "tape/dump.hpp"
#include "tape/notes.hpp"
#include "tape/storage.hpp"

namespace xtape::detail {

namespace {

/// " at [1, 2]", of the element at a row-major index; nothing for a 0-d value.
std::string index_text(const Shape& shape, std::int64_t index) {
  if (shape.rank() == 0) return {};
  Shape position = shape;
  for (std::size_t axis = shape.rank(); axis-- > 0; index /= shape[axis]) position[axis] = index % shape[axis];
  return " at " + to_string(position);
}

std::string element_text(const Array& value, std::int64_t index) {
  return text(ArrayAccess::element(value, static_cast<std::size_t>(index)));
}

std::string number_text(NodeId id) { return "%" + std::to_string(id); }

std::string quoted_name(const TapeState& state, NodeId id) {
  const std::string_view name = name_of(state, id);
  return name.empty() ? "" : " \"" + std::string(name) + "\"";
}

/// `parameter "weights"`, `input "x"` or `log`: what made a node, and its name.
std::string maker_text(const TapeState& state, NodeId id) {
  const Node& node = state.program[id];
  const bool is_leaf = node.input_count == 0;
  return (is_leaf ? expression(state, id) : std::string(node.op->name)) + quoted_name(state, id);
}

/// "recorded at model.cpp:12 in encoder"
std::string recorded_text(const TapeState& state, NodeId id) {
  const Location location = state.program[id].location;
  const std::string scope = origin_of(state, id).scope;
  return "recorded at " + std::string(location.file) + ":" + std::to_string(location.line) +
         (scope.empty() ? "" : " in " + scope);
}

/// "is nan at [1] of float64[3]"
std::string element_of_value(const ReplayedValues& values, const BadElement& element) {
  const Array value = values.value(element.node);
  return "is " + element_text(value, element.index) + index_text(value.shape(), element.index) + ", " +
         to_string(value);
}

/// What a tensor was broadcast from.
NodeId before_broadcast(const Program& program, NodeId id) {
  while (program[id].op == &broadcast_to_op) id = program.inputs(program[id])[0];
  return id;
}

/// An input of the op: its element at the place if the op is elementwise, and its first elements.
std::string input_text(const ReplayedValues& values, const BadElement& place, NodeId input) {
  const TapeState& state = values.state();
  const NodeId source = before_broadcast(state.program, input);
  const std::string maker = maker_text(state, source);
  if (!values.is_known(input)) return maker + " (a value of before a Parameter was assigned)";
  const Array value = values.value(input), shown = values.is_known(source) ? values.value(source) : value;
  const bool at_place =
      state.program[place.node].op->kind == OpKind::elementwise && value.shape() == state.program[place.node].shape;
  if (!at_place || shown.rank() == 0) return maker + " = " + to_string(shown);
  return maker + " = " + element_text(value, place.index) + index_text(value.shape(), place.index) + " of " +
         to_string(shown);
}

bool inputs_known(const ReplayedValues& values, NodeId id) {
  const Program& program = values.state().program;
  return std::ranges::all_of(program.inputs(program[id]), [&](NodeId input) { return values.is_known(input); });
}

std::string inputs_text(const ReplayedValues& values, const BadElement& place) {
  const Program& program = values.state().program;
  std::string text;
  for (NodeId input : program.inputs(program[place.node]))
    text += (text.empty() ? "; what went in: " : "; ") + input_text(values, place, input);
  return text;
}

/// "becomes nan in divide, recorded at model.cpp:14"
std::string other_text(const TapeState& state, std::string_view verb, NodeId id) {
  return "; " + std::string(verb) + " " + maker_text(state, id) + " (" + recorded_text(state, id) + ")";
}

}  // namespace

std::string anomaly_text(const ReplayedValues& values, const Anomaly& anomaly) {
  const TapeState& state = values.state();
  const NodeId id = anomaly.place.node;
  const Origin origin = origin_of(state, id);
  const bool leaf = state.program[id].input_count == 0;
  std::string text = maker_text(state, id) + ": its ";
  text += origin.of_gradient ? "value, a part of " + gradient_text(state, origin) + "," : "value";
  text += " " + element_of_value(values, anomaly.place);
  if (anomaly.infinity) text += ", made of infinities";
  else if (!leaf && inputs_known(values, id)) text += ", though all that went in is finite";
  text += "; " + recorded_text(state, id) + inputs_text(values, anomaly.place);
  if (anomaly.first_nan) text += other_text(state, "it becomes nan in", anomaly.first_nan->node);
  if (anomaly.infinity) text += other_text(state, "the infinity is of", anomaly.infinity->node);
  if (anomaly.asked != id)
    text += "; asked for was " + number_text(anomaly.asked) + ", " + maker_text(state, anomaly.asked) + " (" +
            recorded_text(state, anomaly.asked) + ")";
  return text;
}

}  // namespace xtape::detail
