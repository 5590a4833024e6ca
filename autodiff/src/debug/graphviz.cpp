#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include <xtape/debug.hpp>

#include "debug/step_text.hpp"
#include "ops/errors.hpp"
#include "ops/leaf.hpp"
#include "ops/op.hpp"
#include "plan/build.hpp"
#include "plan/request.hpp"
#include "tape/dump.hpp"
#include "tape/notes.hpp"
#include "tape/reachable.hpp"

namespace xtape {

namespace detail {

namespace {

/// A quoted string of the language. In labels, a backslash begins an escape; ends of lines are written as such.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') result += '\\';
    if (letter == '\n') result += "\\n";
    else result += letter;
  }
  return result + "\"";
}

/// Whether computing a node takes instructions.
bool is_computed(const Node& node) {
  return node.holds == Holds::nothing && node.input_count > 0 && node.op->kind != OpKind::view;
}

/// For each node that a step of the plan would compute, the number of the step; of the last one, if there are several.
/// Nodes that were merged into their reader, a product into a fused multiply and add, are of its step.
std::map<NodeId, std::size_t> steps_of(const Program& program, const Plan& plan, const Request& request) {
  std::map<NodeId, std::size_t> steps;
  for (std::size_t i = 0; i < plan.steps.size(); ++i)
    for (NodeId id : nodes_of(plan, plan.steps[i])) steps[request.nodes[plan.origins[id]]] = i;
  for (std::size_t i = request.nodes.size(); i-- > 0;) {
    const auto reader = steps.find(request.nodes[i]);
    if (reader == steps.end()) continue;
    for (NodeId input : program.inputs(program[reader->first]))
      if (is_computed(program[input])) steps.emplace(input, reader->second);
  }
  return steps;
}

/// A frame for a scope, with the scopes in it.
struct Frame {
  std::map<std::string, Frame> inner;
  std::vector<NodeId> nodes;
};

Frame& frame_at(Frame& outermost, std::string_view path) {
  Frame* frame = &outermost;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    frame = &frame->inner[std::string(path.substr(0, end))];
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return *frame;
}

class Picture {
 public:
  Picture(const TapeState& state, const Plan& plan, const Request& request, std::span<const NodeId> outputs)
      : state_(state), plan_(plan), steps_(steps_of(state.program, plan, request)), outputs_(outputs) {}

  std::string of(std::span<const NodeId> nodes) {
    Frame outermost;
    for (NodeId id : nodes)
      if (!is_inline_literal(state_.program[id])) frame_at(outermost, origin_of(state_, id).scope).nodes.push_back(id);
    text_ = "digraph tape {\n  node [fontname=\"Helvetica\", fontsize=10, style=filled, fillcolor=white];\n";
    add_frame(outermost, "  ");
    for (NodeId id : nodes) add_edges(id);
    return text_ + "}\n";
  }

 private:
  void add_frame(const Frame& frame, const std::string& indent) {
    for (NodeId id : frame.nodes) add_node(id, indent);
    for (const auto& [name, inner] : frame.inner) {
      text_ += indent + "subgraph cluster_" + std::to_string(frames_++) + " {\n";
      text_ += indent + "  label=" + quoted(name) + ";\n";
      add_frame(inner, indent + "  ");
      text_ += indent + "}\n";
    }
  }

  void add_node(NodeId id, const std::string& indent) {
    text_ += indent + "n" + std::to_string(id) + " [label=" + quoted(label(id)) + ", shape=" + shape(id) + style(id) +
             "];\n";
  }

  std::string label(NodeId id) const {
    const Node& node = state_.program[id];
    std::string text = "%" + std::to_string(id) + " = " + expression(state_, id) + "\n" +
                       std::string(name(node.dtype)) + to_string(node.shape);
    if (const std::string_view given = name_of(state_, id); !given.empty()) text += "\n\"" + std::string(given) + "\"";
    if (*node.location.file != '\0')
      text += "\n" + std::string(file_name(node.location.file)) + ":" + std::to_string(node.location.line);
    if (const auto step = steps_.find(id); step != steps_.end()) text += "\n" + step_name(step->second);
    return text;
  }

  const char* shape(NodeId id) const {
    const Node& node = state_.program[id];
    if (node.op == &parameter_op) return "cylinder";
    if (node.op == &number_op) return "plaintext";
    return node.input_count == 0 ? "box" : "ellipse";
  }

  std::string style(NodeId id) const {
    std::string style;
    if (origin_of(state_, id).of_gradient) style += ", style=\"filled,dashed\"";
    if (const auto step = steps_.find(id); step != steps_.end())
      style += ", fillcolor=\"" + std::string(kColours[step->second % kColours.size()]) + "\"";
    if (std::ranges::find(outputs_, id) != outputs_.end()) style += ", peripheries=2";
    return style;
  }

  /// "loop 2", as dump_plan counts its steps, from 0.
  std::string step_name(std::size_t index) const {
    constexpr std::array<const char*, 3> kNames{"loop ", "product ", "call "};
    return kNames[static_cast<std::size_t>(plan_.steps[index].kind)] + std::to_string(index);
  }

  void add_edges(NodeId id) {
    for (NodeId input : state_.program.inputs(state_.program[id]))
      if (!is_inline_literal(state_.program[input]))
        text_ += "  n" + std::to_string(input) + " -> n" + std::to_string(id) + ";\n";
  }

  static constexpr std::array<const char*, 10> kColours{"#8dd3c7", "#ffffb3", "#bebada", "#fb8072", "#80b1d3",
                                                        "#fdb462", "#b3de69", "#fccde5", "#d9d9d9", "#bc80bd"};
  const TapeState& state_;
  const Plan& plan_;
  const std::map<NodeId, std::size_t> steps_;
  const std::span<const NodeId> outputs_;
  std::string text_;
  int frames_ = 0;
};

}  // namespace

}  // namespace detail

std::string dump_graphviz(const Tape& tape, std::span<const Var> outputs) {
  using detail::NodeId, detail::VarAccess;
  detail::TapeState& state = VarAccess::state(tape);
  std::vector<NodeId> roots, nodes;
  for (const Var& output : outputs) {
    if (&VarAccess::state(output) != &state)
      detail::fail<ValueError>("dump_graphviz", "a Var of another tape was given");
    roots.push_back(VarAccess::node(output));
  }
  detail::Request request;
  detail::make_request(state, roots, request);
  const detail::Plan plan = request.outputs.empty() ? detail::Plan{} : detail::build_plan(request);
  detail::reachable(state, roots, false, nodes);
  return detail::Picture(state, plan, request, roots).of(nodes);
}

}  // namespace xtape
