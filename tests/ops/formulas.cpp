// What ops and their rules record, as expressions.
#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <sstream>

#include "ops/op.hpp"
#include "ops/page.hpp"
#include "ops/row.hpp"
#include "tape/state.hpp"

namespace xtape::test {

namespace {

using detail::Node;
using detail::NodeId;
using detail::VarAccess;

constexpr std::size_t kLongest = 110;

/// How tightly an expression's last operator binds.
enum Binding { sum_like, product_like, prefix, atom };

struct Text {
  std::string text;
  Binding binding = atom;
};

std::string in_context(const Text& part, Binding least) {
  return part.binding < least ? "(" + part.text + ")" : part.text;
}

std::string number_text(double number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

/// Writes the program behind a node as one expression, with names for some nodes.
class Writer {
 public:
  explicit Writer(const detail::TapeState& state) : program_(state.program) {}

  std::map<NodeId, std::string> names;

  Text write(NodeId id) {
    if (const auto named = names.find(id); named != names.end()) return {named->second};
    const Node& node = program_[id];
    if (node.op->kind == detail::OpKind::constant) return number(node);
    if (program_.inputs(node).empty()) return {"..."};
    if (is_alias(node) || node.op->name == "broadcast_to") return write(program_.inputs(node)[0]);
    return operation(node);
  }

  bool is_alias(const Node& node) const {
    return node.op->name == "reshape" && program_[program_.inputs(node)[0]].shape == node.shape;
  }

 private:
  Text number(const Node& node) {
    const double value = std::bit_cast<double>(program_.attributes(node)[0]);
    return {number_text(value), std::signbit(value) ? prefix : atom};
  }

  Text operation(const Node& node) {
    const std::string_view op = node.op->name;
    if (op == "add") return infix(node, " + ", sum_like, sum_like);
    if (op == "subtract") return infix(node, " - ", sum_like, product_like);
    if (op == "multiply" || op == "strong_multiply") return infix(node, " * ", product_like, prefix);
    if (op == "divide" || op == "strong_divide") return infix(node, " / ", product_like, prefix);
    if (op == "negate") return {"-" + in_context(write(program_.inputs(node)[0]), prefix), prefix};
    return call(node);
  }

  Text infix(const Node& node, const char* sign, Binding own, Binding right) {
    const auto inputs = program_.inputs(node);
    return {in_context(write(inputs[0]), own) + sign + in_context(write(inputs[1]), right), own};
  }

  Text call(const Node& node) {
    std::string text(node.op->name);
    text += "(";
    for (NodeId input : program_.inputs(node)) {
      if (text.size() > 4 * kLongest) break;  // shared subexpressions may repeat without end
      text += (text.back() == '(' ? "" : ", ") + write(input).text;
    }
    const std::string settings = node.op->describe == nullptr ? "" : node.op->describe(program_.attributes(node));
    return {text + (settings.empty() ? "" : ", " + settings) + ")"};
  }

  const detail::Program& program_;
};

/// A call that shows the formula best: on vectors of one shape where there is one.
const Sample& plain_sample(const Row& row) {
  for (const Sample& sample : row.samples) {
    bool plain = row.arity == 0 || sample.inputs.size() == row.arity;
    for (const Input& input : sample.inputs)
      plain = plain && input.shape.rank() > 0 && input.shape == sample.inputs[0].shape;
    if (plain && sample.inputs[0].shape.size() > 1) return sample;
  }
  return row.samples[0];
}

void name_leaves(Writer& writer, const std::vector<Var>& leaves) {
  for (std::size_t i = 0; i < leaves.size(); ++i)
    writer.names[VarAccess::node(leaves[i])] = leaves.size() == 1 ? "x" : std::string(1, static_cast<char>('a' + i));
}

/// The only node that takes this one, if it is an op of this name with a leaf of the row as the other input.
NodeId moved_by(Writer& writer, const detail::Program& program, NodeId id, std::string_view op) {
  NodeId taker = id;
  for (NodeId node = id + 1; node < program.size(); ++node) {
    const auto inputs = program.inputs(program[node]);
    if (std::find(inputs.begin(), inputs.end(), id) == inputs.end()) continue;
    if (taker != id || program[node].op->name != op || inputs[0] != id) return id;
    taker = node;
  }
  return taker != id && writer.write(program.inputs(program[taker])[1]).text == "..." ? taker : id;
}

/// What the op takes of a leaf: rows move matrices away from singular ones, as number * x + array.
Var taken(Writer& writer, const detail::TapeState& state, const Var& leaf) {
  const NodeId id = VarAccess::node(leaf), scaled = moved_by(writer, state.program, id, "multiply");
  const NodeId shifted = scaled == id ? id : moved_by(writer, state.program, scaled, "add");
  return shifted == scaled ? leaf : VarAccess::make(VarAccess::state(leaf), shifted);
}

/// The expression, or nothing if it is too long.
std::string expression_of(Writer& writer, const Var& var) {
  std::string text = writer.write(VarAccess::node(var)).text;
  return text.size() <= kLongest ? text : "";
}

}  // namespace

const Row* find_row(const std::string& op) {
  for (const Row& row : rows())
    if (row.name == op) return &row;
  return nullptr;
}

Formulas formulas_of(const std::string& op) {
  const Row* row = find_row(op);
  if (row == nullptr || row->samples.empty()) return {};
  const Sample& sample = plain_sample(*row);
  Tape tape;
  std::vector<Var> leaves = make_leaves(tape, make_inputs(sample.inputs, DType::float64, 1));
  const Var y = sample.build(leaves);
  const detail::TapeState& state = VarAccess::state(y);
  Writer writer(state);
  name_leaves(writer, leaves);
  for (Var& leaf : leaves) leaf = taken(writer, state, leaf);
  name_leaves(writer, leaves);
  Formulas formulas{expression_of(writer, y), {}};
  if (!is_floating(y.dtype())) return formulas;

  const Var h = tape.variable(Array::ones(y.shape(), y.dtype()));
  const std::vector<Target> targets = floating_targets(leaves);
  const std::vector<Var> cotangents = tape.vjp(y, h, std::span<const Target>(targets));
  NodeId result = VarAccess::node(y);
  writer.names[VarAccess::node(h)] = "h";
  writer.names[result] = "y";
  while (writer.is_alias(state.program[result]))
    writer.names[result = state.program.inputs(state.program[result])[0]] = "y";
  for (const Var& cotangent : cotangents) formulas.cotangents.push_back(expression_of(writer, cotangent));
  return formulas;
}

}  // namespace xtape::test
