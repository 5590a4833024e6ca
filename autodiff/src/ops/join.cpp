// concatenate and stack.
#include <cstring>

#include <xtape/ops.hpp>

#include "ops/axis_blocks.hpp"
#include "ops/batching.hpp"
#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

namespace {

/// Each part gets the slice that it became.
void concatenate_vjp(Rule& rule) {
  const std::size_t axis = rule.y().rank() - 1 - static_cast<std::size_t>(rule.attributes()[0]);
  std::int64_t first = 0;
  for (std::size_t i = 0; i < rule.inputs(); ++i) {
    const std::int64_t extent = rule.x(i).shape()[axis];
    if (rule.wants(i)) rule.give(i, sliced(rule.cotangent, axis, first, extent));
    first += extent;
  }
}

/// In each outer row, the parts' pieces one after the other.
void concatenate(const Call& call) {
  const std::size_t axis = call.output.shape.rank() - 1 - static_cast<std::size_t>(call.attributes[0]);
  std::int64_t outer = 1;
  for (std::size_t i = 0; i < axis; ++i) outer *= call.output.shape[i];
  std::byte* to = call.output.data;
  for (std::int64_t row = 0; row < outer; ++row) {
    for (const Buffer& part : call.inputs) {
      const std::size_t bytes = static_cast<std::size_t>(part.shape.size() / outer) * size_of(part.dtype);
      if (bytes > 0) std::memcpy(to, part.data + static_cast<std::size_t>(row) * bytes, bytes);
      to += bytes;
    }
  }
}

}  // namespace

extern constinit const Op concatenate_op;
constinit const Op concatenate_op{.name = "concatenate",
                                  .kind = OpKind::opaque,
                                  .vjp = concatenate_vjp,
                                  .execute = concatenate,
                                  .batch = over_leading_axis,
                                  .copies = &concatenate_op,
                                  .describe = describe_axis};
XTAPE_LIST_OP(concatenate_op);

namespace {

std::vector<const Operand*> pointers(std::span<const Operand> parts) {
  std::vector<const Operand*> list;
  for (const Operand& part : parts) list.push_back(&part);
  return list;
}

/// The parts as Vars of their tape, of one dtype.
std::vector<Var> resolved(TapeState& state, std::string_view op, std::span<const Operand> parts) {
  const DType dtype = common_dtype(op, state, pointers(parts));
  std::vector<Var> vars;
  for (const Operand& part : parts) vars.push_back(VarAccess::make(state, resolve(state, op, part, dtype)));
  return vars;
}

Shape joined_shape(std::span<const Var> parts, std::size_t axis) {
  Shape joined = parts[0].shape();
  for (const Var& part : parts.subspan(1)) {
    Shape shape = part.shape(), wanted = joined;
    if (shape.rank() == joined.rank()) wanted[axis] = shape[axis];
    if (shape != wanted)
      fail<ShapeError>("concatenate", "the shapes ", parts[0].shape(), " and ", shape, " differ beside axis ", axis);
    joined[axis] += shape[axis];
  }
  return joined;
}

Var joined(TapeState& state, std::span<const Var> parts, int axis) {
  const std::size_t rank = parts[0].rank();
  if (rank == 0) fail<ShapeError>("concatenate", "0-d tensors have no axis to join along; see stack");
  const std::size_t at = normalized_axis("concatenate", axis, rank);
  const Shape shape = joined_shape(parts, at);
  const std::int64_t attributes[] = {static_cast<std::int64_t>(rank - 1 - at)};
  std::vector<NodeId> inputs;
  for (const Var& part : parts) inputs.push_back(VarAccess::node(part));
  return VarAccess::make(state, append(state, concatenate_op, parts[0].dtype(), shape, inputs, attributes));
}

Var with_axis(const Var& x, std::size_t axis) {
  const Shape from = x.shape();
  Shape shape;
  for (std::size_t i = 0; i <= from.rank(); ++i) shape.push_back(i == axis ? 1 : from[i < axis ? i : i - 1]);
  return reshaped(x, shape);
}

Var stacked(TapeState& state, std::vector<Var>& parts, int axis) {
  const Shape shape = parts[0].shape();
  const std::size_t at = normalized_axis("stack", axis, shape.rank() + 1);
  check_rank("stack", shape, shape.rank() + 1);
  for (Var& part : parts) {
    if (part.shape() != shape) fail<ShapeError>("stack", "the shapes ", shape, " and ", part.shape(), " differ");
    part = with_axis(part, at);
  }
  return joined(state, parts, static_cast<int>(at));
}

/// Either op: `body` gets the state and the parts as Vars.
template <class Body>
Var record_join(std::string_view op, std::span<const Operand> parts, Body body) {
  if (parts.empty()) fail<ValueError>(op, "there are no parts");
  TapeState& state = tape_of(op, pointers(parts));
  std::vector<Var> vars = resolved(state, op, parts);
  const RuleScope scope(state, location_of(state, parts[0]));
  return hand_out(state, body(state, vars));
}

std::vector<Operand> operands(const std::vector<Var>& parts, const char* file, std::uint32_t line) {
  std::vector<Operand> list;
  list.reserve(parts.size());
  for (const Var& part : parts) list.emplace_back(part, file, line);
  return list;
}

}  // namespace

}  // namespace xtape::detail

namespace xtape {

Var concatenate(std::span<const Operand> parts, int axis) {
  return detail::record_join("concatenate", parts, [&](detail::TapeState& state, std::vector<Var>& vars) {
    return detail::joined(state, vars, axis);
  });
}

Var concatenate(const std::vector<Var>& parts, int axis, const char* file, std::uint32_t line) {
  return concatenate(detail::operands(parts, file, line), axis);
}

Var stack(std::span<const Operand> parts, int axis) {
  return detail::record_join("stack", parts, [&](detail::TapeState& state, std::vector<Var>& vars) {
    return detail::stacked(state, vars, axis);
  });
}

Var stack(const std::vector<Var>& parts, int axis, const char* file, std::uint32_t line) {
  return stack(detail::operands(parts, file, line), axis);
}

}  // namespace xtape
