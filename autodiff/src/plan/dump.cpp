#include "plan/dump.hpp"

#include <algorithm>
#include <cstring>

#include "ops/errors.hpp"
#include "plan/build.hpp"
#include "plan/layout.hpp"
#include "plan/request.hpp"
#include "tape/notes.hpp"

namespace xtape::detail {

namespace {

constexpr std::size_t kPlaceColumn = 58;

std::string type_text(const Node& node) { return text(node.dtype) + text(node.shape); }

std::string constant_text(const Plan& plan, const Node& node) {
  double value;
  std::memcpy(&value, plan.program.attributes(node).data(), sizeof value);
  return text(value);
}

/// An operand: its number, a literal's value, or the buffer that a view reads.
std::string operand_text(const Plan& plan, NodeId value) {
  const Access& access = plan.accesses[value];
  const Node& base = plan.program[access.base];
  if (base.op->kind == OpKind::constant && base.holds == Holds::nothing) return constant_text(plan, base);
  const std::string number = "%" + std::to_string(access.base);
  if (access.base == value) return number;
  const Node& node = plan.program[value];
  const bool plain = access.view.offset == 0 && is_contiguous(access.view, node.shape);
  if (plain && node.shape == base.shape) return number;
  return number + (plain ? " as " : " viewed as ") + text(node.shape);
}

std::string place_text(const Placement& placement) {
  switch (placement.place) {
    case Place::nowhere:
      return "register";
    case Place::leaf:
      return "leaf " + std::to_string(placement.at);
    case Place::output:
      return "output " + std::to_string(placement.at);
    case Place::arena:
      return "workspace at " + std::to_string(placement.at);
    case Place::constant:
      return "constant";
  }
  return {};
}

void add_line(std::string& result, std::string line, const std::string& place) {
  if (line.size() < kPlaceColumn) line.resize(kPlaceColumn, ' ');
  result += line + "  -> " + place + "\n";
}

/// What is known of a value beside its place; `notes` has a text for each node, or is empty.
std::string place_and_note(const Plan& plan, NodeId id, NodeNotes notes) {
  const std::string place = place_text(plan.placements[id]);
  return notes.empty() || notes[id].empty() ? place : place + "  " + notes[id];
}

void add_value(std::string& result, const Plan& plan, NodeId id, NodeNotes notes) {
  const Node& node = plan.program[id];
  std::string line = "  %" + std::to_string(id) + " = " + std::string(node.op->name) + "(";
  const char* separator = "";
  for (NodeId input : plan.program.inputs(node)) {
    line += separator + operand_text(plan, input);
    separator = ", ";
  }
  line += ")  " + type_text(node);
  add_line(result, std::move(line), place_and_note(plan, id, notes));
}

std::string counted(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

void add_step(std::string& result, const Plan& plan, const Step& step, NodeNotes notes) {
  switch (step.kind) {
    case Step::Kind::loop: {
      const Loop& loop = plan.loops[step.index];
      result += "loop over " + text(loop.space) + (loop.columns > 0 ? " by rows" : "") + ", blocks of " +
                std::to_string(loop.block) + "\n";
      for (NodeId id : loop.nodes) add_value(result, plan, id, notes);
      return;
    }
    case Step::Kind::matmul: {
      const MatmulStep& matmul = plan.matmuls[step.index];
      result += "product, " + std::to_string(matmul.m) + " x " + std::to_string(matmul.k) +
                (matmul.a.transposed ? " transposed" : "") + " by " + std::to_string(matmul.k) + " x " +
                std::to_string(matmul.n) + (matmul.b.transposed ? " transposed" : "") + "\n";
      return add_value(result, plan, matmul.value, notes);
    }
    case Step::Kind::opaque:
      result += "call\n";
      return add_value(result, plan, plan.opaques[step.index].value, notes);
  }
}

}  // namespace

std::string dump(const Plan& plan, NodeNotes notes) {
  std::string result =
      "plan: " + counted(plan.loops.size(), "loop", "loops") + ", " +
      counted(plan.matmuls.size(), "product", "products") + ", " + counted(plan.opaques.size(), "call", "calls") +
      ", " + counted(plan.instructions(), "instruction", "instructions") + "; workspace " +
      std::to_string(plan.arena_bytes) + " bytes, " + std::to_string(plan.bytes_before_reuse) + " before reuse\n";
  for (NodeId leaf : plan.leaves)
    add_line(result,
             "  %" + std::to_string(leaf) + " = " + std::string(plan.program[leaf].op->name) + "  " +
                 type_text(plan.program[leaf]),
             place_and_note(plan, leaf, notes));
  for (const Step& step : plan.steps) add_step(result, plan, step, notes);
  return result;
}

}  // namespace xtape::detail

namespace xtape {

std::string Tape::dump_plan(std::span<const Var> outputs) const {
  detail::TapeState& state = detail::VarAccess::state(*this);
  std::vector<detail::NodeId> nodes;
  for (const Var& output : outputs) {
    if (&detail::VarAccess::state(output) != &state)
      detail::fail<ValueError>("dump_plan", "a Var of another tape was given");
    nodes.push_back(detail::VarAccess::node(output));
  }
  detail::Request request;
  detail::make_request(state, nodes, request);
  if (request.outputs.empty()) return "plan: nothing to do, all values are there\n";
  const detail::Plan plan = detail::build_plan(request);
  std::vector<std::string> notes;
  if (state.notes != nullptr)
    for (std::uint32_t origin : plan.origins) notes.push_back(detail::note_text(state, request.nodes[origin]));
  return detail::dump(plan, notes);
}

}  // namespace xtape
