#include "debug/sources.hpp"

#include "ops/op.hpp"
#include "plan/fuse.hpp"
#include "plan/layout.hpp"
#include "tape/storage.hpp"

namespace xtape::detail {

namespace {

struct Reader {
  const ReplayedValues& values;
  const Program& program;
  const Node& node;
  std::span<const NodeId> inputs;
  std::int64_t index;

  std::int64_t size_of(NodeId input) const { return program[input].shape.size(); }
};

/// A 0-d scalar may stand beside tensors.
Elements same_place(const Reader& reader, NodeId input) {
  return {input, reader.program[input].shape == reader.node.shape ? reader.index : 0};
}

std::vector<Elements> of_elementwise(const Reader& reader) {
  std::vector<Elements> read;
  for (NodeId input : reader.inputs) read.push_back(same_place(reader, input));
  if (!reader.node.op->boolean_first || !reader.values.is_known(reader.inputs[0])) return read;
  const Array condition = reader.values.value(reader.inputs[0]);
  const bool selected = ArrayAccess::element(condition, static_cast<std::size_t>(read[0].begin)) != 0;
  return {read[0], read[selected ? 1 : 2]};
}

std::vector<Elements> of_view(const Reader& reader) {
  const Shape& from = reader.program[reader.inputs[0]].shape;
  View view;
  reader.node.op->view(contiguous_view(from), from, reader.program.attributes(reader.node), reader.node.shape, view);
  std::int64_t at = view.offset, rest = reader.index;
  for (std::size_t axis = reader.node.shape.rank(); axis-- > 0; rest /= reader.node.shape[axis])
    at += rest % reader.node.shape[axis] * view.strides[axis];
  return {{reader.inputs[0], at}};
}

std::vector<Elements> of_reduction(const Reader& reader) {
  const ReductionShape shape = reduction_shape(reader.program, reader.node);
  const std::int64_t outer = reader.index / shape.inner, inner = reader.index % shape.inner;
  return {{reader.inputs[0], outer * shape.reduced * shape.inner + inner, shape.reduced, shape.inner}};
}

/// A row of a and a column of b.
std::vector<Elements> of_matmul(const Reader& reader) {
  const std::int64_t n = reader.node.shape.back(0), m = reader.node.shape.back(1);
  const std::int64_t k = reader.program[reader.inputs[0]].shape.back(0);
  const std::int64_t column = reader.index % n, row = reader.index / n, batch = row / m;
  return {{reader.inputs[0], row * k, k, 1}, {reader.inputs[1], batch * k * n + column, k, n}};
}

std::vector<Elements> everything(const Reader& reader) {
  std::vector<Elements> read;
  for (NodeId input : reader.inputs) read.push_back({input, 0, reader.size_of(input), 1});
  return read;
}

}  // namespace

std::vector<Elements> elements_read(const ReplayedValues& values, NodeId id, std::int64_t index) {
  const Program& program = values.state().program;
  const Node& node = program[id];
  const Reader reader{values, program, node, program.inputs(node), index};
  switch (node.op->kind) {
    case OpKind::elementwise:
      return of_elementwise(reader);
    case OpKind::view:
      return of_view(reader);
    case OpKind::reduction:
      return of_reduction(reader);
    case OpKind::matmul:
      return of_matmul(reader);
    default:
      return everything(reader);
  }
}

}  // namespace xtape::detail
