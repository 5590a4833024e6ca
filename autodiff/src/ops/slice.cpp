// slice: a strided part of a tensor, and its transpose, which places such a part into zeros.
#include <algorithm>

#include <xtape/ops.hpp>

#include "ops/batching.hpp"
#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

namespace {

bool slice_view(const View& input, const Shape& from, std::span<const std::int64_t> attributes, const Shape&,
                View& output) {
  output = input;
  for (std::size_t i = 0; i < attributes.size() / 2; ++i) {
    const std::size_t axis = from.rank() - 1 - i;
    output.offset += attributes[2 * i] * input.strides[axis];
    output.strides[axis] = attributes[2 * i + 1] * input.strides[axis];
  }
  return true;
}

std::string describe_slice(std::span<const std::int64_t> attributes) {
  std::string text = "start:step=[";
  for (std::size_t i = attributes.size() / 2; i-- > 0;)
    text += std::to_string(attributes[2 * i]) + ":" + std::to_string(attributes[2 * i + 1]) + (i > 0 ? ", " : "");
  return text + "]";
}

/// Places the elements of a slice into zeros.
template <class Word>
void place(const Call& call) {
  const Buffer& x = call.inputs[0];
  const Shape& to = call.output.shape;
  Word* y = reinterpret_cast<Word*>(call.output.data);
  const Word* next = reinterpret_cast<const Word*>(x.data);
  for (std::int64_t i = 0; i < to.size(); ++i) y[i] = 0;
  View whole, view;
  for (std::size_t axis = to.rank(), stride = 1; axis-- > 0; stride *= static_cast<std::size_t>(to[axis]))
    whole.strides[axis] = static_cast<std::int64_t>(stride);
  slice_view(whole, to, call.attributes, x.shape, view);
  if (x.shape.size() == 0) return;
  const std::size_t outer_axes = to.rank() == 0 ? 0 : to.rank() - 1;
  const std::int64_t run = to.rank() == 0 ? 1 : x.shape.back(), step = to.rank() == 0 ? 1 : view.strides[outer_axes];
  std::int64_t position[Shape::kMaxRank] = {};
  for (std::int64_t n = x.shape.size() / run, at = view.offset; n > 0; --n, next += run) {
    for (std::int64_t i = 0; i < run; ++i) y[at + i * step] = next[i];
    for (std::size_t axis = outer_axes; axis-- > 0;) {
      at += view.strides[axis];
      if (++position[axis] < x.shape[axis]) break;
      at -= view.strides[axis] * x.shape[axis];
      position[axis] = 0;
    }
  }
}

/// The attributes of a slice that takes the elements from `first` on along an axis.
std::vector<std::int64_t> from_first(std::size_t rank, std::size_t axis, std::int64_t first) {
  std::vector<std::int64_t> attributes;
  for (std::size_t i = rank; i-- > axis;) {
    attributes.push_back(i == axis ? first : 0);
    attributes.push_back(1);
  }
  return attributes;
}

void slice_transpose(const Call& call) {
  switch (size_of(call.output.dtype)) {
    case 8:
      return place<std::uint64_t>(call);
    case 4:
      return place<std::uint32_t>(call);
    default:
      return place<std::uint8_t>(call);
  }
}

}  // namespace

extern constinit const Op slice_transpose_op;

constinit const Op slice_op{.name = "slice",
                            .kind = OpKind::view,
                            .vjp = [](Rule& rule) { give_transpose(rule, slice_transpose_op); },
                            .view = slice_view,
                            .describe = describe_slice};
XTAPE_LIST_OP(slice_op);

constinit const Op slice_transpose_op{.name = "slice_transpose",
                                      .kind = OpKind::opaque,
                                      .vjp = [](Rule& rule) { give_transpose(rule, slice_op); },
                                      .execute = slice_transpose,
                                      .batch = over_leading_axis,
                                      .copies = &slice_transpose_op,
                                      .describe = describe_slice};
XTAPE_LIST_OP(slice_transpose_op);

Var sliced(const Var& x, std::size_t axis, std::int64_t first, std::int64_t extent) {
  Shape shape = x.shape();
  if (first == 0 && extent == shape[axis]) return x;
  shape[axis] = extent;
  return append_unary(slice_op, x, shape, from_first(shape.rank(), axis, first));
}

Var placed(const Var& x, std::size_t axis, std::int64_t first, std::int64_t extent) {
  Shape shape = x.shape();
  if (first == 0 && extent == shape[axis]) return x;
  shape[axis] = extent;
  return placed(x, shape, from_first(shape.rank(), axis, first));
}

Var placed(const Var& x, const Shape& shape, std::span<const std::int64_t> attributes) {
  return append_unary(slice_transpose_op, x, shape, attributes);
}

}  // namespace xtape::detail

namespace xtape {

using detail::fail;

namespace {

/// One axis of a slice, positions made absolute as in NumPy.
struct Range {
  std::int64_t start, step, extent;
};

Range resolved_index(std::int64_t index, std::size_t axis, std::int64_t extent) {
  if (index < -extent || index >= extent)
    fail<ValueError>("slice", "index ", index, " is out of range for axis ", axis, " of extent ", extent);
  return {index < 0 ? index + extent : index, 1, 1};
}

Range resolved_slice(const Slice& slice, std::size_t axis, std::int64_t extent) {
  if (slice.index) return resolved_index(slice.start, axis, extent);
  if (slice.step == 0) fail<ValueError>("slice", "step 0 for axis ", axis);
  const bool forward = slice.step > 0;
  const std::int64_t lowest = forward ? 0 : -1, highest = forward ? extent : extent - 1;
  const auto position = [&](std::int64_t given, std::int64_t absent) {
    if (given == Slice::kNone) return absent;
    return std::clamp(given < 0 ? given + extent : given, lowest, highest);
  };
  const std::int64_t start = position(slice.start, forward ? lowest : highest);
  const std::int64_t stop = position(slice.stop, forward ? highest : lowest);
  const std::int64_t distance = forward ? stop - start : start - stop;
  if (distance <= 0) return {0, 1, 0};
  // A step beyond the end is no step, and need not fit into any product.
  if (slice.step >= distance || slice.step <= -distance) return {start, 1, 1};
  return {start, slice.step, (distance - 1) / std::abs(slice.step) + 1};
}

Var sliced_by(const Var& x, std::span<const Slice> slices) {
  const Shape from = x.shape();
  if (slices.size() > from.rank())
    fail<ShapeError>("slice", slices.size(), " slices for ", from.rank(), " axes of ", from);
  std::vector<std::int64_t> attributes(2 * from.rank());
  Shape shape, without_indices;
  for (std::size_t axis = 0; axis < from.rank(); ++axis) {
    const Range range = resolved_slice(axis < slices.size() ? slices[axis] : Slice(), axis, from[axis]);
    const std::size_t from_end = from.rank() - 1 - axis;
    attributes[2 * from_end] = range.start;
    attributes[2 * from_end + 1] = range.step;
    shape.push_back(range.extent);
    if (axis >= slices.size() || !slices[axis].index) without_indices.push_back(range.extent);
  }
  return detail::reshaped(detail::append_unary(detail::slice_op, x, shape, attributes), without_indices);
}

}  // namespace

Var slice(const Operand& x, std::initializer_list<Slice> slices) {
  return slice(x, std::span<const Slice>(slices.begin(), slices.size()));
}

Var slice(const Operand& x, std::span<const Slice> slices) {
  return detail::record_composite(
      "slice", [&](const Var& v) { return sliced_by(v, slices); }, x);
}

}  // namespace xtape
