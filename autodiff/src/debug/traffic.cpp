#include "debug/traffic.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "plan/row_loops.hpp"

namespace xtape::detail {

namespace {

/// How many different elements a view of this shape reads.
std::int64_t distinct_elements(const View& view, const Shape& shape) {
  std::int64_t count = 1;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] == 0 || view.strides[axis] != 0) count *= shape[axis];
  return count;
}

std::int64_t bytes_of(const Node& node) { return node.shape.size() * static_cast<std::int64_t>(size_of(node.dtype)); }

/// The matrices of a loop's rows, each once: what multiplies them and what sums them reads a row while it is in cache.
class Matrices {
 public:
  std::int64_t bytes(const RowsRead& matrix, const Loop& loop, DType dtype) {
    std::int64_t bytes = 0;
    const std::int64_t rows = loop.space.size() / std::max<std::int64_t>(1, loop.columns);
    if (matrix.places != kNoNode && seen_.emplace(matrix.places, 0, kNoNode).second)
      bytes += rows * static_cast<std::int64_t>(sizeof(std::int64_t));
    if (matrix.value != kNoNode && seen_.emplace(matrix.value, matrix.offset, matrix.places).second)
      bytes += rows * matrix.columns * static_cast<std::int64_t>(size_of(dtype));
    return bytes;
  }

 private:
  std::set<std::tuple<NodeId, std::int64_t, NodeId>> seen_;
};

Traffic of_loop(const Plan& plan, const Loop& loop) {
  Traffic traffic;
  Matrices matrices;
  for (const Loop::Stream& stream : loop.streams)
    (stream.written ? traffic.written : traffic.read) +=
        loop.space.size() / (stream.per_row ? loop.columns : 1) * static_cast<std::int64_t>(stream.bytes);
  for (const Loop::Scalar& scalar : loop.scalars) traffic.read += static_cast<std::int64_t>(scalar.bytes);
  for (const Loop::Load& load : loop.loads) {
    const bool strided = load.matrix.value == kNoNode;
    const Shape space = load.per_row ? rows_of(loop.space) : loop.space;
    const std::int64_t elements = load.rows != nullptr ? load.matrix.columns
                                  : strided            ? distinct_elements(load.access.view, space)
                                                       : 0;
    traffic.read += elements * static_cast<std::int64_t>(size_of(load.dtype));
    traffic.read += matrices.bytes(load.matrix, loop, load.dtype);
  }
  for (const Loop::Product& product : loop.products) {
    traffic.read += bytes_of(plan.program[product.factor.base]);
    traffic.read += matrices.bytes(product.matrix, loop, product.dtype);
  }
  for (const Loop::Product& sum : loop.product_sums) {
    traffic.written += bytes_of(plan.program[sum.value]);
    traffic.read += matrices.bytes(sum.matrix, loop, sum.dtype);
  }
  for (const Loop::Sink& sink : loop.sinks) {
    traffic.written += bytes_of(plan.program[sink.value]);
    traffic.read += matrices.bytes(sink.matrix, loop, sink.dtype);
  }
  return traffic;
}

/// A matrix operand (batch..., rows, columns) of a product.
std::int64_t elements_of(const MatmulStep::Operand& operand, const MatmulStep& step, std::int64_t rows,
                         std::int64_t columns) {
  return distinct_elements(operand.access.view, step.batch) * rows * columns;
}

Traffic of_matmul(const Plan& plan, const MatmulStep& step) {
  const Node& node = plan.program[step.value];
  const std::int64_t elements = elements_of(step.a, step, step.m, step.k) + elements_of(step.b, step, step.k, step.n);
  return {elements * static_cast<std::int64_t>(size_of(node.dtype)), bytes_of(node)};
}

Traffic of_opaque(const Plan& plan, const OpaqueStep& step) {
  const Node& node = plan.program[step.value];
  Traffic traffic{0, bytes_of(node)};
  for (NodeId input : plan.program.inputs(node)) traffic.read += bytes_of(plan.program[input]);
  return traffic;
}

}  // namespace

Traffic traffic_of(const Plan& plan, const Step& step) {
  switch (step.kind) {
    case Step::Kind::loop:
      return of_loop(plan, plan.loops[step.index]);
    case Step::Kind::matmul:
      return of_matmul(plan, plan.matmuls[step.index]);
    case Step::Kind::opaque:
      return of_opaque(plan, plan.opaques[step.index]);
  }
  return {};
}

}  // namespace xtape::detail
