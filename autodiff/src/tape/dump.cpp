// The recorded program as text, a line for each node.
#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "ops/errors.hpp"
#include "ops/op.hpp"
#include "tape/dump.hpp"
#include "tape/notes.hpp"
#include "tape/state.hpp"

namespace xtape::detail {

bool is_inline_literal(const Node& node) { return node.op->kind == OpKind::constant && node.internal; }

namespace {

std::string literal_text(const Program& program, const Node& node) {
  return text(std::bit_cast<double>(program.attributes(node)[0]));
}

std::string operand_text(const Program& program, NodeId id) {
  return is_inline_literal(program[id]) ? literal_text(program, program[id]) : "%" + std::to_string(id);
}

std::string parameter_name(const TapeState& state, NodeId id) {
  for (const ParameterRead& read : state.reads)
    if (read.node == id) return read.parameter->name;
  return "";
}

}  // namespace

std::string expression(const TapeState& state, NodeId id) {
  const Program& program = state.program;
  const Node& node = program[id];
  std::string line(node.op->name);
  if (node.op->kind == OpKind::constant) return line + " " + literal_text(program, node);
  if (node.op->kind == OpKind::leaf) {
    const std::string name = parameter_name(state, id);
    return name.empty() ? line : line + " \"" + name + "\"";
  }
  line += "(";
  for (NodeId input : program.inputs(node)) line += (line.back() == '(' ? "" : ", ") + operand_text(program, input);
  if (node.op->describe != nullptr) line += ", " + node.op->describe(program.attributes(node));
  return line + ")";
}

namespace {

/// "%7 = sum(%6, axes=[-1])", the numbers aligned to the right.
std::string left_side(const TapeState& state, NodeId id, std::size_t width) {
  const std::string number = "%" + std::to_string(id);
  return std::string(width - number.size(), ' ') + number + " = " + expression(state, id);
}

}  // namespace

std::string dump(const TapeState& state) {
  constexpr std::size_t kWidest = 60;  // longer lines stand out rather than push all others
  const Program& program = state.program;
  const std::size_t width = std::to_string(program.size()).size() + 1;
  std::vector<std::string> lines;
  std::size_t column = 0;
  for (NodeId id = 0; id < program.size(); ++id) {
    lines.push_back(is_inline_literal(program[id]) ? "" : left_side(state, id, width));
    if (lines.back().size() <= kWidest) column = std::max(column, lines.back().size());
  }
  std::string text;
  for (NodeId id = 0; id < program.size(); ++id) {
    if (lines[id].empty()) continue;
    lines[id].resize(std::max(column, lines[id].size()), ' ');
    const std::string note = note_text(state, id);
    text += lines[id] + "  " + std::string(name(program[id].dtype)) + to_string(program[id].shape) +
            (note.empty() ? "" : "  ") + note + "\n";
  }
  return text;
}

}  // namespace xtape::detail
