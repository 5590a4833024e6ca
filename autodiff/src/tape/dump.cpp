// The recorded program as text, a line for each node.
#include <bit>
#include <string>

#include "ops/errors.hpp"
#include "ops/op.hpp"
#include "tape/state.hpp"

namespace xtape::detail {

namespace {

bool is_inline_literal(const Node& node) { return node.op->kind == OpKind::constant && node.internal; }

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

std::string line_of(const TapeState& state, NodeId id, std::size_t width) {
  constexpr std::size_t kColumn = 36;
  const std::string number = "%" + std::to_string(id);
  std::string line = std::string(width - number.size(), ' ') + number + " = " + expression(state, id);
  if (line.size() < kColumn) line.resize(kColumn, ' ');
  const Node& node = state.program[id];
  return line + "  " + std::string(name(node.dtype)) + to_string(node.shape) + "\n";
}

}  // namespace

std::string dump(const TapeState& state) {
  std::string lines;
  const NodeId size = state.program.size();
  const std::size_t width = std::to_string(size == 0 ? 0 : size - 1).size() + 1;
  for (NodeId id = 0; id < size; ++id)
    if (!is_inline_literal(state.program[id])) lines += line_of(state, id, width);
  return lines;
}

}  // namespace xtape::detail
