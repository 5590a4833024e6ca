// CustomOp made of two C++ functions on Arrays: two opaque ops, the value and all cotangents at once.
#include <cstring>
#include <utility>

#include <xtape/ops.hpp>

#include "ops/custom.hpp"
#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "tape/storage.hpp"

namespace xtape::detail {

namespace {

/// A buffer of the running plan as an Array, for the time of the call.
Array borrowed(const Buffer& buffer) {
  switch (buffer.dtype) {
    case DType::float32:
      return Array::borrow(reinterpret_cast<const float*>(buffer.data), buffer.shape);
    case DType::float64:
      return Array::borrow(reinterpret_cast<const double*>(buffer.data), buffer.shape);
    case DType::int64:
      return Array::borrow(reinterpret_cast<const std::int64_t*>(buffer.data), buffer.shape);
    default:
      return Array::borrow(reinterpret_cast<const bool*>(buffer.data), buffer.shape);
  }
}

std::vector<Array> borrowed(std::span<const Buffer> buffers) {
  std::vector<Array> arrays;
  for (const Buffer& buffer : buffers) arrays.push_back(borrowed(buffer));
  return arrays;
}

/// In debug builds, throws ValueError if the function wrote to its inputs.
void check_inputs(std::span<const Array> inputs) {
  for (const Array& input : inputs) check_borrowed(*ArrayAccess::storage(input));
}

/// Checks what a function returned, and copies it.
void copy_to(std::byte* target, const Array& result, DType dtype, const Shape& shape, std::string_view op,
             std::string_view what) {
  if (!result.has_value()) fail<ValueError>(op, what, " has no value");
  if (result.shape() != shape) fail<ShapeError>(op, what, " is ", result.shape(), ", it must be ", shape);
  if (result.dtype() != dtype) fail<DTypeError>(op, what, " is ", result.dtype(), ", it must be ", dtype);
  const auto bytes = static_cast<std::size_t>(shape.size()) * size_of(dtype);
  if (bytes > 0) std::memcpy(target, result.bytes(), bytes);
}

void execute_forward(const Call& call) {
  const CustomDefinition& definition = definition_of(call.attributes);
  const std::vector<Array> inputs = borrowed(call.inputs);
  const Array value = definition.array_forward(inputs);
  check_inputs(inputs);
  copy_to(call.output.data, value, call.output.dtype, call.output.shape, definition.name, "its value");
}

/// Whether the packed cotangents hold that of this input; attribute 1 has a bit for each.
bool packs(std::span<const std::int64_t> attributes, std::size_t input) { return (attributes[1] >> input & 1) != 0; }

/// Inputs: those of the op, its value and its cotangent.
void execute_vjp(const Call& call) {
  const CustomDefinition& definition = definition_of(call.attributes);
  const std::vector<Array> arrays = borrowed(call.inputs);
  const std::size_t count = arrays.size() - 2;
  const std::vector<Array> cotangents =
      definition.array_vjp(std::span(arrays).first(count), arrays[count], arrays[count + 1]);
  check_inputs(arrays);
  if (cotangents.size() != count)
    fail<ValueError>(definition.name, "its vjp gives ", cotangents.size(), " cotangents for ", count, " inputs");
  std::byte* target = call.output.data;
  for (std::size_t i = 0; i < count; ++i) {
    if (!packs(call.attributes, i)) continue;
    const Array& x = arrays[i];
    const auto bytes = static_cast<std::size_t>(x.size()) * size_of(x.dtype());
    if (cotangents[i].has_value())
      copy_to(target, cotangents[i], x.dtype(), x.shape(), definition.name, "a cotangent of its vjp");
    else if (bytes > 0) std::memset(target, 0, bytes);
    target += bytes;
  }
}

/// One node that computes all wanted cotangents, and a view of it for each input.
void opaque_vjp(Rule& rule) {
  const CustomDefinition& definition = definition_of(rule.attributes());
  TapeState& state = VarAccess::state(rule.cotangent);
  const DType dtype = rule.cotangent.dtype();
  std::vector<NodeId> inputs;
  std::int64_t wanted = 0, size = 0;
  for (std::size_t i = 0; i < rule.inputs(); ++i) {
    const Var x = rule.x(i);
    inputs.push_back(VarAccess::node(x));
    if (!rule.wants(i) || !is_floating(x.dtype())) continue;
    if (x.dtype() != dtype)
      fail<DTypeError>(definition.name, "its value is ", dtype, " and an input ", x.dtype(),
                       "; to be differentiated they must be the same");
    wanted |= std::int64_t{1} << i;
    size += x.size();
  }
  inputs.push_back(VarAccess::node(rule.y()));
  inputs.push_back(VarAccess::node(rule.cotangent));
  const std::int64_t attributes[] = {attribute_of(definition), wanted};
  const Var packed = VarAccess::make(state, append(state, definition.vjp_op, dtype, Shape{size}, inputs, attributes));
  std::int64_t begin = 0;
  for (std::size_t i = 0; i + 2 < inputs.size(); ++i) {
    if (!packs(attributes, i)) continue;
    const Shape shape = rule.x(i).shape();
    const Var part = slice(packed, {Slice(begin, begin + shape.size())});
    rule.give(i, reshape(part, shape));
    begin += shape.size();
  }
}

[[noreturn]] void no_second_derivative(Rule& rule) {
  fail<ValueError>(definition_of(rule.attributes()).name,
                   "it has no second derivative: its vjp is an opaque C++ function; write it in ordinary ops");
}

}  // namespace

void describe_opaque(CustomDefinition& definition) {
  definition.op = {.name = definition.name, .kind = OpKind::opaque, .vjp = opaque_vjp, .execute = execute_forward};
  definition.vjp_op = {
      .name = definition.name, .kind = OpKind::opaque, .vjp = no_second_derivative, .execute = execute_vjp};
}

Var record_opaque(const CustomDefinition& definition, TapeState& state, std::span<const NodeId> inputs,
                  Location location) {
  constexpr std::size_t kMostOpaqueInputs = 32;
  if (inputs.size() > kMostOpaqueInputs)
    fail<ValueError>(definition.name, "an opaque op takes up to ", kMostOpaqueInputs, " inputs, not ", inputs.size());
  std::vector<Shape> shapes;
  DType dtype = state.program[inputs[0]].dtype;
  for (NodeId input : inputs) {
    shapes.push_back(state.program[input].shape);
    if (!is_floating(dtype)) dtype = state.program[input].dtype;
  }
  const Shape shape = definition.shape ? definition.shape(shapes) : shapes[0];
  const std::int64_t attribute = attribute_of(definition);
  return VarAccess::make(state, append(state, definition.op, dtype, shape, inputs, std::span(&attribute, 1), location));
}

}  // namespace xtape::detail
