// broadcast_to, reshape, transpose and their relatives: linear, and free where strides can express them.
#include "ops/view.hpp"

#include <algorithm>

#include <xtape/ops.hpp>

#include "ops/batching.hpp"
#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/reduction.hpp"

namespace xtape::detail {

namespace {

bool broadcast_view(const View& input, const Shape& from, std::span<const std::int64_t>, const Shape& to,
                    View& output) {
  output = View{input.offset, {}};
  const std::size_t added = to.rank() - from.rank();
  for (std::size_t axis = 0; axis < from.rank(); ++axis)
    output.strides[axis + added] = from[axis] == to[axis + added] ? input.strides[axis] : 0;
  return true;
}

bool transpose_view(const View& input, const Shape& from, std::span<const std::int64_t> axes, const Shape&,
                    View& output) {
  output = input;
  const std::size_t last = from.rank() - 1;
  for (std::size_t i = 0; i < axes.size(); ++i)
    output.strides[last - i] = input.strides[last - static_cast<std::size_t>(axes[i])];
  return true;
}

/// The axes that have more than one element, with their strides.
struct Extents {
  std::size_t rank = 0;
  std::int64_t extents[Shape::kMaxRank] = {};
  std::int64_t strides[Shape::kMaxRank] = {};
};

/// Cuts the axes of a view into pieces that walk memory evenly, from the innermost outwards.
Extents merged(const View& view, const Shape& shape) {
  Extents result;
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    if (shape[axis] == 1) continue;
    const std::size_t last = result.rank - 1;
    if (result.rank > 0 && view.strides[axis] == result.extents[last] * result.strides[last]) {
      result.extents[last] *= shape[axis];
      continue;
    }
    result.extents[result.rank] = shape[axis];
    result.strides[result.rank++] = view.strides[axis];
  }
  return result;
}

/// Every merged piece must be the product of whole axes of the new shape.
bool reshape_view(const View& input, const Shape& from, std::span<const std::int64_t>, const Shape& to, View& output) {
  output = View{input.offset, {}};
  if (from.size() == 0) return true;
  const Extents pieces = merged(input, from);
  std::size_t piece = 0;
  std::int64_t taken = 1;
  for (std::size_t axis = to.rank(); axis-- > 0;) {
    if (piece < pieces.rank && taken == pieces.extents[piece]) {
      ++piece;
      taken = 1;
    }
    if (piece == pieces.rank) continue;  // only axes of one element are left
    output.strides[axis] = pieces.strides[piece] * taken;
    taken *= to[axis];
    if (pieces.extents[piece] % taken != 0) return false;
  }
  return true;
}

Shape permuted_shape(const Shape& shape, std::span<const std::int64_t> axes) {
  Shape result = shape;
  const std::size_t last = shape.rank() - 1;
  for (std::size_t i = 0; i < axes.size(); ++i) result[last - i] = shape[last - static_cast<std::size_t>(axes[i])];
  return result;
}

bool is_identity(std::span<const std::int64_t> axes) {
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (axes[i] != static_cast<std::int64_t>(i)) return false;
  return true;
}

/// `axes` as in the attributes of transpose. A transpose of an internal transpose cancels.
Var transposed(const Var& x, std::span<const std::int64_t> axes) {
  if (is_identity(axes)) return x;
  TapeState& state = VarAccess::state(x);
  const Node& node = state.program[VarAccess::node(x)];
  if (node.op == &transpose_op && node.internal) {
    const auto inner = state.program.attributes(node);
    bool cancels = inner.size() == axes.size();
    for (std::size_t i = 0; cancels && i < axes.size(); ++i)
      cancels = inner[static_cast<std::size_t>(axes[i])] == static_cast<std::int64_t>(i);
    if (cancels) return VarAccess::make(state, state.program.inputs(node)[0]);
  }
  return append_unary(transpose_op, x, permuted_shape(state.program[VarAccess::node(x)].shape, axes), axes);
}

Var transposed_back(const Var& x, std::span<const std::int64_t> axes) {
  std::int64_t inverse[Shape::kMaxRank];
  for (std::size_t i = 0; i < axes.size(); ++i) inverse[axes[i]] = static_cast<std::int64_t>(i);
  return transposed(x, std::span(inverse, axes.size()));
}

/// New axes stand before those of one example.
NodeId batch_broadcast(const Batching& batching) {
  const Shape to = batching.shape();
  return VarAccess::node(broadcasted(aligned(batching.x(0), to.rank()), to));
}

std::string describe_transpose(std::span<const std::int64_t> axes) {
  std::string text = "axes=[";
  for (std::size_t i = axes.size(); i-- > 0;) text += std::to_string(-1 - axes[i]) + (i > 0 ? ", " : "");
  return text + "]";
}

}  // namespace

constinit const Op broadcast_to_op{.name = "broadcast_to",
                                   .kind = OpKind::view,
                                   .vjp = [](Rule& rule) { rule.give(0, summed_to(rule.cotangent, rule.x().shape())); },
                                   .view = broadcast_view,
                                   .batch = batch_broadcast};
XTAPE_LIST_OP(broadcast_to_op);

constinit const Op reshape_op{.name = "reshape",
                              .kind = OpKind::view,
                              .vjp = [](Rule& rule) { rule.give(0, reshaped(rule.cotangent, rule.x().shape())); },
                              .view = reshape_view};
XTAPE_LIST_OP(reshape_op);

constinit const Op transpose_op{
    .name = "transpose",
    .kind = OpKind::view,
    .vjp = [](Rule& rule) { rule.give(0, transposed_back(rule.cotangent, rule.attributes())); },
    .view = transpose_view,
    .describe = describe_transpose};
XTAPE_LIST_OP(transpose_op);

Var reshaped(const Var& x, const Shape& shape) {
  TapeState& state = VarAccess::state(x);
  NodeId input = VarAccess::node(x);
  while (state.program[input].op == &reshape_op && state.program[input].internal)
    input = state.program.inputs(state.program[input])[0];
  const Var source = VarAccess::make(state, input);
  return state.program[input].shape == shape ? source : append_unary(reshape_op, source, shape);
}

Var broadcasted(const Var& x, const Shape& shape) {
  return shape_of(x) == shape ? x : append_unary(broadcast_to_op, x, shape);
}

Var permuted(const Var& x, std::span<const std::size_t> axes) {
  std::int64_t from_end[Shape::kMaxRank];
  const std::size_t last = axes.size() - 1;
  for (std::size_t i = 0; i < axes.size(); ++i) from_end[last - i] = static_cast<std::int64_t>(last - axes[i]);
  return transposed(x, std::span(from_end, axes.size()));
}

Var matrix_transposed(const Var& x) {
  constexpr std::int64_t kExchanged[] = {1, 0};
  return transposed(x, kExchanged);
}

void check_rank(std::string_view op, const Shape& x, std::size_t rank) {
  if (rank > Shape::kMaxRank)
    fail<ShapeError>(op, "the result would have ", rank, " axes, the most are ", Shape::kMaxRank, ": x is ", x);
}

void give_transpose(Rule& rule, const Op& transpose) {
  const auto recorded = rule.attributes();
  give_transpose(rule, transpose, {recorded.begin(), recorded.end()});
}

void give_transpose(Rule& rule, const Op& transpose, const std::vector<std::int64_t>& attributes) {
  TapeState& state = VarAccess::state(rule.cotangent);
  std::vector<NodeId> inputs{VarAccess::node(rule.cotangent)};
  for (std::size_t i = 1; i < rule.inputs(); ++i) inputs.push_back(VarAccess::node(rule.x(i)));
  const Shape shape = rule.x().shape();
  rule.give(0, VarAccess::make(state, append(state, transpose, rule.cotangent.dtype(), shape, inputs, attributes)));
}

Var positions_along(const Var& x, std::size_t axis) {
  TapeState& state = VarAccess::state(x);
  Shape column{x.shape()[axis]};
  while (column.rank() + axis < x.rank()) column.push_back(1);
  return reshaped(VarAccess::make(state, record_array(state, arange(column[0]), state.rule_location)), column);
}

}  // namespace xtape::detail

namespace xtape {

using detail::fail;

namespace {

/// The extents with -1 worked out, checked against the number of elements.
Shape resolved_extents(const Shape& from, std::span<const std::int64_t> wanted) {
  detail::check_rank("reshape", from, wanted.size());
  Shape shape;
  std::size_t unknown = Shape::kMaxRank;
  std::int64_t known = 1;
  for (std::size_t axis = 0; axis < wanted.size(); ++axis) {
    if (wanted[axis] == -1 && unknown == Shape::kMaxRank) unknown = axis;
    else if (wanted[axis] < 0) fail<ShapeError>("reshape", from, " cannot become ", detail::text(wanted));
    else if (__builtin_mul_overflow(known, wanted[axis], &known))
      fail<ShapeError>("reshape", from, " cannot become ", detail::text(wanted), ", which has too many elements");
    shape.push_back(wanted[axis] == -1 && unknown == axis ? 1 : wanted[axis]);
  }
  if (unknown < Shape::kMaxRank) shape[unknown] = known == 0 ? -1 : from.size() / known;
  const bool fits = unknown == Shape::kMaxRank ? known == from.size() : known != 0 && from.size() % known == 0;
  if (!fits)
    fail<ShapeError>("reshape", from, " has ", from.size(), " elements, which do not fill ", detail::text(wanted));
  return shape;
}

}  // namespace

Var transpose(const Operand& x) {
  return detail::record_composite(
      "transpose",
      [](const Var& v) {
        std::size_t axes[Shape::kMaxRank];
        const std::size_t rank = v.rank();
        for (std::size_t i = 0; i < rank; ++i) axes[i] = rank - 1 - i;
        return detail::permuted(v, std::span(axes, rank));
      },
      x);
}

Var transpose(const Operand& x, const std::vector<int>& axes) {
  return detail::record_composite(
      "transpose",
      [&](const Var& v) {
        std::vector<std::size_t> order;
        if (axes.size() != v.rank()) fail<ShapeError>("transpose", axes.size(), " axes given for ", v.shape());
        for (int axis : axes) order.push_back(detail::normalized_axis("transpose", axis, v.rank()));
        for (std::size_t axis = 0; axis < v.rank(); ++axis)
          if (std::count(order.begin(), order.end(), axis) != 1)
            fail<ShapeError>("transpose", "axis ", axis, " of ", v.shape(), " is not given exactly once");
        return detail::permuted(v, order);
      },
      x);
}

Var reshape(const Operand& x, std::span<const std::int64_t> shape) {
  return detail::record_composite(
      "reshape", [&](const Var& v) { return detail::reshaped(v, resolved_extents(v.shape(), shape)); }, x);
}

Var broadcast_to(const Operand& x, const Shape& shape) {
  return detail::record_composite(
      "broadcast_to",
      [&](const Var& v) {
        if (detail::broadcast_shapes("broadcast_to", v.shape(), shape) != shape)
          fail<ShapeError>("broadcast_to", "cannot broadcast ", v.shape(), " to ", shape);
        return detail::broadcasted(v, shape);
      },
      x);
}

Var expand_dims(const Operand& x, int axis) {
  return detail::record_composite(
      "expand_dims",
      [&](const Var& v) {
        const Shape from = v.shape();
        const std::size_t at = detail::normalized_axis("expand_dims", axis, from.rank() + 1);
        detail::check_rank("expand_dims", from, from.rank() + 1);
        Shape shape;
        for (std::size_t i = 0; i <= from.rank(); ++i) shape.push_back(i == at ? 1 : from[i < at ? i : i - 1]);
        return detail::reshaped(v, shape);
      },
      x);
}

Var squeeze(const Operand& x, const Axes& axes) {
  return detail::record_composite(
      "squeeze",
      [&](const Var& v) {
        const Shape from = v.shape();
        const detail::AxisSet chosen = detail::chosen_axes("squeeze", axes, from.rank());
        Shape shape;
        for (std::size_t i = 0; i < from.rank(); ++i) {
          if (!axes.all() && chosen[i] && from[i] != 1)
            fail<ShapeError>("squeeze", "axis ", i, " of ", from, " has not extent 1");
          if (!chosen[i] || from[i] != 1) shape.push_back(from[i]);
        }
        return detail::reshaped(v, shape);
      },
      x);
}

}  // namespace xtape
