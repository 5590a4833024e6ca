#include <xtape/tape.hpp>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include "debug/anomaly.hpp"
#include "differentiate/gradient.hpp"
#include "ops/errors.hpp"
#include "ops/op.hpp"
#include "tape/evaluate.hpp"
#include "tape/reachable.hpp"

namespace xtape {

namespace {

using detail::fail;
using detail::NodeId;
using detail::TapeState;
using detail::VarAccess;

/// The node of a Var of this tape.
NodeId node_on(const TapeState& state, const Var& var, std::string_view op, std::string_view role) {
  if (&VarAccess::state(var) != &state) fail<ValueError>(op, role, " is a Var of another tape");
  return VarAccess::node(var);
}

void check_floating(DType dtype, std::string_view op, std::string_view role) {
  if (!is_floating(dtype)) fail<DTypeError>(op, role, " is ", dtype, ", only float32 and float64 have gradients");
}

/// The nodes of outputs, in the state's scratch.
std::vector<NodeId>& nodes_on(TapeState& state, std::span<const Var> outputs) {
  std::vector<NodeId>& nodes = state.asked;
  nodes.clear();
  for (const Var& output : outputs) nodes.push_back(node_on(state, output, "evaluate", "an output"));
  return nodes;
}

/// The root of a gradient keeps its value once some plan computes it.
void keep_root(TapeState& state, NodeId y) {
  if (!std::exchange(state.program[y].keep, true)) state.kept.push_back(y);
}

/// Computes nodes that were asked for.
void compute(TapeState& state, std::span<const NodeId> nodes, const detail::Update& update = {}) {
  if (!state.options.detect_anomalies) return detail::evaluate(state, nodes, update);
  detail::evaluate(state, nodes);
  detail::require_finite(state, nodes);
}

/// A value that was asked for stays, a Parameter's too: it is no longer a read that may become stale.
void keep_read(TapeState& state, NodeId id) {
  detail::Node& node = state.program[id];
  if (node.holds != detail::Holds::parameter) return;
  detail::hold_array(state, id, detail::array_of(state, id));
}

Array kept_value(TapeState& state, NodeId id) {
  keep_read(state, id);
  return detail::value_of(state, id);
}

/// Checked before, but a custom op may have replaced the Parameter while the plan ran.
void assign(const TapeState& state, Parameter& parameter, NodeId value) {
  const bool number = state.program[value].holds == detail::Holds::number;
  if (number) parameter.assign(detail::value_of(state, value));
  else parameter.assign(detail::array_of(state, value));
}

void check_assignments(const TapeState& state, std::span<const Assignment> assignments) {
  for (std::size_t i = 0; i < assignments.size(); ++i) {
    const auto& [parameter, value] = assignments[i];
    const detail::Node& node = state.program[node_on(state, value, "evaluate", "an assigned value")];
    detail::check_assignable(parameter, node.dtype, node.shape, "evaluate");
    for (std::size_t j = 0; j < i; ++j)
      if (&assignments[j].parameter == &parameter)
        fail<ValueError>("evaluate", "Parameter \"", parameter.name(), "\" is assigned twice");
  }
}

void check_guard(const TapeState& state, const Var& guard) {
  node_on(state, guard, "evaluate", "the guard");
  if (guard.dtype() != DType::boolean)
    fail<DTypeError>("evaluate", "the guard is ", guard.dtype(), ", it must be bool");
  if (guard.rank() != 0) fail<ShapeError>("evaluate", "the guard is ", guard.shape(), ", it must be a scalar");
}

}  // namespace

// ---- Var

Shape Var::shape() const { return VarAccess::state(*this).program[node_].shape; }

std::size_t Var::rank() const { return VarAccess::state(*this).program[node_].shape.rank(); }

std::int64_t Var::size() const { return VarAccess::state(*this).program[node_].shape.size(); }

DType Var::dtype() const { return VarAccess::state(*this).program[node_].dtype; }

Array Var::value() const {
  TapeState& state = VarAccess::state(*this);
  compute(state, std::span(&node_, 1));
  return kept_value(state, node_);
}

const Array* Var::held_array() const {
  TapeState& state = VarAccess::state(*this);
  compute(state, std::span(&node_, 1));
  keep_read(state, node_);
  return state.program[node_].holds == detail::Holds::array ? &detail::array_of(state, node_) : nullptr;
}

Var::operator bool() const {
  if (dtype() != DType::boolean) fail<DTypeError>("operator bool", "the Var is ", dtype(), ", it must be bool");
  if (rank() != 0)
    fail<ShapeError>("operator bool", "the Var is ", shape(), ", it must be a scalar; logical_and, logical_or and ",
                     "logical_not are elementwise");
  return item<bool>();
}

// ---- Tape

Options Options::from_environment() {
  const auto is_set = [](const char* name) {
    const char* text = std::getenv(name);
    return text != nullptr && std::string_view(text) == "1";
  };
  return {.planned = !is_set("XTAPE_UNPLANNED"), .detect_anomalies = is_set("XTAPE_DETECT_ANOMALIES")};
}

void Tape::set_memory_budget(std::size_t bytes) { detail::VarAccess::state(*this).options.memory_budget = bytes; }

Tape::Tape(const Options& options) : state_(detail::acquire_tape_state(options)) {}

Tape::~Tape() {
  if (state_ != nullptr) detail::recycle_tape_state(state_);
}

Tape::Tape(Tape&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

Tape& Tape::operator=(Tape&& other) noexcept {
  if (this != &other && state_ != nullptr) detail::recycle_tape_state(state_);
  if (this != &other) state_ = std::exchange(other.state_, nullptr);
  return *this;
}

void Tape::reset() {
  TapeState& state = VarAccess::state(*this);
  state.clear();
  state.invalidate();
}

Var Tape::variable(Array value, const char* file, std::uint32_t line) {
  TapeState& state = VarAccess::state(*this);
  return VarAccess::make(state, detail::record_array(state, std::move(value), {file, line}));
}

Var Tape::read(const Parameter& parameter, const char* file, std::uint32_t line) {
  TapeState& state = VarAccess::state(*this);
  return VarAccess::make(state, detail::read_parameter(state, parameter, {file, line}));
}

Var read(const Parameter& parameter, const Var& beside, const char* file, std::uint32_t line) {
  TapeState& state = VarAccess::state(beside);
  return VarAccess::make(state, detail::read_parameter(state, parameter, {file, line}));
}

void Tape::substitute(const Parameter& parameter, const Var& value) {
  TapeState& state = VarAccess::state(*this);
  const NodeId node = node_on(state, value, "substitute", "the value");
  detail::check_assignable(parameter, value.dtype(), value.shape(), "substitute");
  const auto since = static_cast<NodeId>(state.program.size());
  state.substitutions.push_back({ParameterAccess::state(parameter), node, since});
}

bool Tape::owns(const Var& var) const { return &VarAccess::state(var) == &VarAccess::state(*this); }

bool Tape::depends_on(const Var& y, const Target& target) const {
  TapeState& state = VarAccess::state(*this);
  const NodeId node = node_on(state, y, "depends_on", "y");
  const std::optional<NodeId> wanted = find_target(target, node);
  if (!wanted || *wanted > node) return false;
  std::vector<NodeId>& nodes = state.walked;
  detail::reachable(state, std::span(&node, 1), false, nodes);
  return std::ranges::find(nodes, *wanted) != nodes.end();
}

/// What stands for a Parameter in the program of y: its latest substitution before y, or else its latest read before y;
/// y can depend on no other.
std::optional<NodeId> Tape::find_target(const Target& target, NodeId y) const {
  const TapeState& state = *state_;
  if (target.parameter_ == nullptr) return node_on(state, target.var_, "gradient", "a target");
  const auto& source = ParameterAccess::state(*target.parameter_);
  for (std::size_t i = state.substitutions.size(); i-- > 0;)
    if (state.substitutions[i].parameter == source && state.substitutions[i].since <= y)
      return state.substitutions[i].node;
  for (std::size_t i = state.reads.size(); i-- > 0;)
    if (state.reads[i].parameter == source && state.reads[i].node <= y) return state.reads[i].node;
  return std::nullopt;
}

std::span<const NodeId> Tape::target_nodes(std::span<const Target> targets, NodeId y) {
  std::vector<NodeId>& nodes = state_->asked;
  nodes.clear();
  for (const Target& target : targets) {
    const std::optional<NodeId> found = find_target(target, y);
    nodes.push_back(found ? *found : detail::read_parameter(*state_, *target.parameter_, {}));
    check_floating(state_->program[nodes.back()].dtype, "gradient", "a target");
  }
  return nodes;
}

void Tape::gradient(const Var& y, std::span<const Target> targets, Var* results) {
  TapeState& state = VarAccess::state(*this);
  const NodeId node = node_on(state, y, "gradient", "y");
  if (y.rank() != 0) fail<ShapeError>("gradient", "y is ", y.shape(), ", it must be a scalar; or use vjp");
  check_floating(y.dtype(), "gradient", "y");
  keep_root(state, node);
  for (NodeId result : detail::gradient_nodes(state, node, target_nodes(targets, node)))
    *results++ = VarAccess::make(state, result);
}

std::vector<Var> Tape::vjp(const Var& y, const Var& cotangent, std::span<const Target> targets) {
  TapeState& state = VarAccess::state(*this);
  const NodeId node = node_on(state, y, "vjp", "y");
  node_on(state, cotangent, "vjp", "the cotangent");
  check_floating(y.dtype(), "vjp", "y");
  if (cotangent.shape() != y.shape())
    fail<ShapeError>("vjp", "the cotangent is ", cotangent.shape(), ", y is ", y.shape());
  if (cotangent.dtype() != y.dtype())
    fail<DTypeError>("vjp", "the cotangent is ", cotangent.dtype(), ", y is ", y.dtype());
  keep_root(state, node);
  return detail::vjp(state, node, cotangent, target_nodes(targets, node));
}

std::vector<Array> Tape::evaluate(std::span<const Var> outputs) {
  TapeState& state = VarAccess::state(*this);
  compute(state, nodes_on(state, outputs));
  std::vector<Array> values;
  values.reserve(outputs.size());
  for (const Var& output : outputs) values.push_back(kept_value(state, VarAccess::node(output)));
  return values;
}

bool Tape::evaluate(std::span<const Var> outputs, std::span<const Assignment> assignments, const Var* guard) {
  TapeState& state = VarAccess::state(*this);
  check_assignments(state, assignments);
  if (guard != nullptr) check_guard(state, *guard);
  std::vector<NodeId>& nodes = nodes_on(state, outputs);
  for (const Assignment& assignment : assignments) nodes.push_back(VarAccess::node(assignment.value));
  if (guard != nullptr) nodes.push_back(VarAccess::node(*guard));
  for (NodeId node : nodes) keep_read(state, node);
  compute(state, nodes, {assignments, guard == nullptr ? detail::kNoNode : VarAccess::node(*guard)});
  if (guard != nullptr && !guard->item<bool>()) return false;
  for (const auto& [parameter, value] : assignments) assign(state, parameter, VarAccess::node(value));
  return true;
}

std::size_t Tape::size() const { return VarAccess::state(*this).program.size(); }

std::string Tape::dump() const { return detail::dump(VarAccess::state(*this)); }

}  // namespace xtape
