#include "ops/record.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "ops/elementwise_ops.hpp"
#include "ops/errors.hpp"
#include "ops/leaf.hpp"
#include "ops/simplify.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

bool is_literal(const TapeState& state, NodeId id, double& value) {
  const Node* node = &state.program[id];
  if (node->op == &broadcast_to_op && node->internal) node = &state.program[state.program.inputs(*node)[0]];
  if (node->op != &constant_op || !node->internal) return false;
  value = std::bit_cast<double>(state.program.attributes(*node)[0]);
  return true;
}

bool is_anonymous(const Node& node) {
  return node.holds == Holds::number || (node.op == &constant_op && node.internal);
}

namespace {

using Kind = Operand::Kind;

bool is_number(const Operand& operand) { return operand.kind >= Kind::integer; }

double as_double(const Operand& number) {
  return number.kind == Kind::real ? number.real : static_cast<double>(number.integer);
}

void check_number(std::string_view op, const Operand& number, DType dtype) {
  if (dtype == DType::boolean && number.kind != Kind::boolean)
    fail<DTypeError>(op, "the number ", as_double(number), " does not mix with bool");
  const bool integral = number.real == std::trunc(number.real) && fits_int64(number.real);
  if (dtype == DType::int64 && number.kind == Kind::real && !integral)
    fail<DTypeError>(op, "the number ", number.real, " does not mix with int64");
}

template <class T>
std::uint64_t bits_of(T value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

std::uint64_t number_bits(const Operand& number, DType dtype) {
  const bool real = number.kind == Kind::real;
  switch (dtype) {
    case DType::float32:
      return bits_of(real ? static_cast<float>(number.real) : static_cast<float>(number.integer));
    case DType::float64:
      return bits_of(as_double(number));
    case DType::int64:
      return bits_of(real ? static_cast<std::int64_t>(number.real) : number.integer);
    case DType::boolean:
      return static_cast<std::uint64_t>(number.integer);
  }
  return 0;
}

bool is_literal_number(const TapeState& state, const Operand& number) { return number.literal || state.rule_depth > 0; }

void hold_number(TapeState& state, NodeId id, const Operand& number) {
  Node& node = state.program[id];
  node.holds = Holds::number;
  node.value = static_cast<std::uint32_t>(state.numbers.size());
  state.numbers.push_back(number_bits(number, node.dtype));
}

NodeId resolve_number(TapeState& state, std::string_view op, const Operand& number, DType dtype) {
  constexpr double kExactIntegers = 9007199254740992.0;  // beyond, a literal's float64 would round an int64
  check_number(op, number, dtype);
  if (is_literal_number(state, number) && (dtype != DType::int64 || std::abs(as_double(number)) < kExactIntegers))
    return append_literal(state, as_double(number), dtype, location_of(state, number));
  const NodeId id = append(state, number_op, dtype, Shape{}, {}, {}, location_of(state, number));
  hold_number(state, id, number);
  return id;
}

DType dtype_of_operand(const TapeState& state, const Operand& operand) {
  if (operand.kind == Kind::var) return state.program[VarAccess::node(operand.var)].dtype;
  return operand.kind == Kind::array ? operand.array->dtype() : operand.parameter->dtype();
}

void check_condition(const TapeState& state, std::string_view op, const Operand& condition) {
  if (is_number(condition)) return;  // checked when it becomes a bool
  if (const DType dtype = dtype_of_operand(state, condition); dtype != DType::boolean)
    fail<DTypeError>(op, "the condition is ", dtype, ", it must be bool");
}

Shape common_shape(std::string_view op, const TapeState& state, std::span<const NodeId> inputs) {
  Shape shape = state.program[inputs[0]].shape;
  for (NodeId input : inputs.subspan(1))
    if (const Shape& other = state.program[input].shape; other != shape) shape = broadcast_shapes(op, shape, other);
  return shape;
}

void check_kernel(const Op& op, DType input, DType output) {
  const auto* sets =
      op.elementwise_by_output ? op.elementwise_by_output[static_cast<std::size_t>(output)] : op.elementwise;
  const ElementwiseKernels& kernels = (*sets)[InstructionSet::baseline];
  const ElementwiseKernel by_dtype[] = {kernels.float32, kernels.float64, kernels.int64, kernels.boolean};
  if (by_dtype[static_cast<std::size_t>(input)] == nullptr) fail<DTypeError>(op.name, "it does not take ", input);
}

/// The literal that a tensor of one literal is made of, else the node itself.
NodeId without_broadcast(const TapeState& state, NodeId id) {
  double value = 0;
  const Node& node = state.program[id];
  return node.op != &constant_op && is_literal(state, id, value) ? state.program.inputs(node)[0] : id;
}

NodeId append_broadcast(TapeState& state, NodeId input, const Shape& shape, Location location) {
  if (state.program[input].shape == shape) return input;
  return append(state, broadcast_to_op, state.program[input].dtype, shape, std::span(&input, 1), {}, location);
}

DType dtype_of_numbers(Operands numbers) {
  const auto any = [&](Kind kind) { return std::ranges::any_of(numbers, [&](auto* x) { return x->kind == kind; }); };
  return any(Kind::real) ? DType::float64 : any(Kind::integer) ? DType::int64 : DType::boolean;
}

bool of_one_shape(const Program& program, std::span<const NodeId> inputs) {
  for (NodeId input : inputs.subspan(1))
    if (program[input].shape != program[inputs[0]].shape) return false;
  return true;
}

/// Whether there is nothing to simplify.
bool is_plain(const TapeState& state, const Op& op, std::span<const NodeId> inputs) {
  double value = 0;
  if (state.rule_depth == 0) return true;
  if (&op == &negate_op) return false;
  for (NodeId input : inputs)
    if (is_literal(state, input, value)) return false;
  return true;
}

/// Whether a node of the previous recording is that of an Array or a number beside Vars.
bool is_again(const TapeState& state, const Node& node, const Operand& operand) {
  if (node.location != location_of(state, operand)) return false;
  if (operand.kind == Kind::array)
    return node.op == &input_op && operand.array->has_value() && node.dtype == operand.array->dtype() &&
           node.shape == operand.array->shape();
  if (!is_number(operand) || !is_floating(node.dtype)) return false;
  if (!is_literal_number(state, operand)) return node.op == &number_op;
  return node.op == &constant_op &&
         state.program.attributes(node)[0] == std::bit_cast<std::int64_t>(as_double(operand));
}

/// The state of the first Var among the operands, or null.
template <std::size_t N>
TapeState* state_of_first_var(const Operand* const (&operands)[N]) {
  for (const Operand* operand : operands)
    if (operand->kind == Kind::var) return VarAccess::any_state(operand->var);
  return nullptr;
}

/// Holds the Arrays and numbers among the operands, whose nodes begin with `id`.
void hold_leaves(TapeState& state, NodeId id, Operands operands) {
  for (const Operand* operand : operands) {
    if (operand->kind == Kind::var) continue;
    if (operand->kind == Kind::array) hold_array(state, id, *operand->array);
    else if (state.program[id].op == &number_op) hold_number(state, id, *operand);
    ++id;
  }
}

/// Whether the dtype follows from the inputs: of numbers alone beside a condition it follows from their C++ types.
bool has_dtype_of_inputs(const Op& op, Operands operands) {
  return !op.boolean_first || !std::ranges::all_of(operands.subspan(1), [](auto* x) { return is_number(*x); });
}

/// The result, if the previous recording has next what this call would append: the Arrays and numbers among the
/// operands, and the op of all operands. That has passed all checks then, and its shape follows from its inputs. Else
/// kNoNode.
template <std::size_t N>
NodeId append_expected(TapeState& state, const Op& op, const Operand* const (&operands)[N],
                       std::optional<DType> output) {
  if (N == 3 && !has_dtype_of_inputs(op, operands)) return kNoNode;
  Program& program = state.program;
  const NodeId first = program.size();
  NodeId inputs[N], id = first;
  const Node* node = program.expected();
  if (node == nullptr) return kNoNode;
  for (std::size_t i = 0; i < N; ++i) {
    const Operand& operand = *operands[i];
    if (operand.kind == Kind::var) {
      if (!VarAccess::is_of(operand.var, state)) return kNoNode;
      inputs[i] = VarAccess::node(operand.var);
    } else {
      if (!is_again(state, *node, operand)) return kNoNode;
      inputs[i] = id++;
      node = program.expected(id - first);
      if (node == nullptr) return kNoNode;
    }
  }
  if (!program.is_of(*node, op, node->dtype, inputs) || node->attribute_count > 0) return kNoNode;
  if (output && node->dtype != *output) return kNoNode;
  if (node->location != location_of(state, *operands[0])) return kNoNode;
  program.append_expected(id + 1);
  if (id != first) hold_leaves(state, first, operands);
  program[id].internal = state.rule_depth > 0;
  return id;
}

/// The nodes of any operands, once the op is known to take them.
TapeState& resolve_inputs(const Op& op, Operands list, std::optional<DType> output, NodeId* nodes) {
  TapeState& state = tape_of(op.name, list);
  const std::size_t first = op.boolean_first ? 1 : 0;
  if (op.boolean_first) check_condition(state, op.name, *list[0]);
  const DType dtype = common_dtype(op.name, state, list.subspan(first));
  check_kernel(op, dtype, output.value_or(dtype));
  for (std::size_t i = 0; i < list.size(); ++i)
    nodes[i] = resolve(state, op.name, *list[i], i < first ? DType::boolean : dtype);
  return state;
}

}  // namespace

template <std::size_t N>
Var record_elementwise(const Op& op, const Operand* const (&operands)[N], std::optional<DType> output) {
  if (TapeState* state = state_of_first_var(operands)) {
    const NodeId expected = append_expected(*state, op, operands, output);
    if (expected != kNoNode) return VarAccess::make(*state, expected);
  }
  NodeId inputs[N];
  TapeState& state = resolve_inputs(op, operands, output, inputs);
  const DType dtype = state.program[inputs[op.boolean_first ? 1 : 0]].dtype;
  const Location location = location_of(state, *operands[0]);
  return VarAccess::make(state, append_elementwise(state, op, inputs, output.value_or(dtype), location));
}

template Var record_elementwise(const Op&, const Operand* const (&)[1], std::optional<DType>);
template Var record_elementwise(const Op&, const Operand* const (&)[2], std::optional<DType>);
template Var record_elementwise(const Op&, const Operand* const (&)[3], std::optional<DType>);

namespace {

/// Of inputs of several shapes, or in a rule.
NodeId append_broadcasting(TapeState& state, const Op& op, std::span<const NodeId> given, DType dtype,
                           Location location) {
  std::array<NodeId, 3> copies{};
  std::ranges::copy(given, copies.begin());
  const std::span<NodeId> inputs = std::span(copies).first(given.size());
  const Shape shape = common_shape(op.name, state, inputs);
  if (state.rule_depth > 0) {
    const NodeId simple = simplified(state, op, inputs, dtype);
    if (simple != kNoNode) return append_broadcast(state, simple, shape, location);
    for (NodeId& input : inputs) input = without_broadcast(state, input);
  }
  bool all_anonymous = true;
  for (NodeId& input : inputs) {
    if (is_anonymous(state.program[input])) continue;
    all_anonymous = false;
    input = append_broadcast(state, input, shape, location);
  }
  if (!all_anonymous) return append(state, op, dtype, shape, inputs, {}, location);
  return append_broadcast(state, append(state, op, dtype, Shape{}, inputs, {}, location), shape, location);
}

}  // namespace

NodeId append_elementwise(TapeState& state, const Op& op, std::span<const NodeId> inputs, DType dtype,
                          Location location) {
  if (of_one_shape(state.program, inputs) && is_plain(state, op, inputs))
    return append(state, op, dtype, state.program[inputs[0]].shape, inputs, {}, location);
  const CallKey key{&op, static_cast<std::uint64_t>(dtype)};
  RepeatableCall call(state, key, inputs, location);
  if (const NodeId again = call.repeat(); again != kNoNode) return again;
  const NodeId result = append_broadcasting(state, op, inputs, dtype, location);
  call.remember(result);
  return result;
}

TapeState& tape_of(std::string_view op, Operands operands) {
  TapeState* state = nullptr;
  for (const Operand* operand : operands) {
    if (operand->kind != Kind::var) continue;
    TapeState& other = VarAccess::state(operand->var);
    if (state != nullptr && state != &other) fail<ValueError>(op, "the operands are Vars of two tapes");
    state = &other;
  }
  if (state == nullptr)
    fail<ValueError>(op,
                     "no operand is a Var; an op finds its tape from the Vars that it is given; Tape::variable and "
                     "Tape::read make one");
  return *state;
}

DType common_dtype(std::string_view op, const TapeState& state, Operands operands) {
  std::optional<DType> dtype;
  for (const Operand* operand : operands) {
    if (is_number(*operand)) continue;
    const DType other = dtype_of_operand(state, *operand);
    if (dtype && *dtype != other) fail<DTypeError>(op, "cannot mix ", *dtype, " with ", other, "; cast one of them");
    dtype = other;
  }
  return dtype ? *dtype : dtype_of_numbers(operands);
}

NodeId resolve(TapeState& state, std::string_view op, const Operand& operand, DType number_dtype) {
  switch (operand.kind) {
    case Kind::var:
      return VarAccess::node(operand.var);
    case Kind::array:
      return record_array(state, *operand.array, location_of(state, operand));
    case Kind::parameter:
      return read_parameter(state, *operand.parameter, location_of(state, operand));
    default:
      return resolve_number(state, op, operand, number_dtype);
  }
}

NodeId append(TapeState& state, const Op& op, DType dtype, const Shape& shape, std::span<const NodeId> inputs,
              std::span<const std::int64_t> attributes, std::optional<Location> location) {
  const NodeId id = state.program.append(op, dtype, shape, inputs, attributes, location.value_or(state.rule_location));
  state.program[id].internal = state.rule_depth > 0;
  return id;
}

Var append_unary(const Op& op, const Var& x, const Shape& shape, std::span<const std::int64_t> attributes) {
  TapeState& state = VarAccess::state(x);
  const NodeId input = VarAccess::node(x);
  return VarAccess::make(state, append(state, op, state.program[input].dtype, shape, std::span(&input, 1), attributes));
}

NodeId append_literal(TapeState& state, double value, DType dtype, std::optional<Location> location) {
  const std::int64_t bits = std::bit_cast<std::int64_t>(value);
  const NodeId id = append(state, constant_op, dtype, Shape{}, {}, std::span(&bits, 1), location);
  state.program[id].internal = true;
  return id;
}

NodeId append_full(TapeState& state, double value, DType dtype, const Shape& shape) {
  return append_broadcast(state, append_literal(state, value, dtype), shape, state.rule_location);
}

NodeId append_alias(TapeState& state, NodeId node) {
  const Shape shape = state.program[node].shape;
  return append(state, reshape_op, state.program[node].dtype, shape, std::span(&node, 1));
}

Shape broadcast_shapes(std::string_view op, const Shape& a, const Shape& b) {
  Shape shape = a.rank() >= b.rank() ? a : b;
  const Shape& other = a.rank() >= b.rank() ? b : a;
  const std::size_t offset = shape.rank() - other.rank();
  for (std::size_t axis = 0; axis < other.rank(); ++axis) {
    std::int64_t& extent = shape[axis + offset];
    if (extent != other[axis] && extent != 1 && other[axis] != 1)
      fail<ShapeError>(op, "cannot broadcast ", a, " with ", b);
    if (extent == 1) extent = other[axis];
  }
  return shape;
}

std::size_t normalized_axis(std::string_view op, std::int64_t axis, std::size_t rank) {
  const std::int64_t extent = static_cast<std::int64_t>(rank);
  if (axis < -extent || axis >= extent) fail<ShapeError>(op, "axis ", axis, " is out of range for ", rank, " axes");
  return static_cast<std::size_t>(axis < 0 ? axis + extent : axis);
}

void check_floating(std::string_view op, const Var& x) {
  if (!is_floating(x.dtype())) fail<DTypeError>(op, "it takes float32 or float64, not ", x.dtype());
}

Var hand_out(TapeState& state, const Var& result) {
  if (state.rule_depth > 1) return result;
  NodeId id = VarAccess::node(result);
  if (!state.program[id].internal || is_anonymous(state.program[id])) id = append_alias(state, id);
  state.program[id].internal = false;
  return VarAccess::make(state, id);
}

}  // namespace xtape::detail
