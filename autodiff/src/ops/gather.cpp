// take, take_along_axis, gather and scatter_add: elements of one axis by index. Their transposes add up what falls on
// one place.
#include "ops/gather.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include <xtape/ops.hpp>

#include "ops/axis_blocks.hpp"
#include "ops/batching.hpp"
#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

namespace {

/// Whose indices they are: what errors call them, and whether negative ones count from the end.
enum class Caller : std::int64_t {
  softmax_cross_entropy,
  nll_loss,
  take,
  take_along_axis,
  gather,
  scatter_add,
  embedding
};

constexpr std::string_view kCallers[] = {"softmax_cross_entropy", "nll_loss", "take", "take_along_axis", "gather",
                                         "scatter_add",           "embedding"};

std::int64_t position(std::string_view op, std::int64_t index, std::int64_t extent) {
  if (index >= extent || index < -extent)
    fail<ValueError>(op, "index ", index, " is out of range for an axis of extent ", extent);
  return index < 0 ? index + extent : index;
}

std::int64_t unusual_position(Caller caller, std::int64_t index, std::int64_t extent) {
  const std::string_view name = kCallers[static_cast<std::size_t>(caller)];
  const bool of_classes = caller == Caller::softmax_cross_entropy || caller == Caller::nll_loss;
  if (of_classes && (index < 0 || index >= extent))
    fail<ValueError>(name, "class ", index, " is none of ", extent, " classes");
  return position(name, index, extent);
}

std::int64_t position(Caller caller, std::int64_t index, std::int64_t extent) {
  return index >= 0 && index < extent ? index : unusual_position(caller, index, extent);
}

const std::int64_t* indices_of(const Buffer& buffer) { return reinterpret_cast<const std::int64_t*>(buffer.data); }

/// Calls visit(place in x, place in y, count) for all runs of elements that take relates; x has these blocks.
template <class Visit>
void visit_take(const AxisBlocks& x, const Buffer& indices, std::span<const std::int64_t> attributes, Visit visit) {
  const std::span index(indices_of(indices), static_cast<std::size_t>(indices.shape.size()));
  const Caller caller{attributes[1]};
  std::int64_t to = 0;
  for (std::int64_t outer = 0; outer < x.outer; ++outer) {
    const std::int64_t begin = outer * x.extent;
    if (x.inner == 1)  // element by element, which copies no runs
      for (std::int64_t i : index) visit(begin + position(caller, i, x.extent), to++, std::int64_t{1});
    else
      for (std::int64_t i : index) {
        visit((begin + position(caller, i, x.extent)) * x.inner, to, x.inner);
        to += x.inner;
      }
  }
}

template <class Visit>
void visit_along(const AxisBlocks& x, const Buffer& indices, std::span<const std::int64_t> attributes, Visit visit) {
  const AxisBlocks y(indices.shape, attributes[0]);
  const Caller caller{attributes[1]};
  for (std::int64_t outer = 0, to = 0; outer < y.outer; ++outer)
    for (std::int64_t i = 0; i < y.extent; ++i)
      for (std::int64_t inner = 0; inner < y.inner; ++inner, ++to) {
        const std::int64_t at = position(caller, indices_of(indices)[to], x.extent);
        visit((outer * x.extent + at) * x.inner + inner, to, 1);
      }
}

template <class T, class Visitor>
void copy_elements(const Call& call, Visitor visitor) {
  const T* x = reinterpret_cast<const T*>(call.inputs[0].data);
  T* y = reinterpret_cast<T*>(call.output.data);
  visitor(call.inputs[0],
          [&](std::int64_t from, std::int64_t to, std::int64_t n) { std::copy_n(x + from, n, y + to); });
}

template <class T, class Visitor>
void add_elements(const Call& call, Visitor visitor) {
  const T* y = reinterpret_cast<const T*>(call.inputs[0].data);
  T* x = reinterpret_cast<T*>(call.output.data);
  for (std::int64_t i = 0; i < call.output.shape.size(); ++i) x[i] = 0;
  visitor(call.output, [&](std::int64_t to, std::int64_t from, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) x[to + i] += y[from + i];
  });
}

template <class Visitor>
void gather(const Call& call, Visitor visitor) {
  switch (size_of(call.output.dtype)) {
    case 8:
      return copy_elements<std::uint64_t>(call, visitor);
    case 4:
      return copy_elements<std::uint32_t>(call, visitor);
    default:
      return copy_elements<std::uint8_t>(call, visitor);
  }
}

template <class Visitor>
void scatter(const Call& call, Visitor visitor) {
  if (call.output.dtype == DType::float32) return add_elements<float>(call, visitor);
  if (call.output.dtype == DType::int64) return add_elements<std::int64_t>(call, visitor);
  add_elements<double>(call, visitor);
}

/// Runs of elements of `tensor`, which has the shape of x, in pairs with those of y.
auto take_visitor(const Call& call) {
  return [&call](const Buffer& tensor, auto visit) {
    visit_take(AxisBlocks(tensor.shape, call.attributes[0]), call.inputs[1], call.attributes, visit);
  };
}

auto along_visitor(const Call& call) {
  return [&call](const Buffer& tensor, auto visit) {
    visit_along(AxisBlocks(tensor.shape, call.attributes[0]), call.inputs[1], call.attributes, visit);
  };
}

/// The attributes are the axis's extent and the caller. An index is within the axis if neither it nor what is left of
/// the axis behind it has a sign, which is known of all without a branch.
void find_places(const Call& call) {
  const std::int64_t extent = call.attributes[0], count = call.output.shape.size();
  const std::int64_t* index = indices_of(call.inputs[0]);
  auto* places = reinterpret_cast<std::int64_t*>(call.output.data);
  std::uint64_t signs = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto place = static_cast<std::uint64_t>(index[i]);
    signs |= place | (static_cast<std::uint64_t>(extent) - 1 - place);
    places[i] = index[i];
  }
  if (signs >> 63 == 0) return;
  for (std::int64_t i = 0; i < count; ++i) places[i] = position(Caller{call.attributes[1]}, index[i], extent);
}

NodeId batch_take(const Batching& batching);
NodeId batch_take_transpose(const Batching& batching);

}  // namespace

constinit const Op places_op{.name = "places", .kind = OpKind::opaque, .execute = find_places};

extern constinit const Op take_op, take_transpose_op, take_along_axis_op, take_along_axis_transpose_op;

constinit const Op take_op{.name = "take",
                           .kind = OpKind::opaque,
                           .vjp = [](Rule& rule) { give_transpose(rule, take_transpose_op); },
                           .execute = [](const Call& call) { gather(call, take_visitor(call)); },
                           .batch = batch_take,
                           .copies = &take_op,
                           .describe = describe_axis};
XTAPE_LIST_OP(take_op);

constinit const Op take_transpose_op{.name = "take_transpose",
                                     .kind = OpKind::opaque,
                                     .vjp = [](Rule& rule) { give_transpose(rule, take_op); },
                                     .execute = [](const Call& call) { scatter(call, take_visitor(call)); },
                                     .batch = batch_take_transpose,
                                     .copies = &take_op,
                                     .describe = describe_axis};
XTAPE_LIST_OP(take_transpose_op);

constinit const Op take_along_axis_op{.name = "take_along_axis",
                                      .kind = OpKind::opaque,
                                      .vjp = [](Rule& rule) { give_transpose(rule, take_along_axis_transpose_op); },
                                      .execute = [](const Call& call) { gather(call, along_visitor(call)); },
                                      .batch = over_leading_axis,
                                      .copies = &take_along_axis_op,
                                      .describe = describe_axis};
XTAPE_LIST_OP(take_along_axis_op);

constinit const Op take_along_axis_transpose_op{.name = "take_along_axis_transpose",
                                                .kind = OpKind::opaque,
                                                .vjp = [](Rule& rule) { give_transpose(rule, take_along_axis_op); },
                                                .execute = [](const Call& call) { scatter(call, along_visitor(call)); },
                                                .batch = over_leading_axis,
                                                .copies = &take_along_axis_op,
                                                .describe = describe_axis};
XTAPE_LIST_OP(take_along_axis_transpose_op);

std::optional<std::array<std::int64_t, 2>> attributes_of_places(const Program& program, const Node& node) {
  if (node.op != &take_op) return std::nullopt;
  const Shape& from = program[program.inputs(node)[0]].shape;
  const auto attributes = program.attributes(node);
  if (attributes[0] + 1 != static_cast<std::int64_t>(from.rank())) return std::nullopt;
  return std::array{from[0], attributes[1]};
}

namespace {

Var append_gather(const Op& op, const Var& x, const Var& indices, const Shape& shape,
                  std::span<const std::int64_t> attributes) {
  TapeState& state = VarAccess::state(x);
  const NodeId inputs[] = {VarAccess::node(x), VarAccess::node(indices)};
  return VarAccess::make(state, append(state, op, x.dtype(), shape, inputs, attributes));
}

void check_indices(std::string_view op, const Var& indices) {
  if (indices.dtype() != DType::int64)
    fail<DTypeError>(op, "the indices are ", indices.dtype(), ", they must be int64");
}

Var taken(const Var& x, const Var& indices, int axis, Caller caller) {
  check_indices(kCallers[static_cast<std::size_t>(caller)], indices);
  const Shape from = x.shape();
  const std::size_t at = normalized_axis("take", axis, from.rank());
  check_rank("take", from, from.rank() - 1 + indices.rank());
  Shape shape;
  for (std::size_t i = 0; i < from.rank(); ++i) {
    if (i != at) shape.push_back(from[i]);
    else
      for (std::int64_t extent : indices.shape()) shape.push_back(extent);
  }
  const std::int64_t attributes[] = {static_cast<std::int64_t>(from.rank() - 1 - at),
                                     static_cast<std::int64_t>(caller)};
  return append_gather(take_op, x, indices, shape, attributes);
}

// ---- take over a batch

/// Indices over the batch, the same for all that stands around the axis of x, as take_along_axis wants them.
Var indices_along(const Batching& batching, std::int64_t outer, std::int64_t inner) {
  const Var indices = over_batch(batching, 1);
  Shape line{batching.extent, 1, 1, 1};
  for (std::size_t axis = 1; axis < indices.rank(); ++axis) line[2] *= indices.shape()[axis];
  return broadcasted(reshaped(indices, line), {batching.extent, outer, line[2], inner});
}

/// One op of take_along_axis over (n, outer, extent, inner), of which `extents` are those of the result.
NodeId along_axis(const Batching& batching, const Op& op, const Shape& from, const Shape& to, const Var& indices) {
  const std::int64_t attributes[] = {1, batching.attributes()[1]};
  const Var x = reshaped(over_batch(batching, 0), from);
  return VarAccess::node(reshaped(append_gather(op, x, indices, to, attributes), batching.shape()));
}

/// Indices of one example serve all, and so does an x that is taken from along its first axis.
NodeId batch_take(const Batching& batching) {
  const Shape shape = batching.shape();
  if (!batching.over[1]) return append_same(batching, shape, batching.inputs);
  const AxisBlocks x(batching.example_shape(0), batching.attributes()[0]);
  if (!batching.over[0] && x.outer == 1) return append_same(batching, shape, batching.inputs);
  const Var indices = indices_along(batching, x.outer, x.inner);
  const Shape from{batching.extent, x.outer, x.extent, x.inner};
  return along_axis(batching, take_along_axis_op, from, indices.shape(), indices);
}

NodeId batch_take_transpose(const Batching& batching) {
  const Shape shape = batching.shape();
  if (!batching.over[1]) return append_same(batching, shape, batching.inputs);
  const AxisBlocks x(batching.state.program[batching.node].shape, batching.attributes()[0]);
  const Var indices = indices_along(batching, x.outer, x.inner);
  const Shape to{batching.extent, x.outer, x.extent, x.inner};
  return along_axis(batching, take_along_axis_transpose_op, indices.shape(), to, indices);
}

/// The first elements of each axis, as many as the shape says.
Var first_of(const Var& x, const Shape& shape) {
  std::vector<Slice> slices;
  for (std::int64_t extent : shape) slices.emplace_back(0, extent);
  return x.shape() == shape ? x : slice(x, std::span<const Slice>(slices));
}

/// Whether no axis, but perhaps one, has more elements than in the other shape; the ranks are equal.
bool fits(const Shape& shape, const Shape& other, std::size_t but) {
  for (std::size_t axis = 0; axis < shape.rank(); ++axis)
    if (axis != but && shape[axis] > other[axis]) return false;
  return true;
}

Var taken_along(const Var& x, const Var& indices, std::size_t axis, Caller caller) {
  const std::int64_t attributes[] = {static_cast<std::int64_t>(x.rank() - 1 - axis), static_cast<std::int64_t>(caller)};
  return append_gather(take_along_axis_op, x, indices, indices.shape(), attributes);
}

Var checked_along(const Var& x, const Var& indices, int axis) {
  check_indices("take_along_axis", indices);
  Shape from = x.shape(), shape = indices.shape();
  const std::size_t at = normalized_axis("take_along_axis", axis, from.rank());
  bool fits = shape.rank() == from.rank();
  for (std::size_t i = 0; fits && i < from.rank(); ++i) {
    fits = i == at || from[i] == shape[i] || from[i] == 1 || shape[i] == 1;
    if (i != at) from[i] = shape[i] = from[i] == 1 ? shape[i] : from[i];
  }
  if (!fits)
    fail<ShapeError>("take_along_axis", "x is ", x.shape(), ", the indices are ", indices.shape(),
                     ": they do not broadcast beside axis ", axis);
  return taken_along(broadcasted(x, from), broadcasted(indices, shape), at, Caller::take_along_axis);
}

Var gathered(const Var& x, const Var& indices, int axis) {
  check_indices("gather", indices);
  const Shape from = x.shape(), shape = indices.shape();
  const std::size_t at = normalized_axis("gather", axis, from.rank());
  if (shape.rank() != from.rank() || !fits(shape, from, at))
    fail<ShapeError>("gather", "x is ", from, ", the indices are ", shape,
                     ": they need as many axes, and may have more elements in axis ", axis, " only");
  Shape wanted = shape;
  wanted[at] = from[at];
  return taken_along(first_of(x, wanted), indices, at, Caller::gather);
}

Var scattered(const Var& x, const Var& indices, const Var& source, int axis) {
  check_indices("scatter_add", indices);
  if (x.dtype() == DType::boolean || x.dtype() != source.dtype())
    fail<DTypeError>("scatter_add", "cannot add ", source.dtype(), " to ", x.dtype());
  const Shape to = x.shape(), shape = indices.shape();
  const std::size_t at = normalized_axis("scatter_add", axis, to.rank());
  const bool of_rank = shape.rank() == to.rank() && source.rank() == to.rank();
  if (!of_rank || !fits(shape, to, at) || !fits(shape, source.shape(), shape.rank()))
    fail<ShapeError>("scatter_add", "x is ", to, ", the indices are ", shape, ", the source is ", source.shape());
  Shape beside = shape;
  beside[at] = to[at];
  const std::int64_t attributes[] = {static_cast<std::int64_t>(to.rank() - 1 - at),
                                     static_cast<std::int64_t>(Caller::scatter_add)};
  const Var sums = append_gather(take_along_axis_transpose_op, first_of(source, shape), indices, beside, attributes);
  if (beside == to) return x + sums;
  std::vector<std::int64_t> from_first;
  for (std::size_t i = 0; i < to.rank(); ++i) from_first.insert(from_first.end(), {0, 1});
  return x + placed(sums, to, from_first);
}

/// Operands of dtypes of their own: a tensor, indices, and perhaps another tensor.
template <class Body, class... More>
Var record_gather(std::string_view op, Body body, const Operand& x, const Operand& indices, const More&... more) {
  const Operand* const list[] = {&x, &indices, &more...};
  TapeState& state = tape_of(op, list);
  const NodeId tensor = resolve(state, op, x, DType::float64);
  [[maybe_unused]] const DType dtype = state.program[tensor].dtype;
  const std::array<NodeId, sizeof...(More) + 2> nodes{tensor, resolve(state, op, indices, DType::int64),
                                                      resolve(state, op, more, dtype)...};
  return record_call(state, key_of(body), nodes, location_of(state, x), [&] {
    return std::apply([&](auto... node) { return body(VarAccess::make(state, node)...); }, nodes);
  });
}

}  // namespace

Var embedded(const Var& weight, const Var& indices) { return taken(weight, indices, 0, Caller::embedding); }

Var picked_classes(std::string_view op, const Var& x, const Var& classes) {
  Shape shape = classes.shape();
  shape.push_back(1);
  const Var column = reshaped(classes, shape);
  const Caller caller = op == "nll_loss" ? Caller::nll_loss : Caller::softmax_cross_entropy;
  return reshaped(taken_along(x, column, x.rank() - 1, caller), classes.shape());
}

}  // namespace xtape::detail

namespace xtape {

Var take(const Operand& x, const Operand& indices, int axis) {
  const auto body = [axis](const Var& tensor, const Var& positions) {
    return detail::taken(tensor, positions, axis, detail::Caller::take);
  };
  return detail::record_gather("take", body, x, indices);
}

Var take_along_axis(const Operand& x, const Operand& indices, int axis) {
  const auto body = [axis](const Var& tensor, const Var& positions) {
    return detail::checked_along(tensor, positions, axis);
  };
  return detail::record_gather("take_along_axis", body, x, indices);
}

Var gather(const Operand& x, int axis, const Operand& indices) {
  const auto body = [axis](const Var& tensor, const Var& positions) {
    return detail::gathered(tensor, positions, axis);
  };
  return detail::record_gather("gather", body, x, indices);
}

Var scatter_add(const Operand& x, int axis, const Operand& indices, const Operand& source) {
  const auto body = [axis](const Var& tensor, const Var& positions, const Var& added) {
    return detail::scattered(tensor, positions, added, axis);
  };
  return detail::record_gather("scatter_add", body, x, indices, source);
}

}  // namespace xtape
