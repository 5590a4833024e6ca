// argsort, sort, top_k, argmax and argmin: where elements stand in order. The positions carry no gradient, and values
// are taken from them.
#include <algorithm>
#include <vector>

#include <xtape/ops.hpp>

#include "ops/axis_blocks.hpp"
#include "ops/batching.hpp"
#include "ops/errors.hpp"
#include "ops/reduction.hpp"

namespace xtape::detail {

namespace {

/// NaN counts as the largest number.
template <class T>
bool less_than(T a, T b) {
  return a < b || (b != b && a == a);
}

template <class T>
struct Ranked {
  T value;
  std::int64_t position;
};

/// Puts the first `count` of the line in order; equal elements stay in their order.
template <class T>
void put_in_order(std::vector<Ranked<T>>& line, std::int64_t count, bool descending) {
  const auto before = [descending](const Ranked<T>& a, const Ranked<T>& b) {
    if (descending ? less_than(b.value, a.value) : less_than(a.value, b.value)) return true;
    if (descending ? less_than(a.value, b.value) : less_than(b.value, a.value)) return false;
    return a.position < b.position;
  };
  if (count == std::ssize(line)) std::sort(line.begin(), line.end(), before);
  else std::partial_sort(line.begin(), line.begin() + count, line.end(), before);
}

/// Attributes: the axis from the end, and whether the order is descending. The output's extent says how many.
template <class T>
void argsort_elements(const Call& call) {
  const AxisBlocks from(call.inputs[0].shape, call.attributes[0]), to(call.output.shape, call.attributes[0]);
  const T* x = reinterpret_cast<const T*>(call.inputs[0].data);
  std::int64_t* y = reinterpret_cast<std::int64_t*>(call.output.data);
  std::vector<Ranked<T>> line(static_cast<std::size_t>(from.extent));
  for (std::int64_t outer = 0; outer < from.outer; ++outer)
    for (std::int64_t inner = 0; inner < from.inner; ++inner) {
      for (std::int64_t i = 0; i < from.extent; ++i)
        line[static_cast<std::size_t>(i)] = {x[(outer * from.extent + i) * from.inner + inner], i};
      put_in_order(line, to.extent, call.attributes[1] != 0);
      for (std::int64_t i = 0; i < to.extent; ++i)
        y[(outer * to.extent + i) * to.inner + inner] = line[static_cast<std::size_t>(i)].position;
    }
}

/// Calls visit.operator()<T>() with the C++ type of the dtype.
template <class Visit>
void with_element_type(DType dtype, Visit visit) {
  switch (dtype) {
    case DType::float32:
      return visit.template operator()<float>();
    case DType::float64:
      return visit.template operator()<double>();
    case DType::int64:
      return visit.template operator()<std::int64_t>();
    case DType::boolean:
      return visit.template operator()<std::uint8_t>();
  }
}

void argsort_execute(const Call& call) {
  with_element_type(call.inputs[0].dtype, [&]<class T>() { argsort_elements<T>(call); });
}

std::string describe_argsort(std::span<const std::int64_t> attributes) {
  return describe_axis(attributes) + (attributes[1] != 0 ? " descending" : "");
}

/// Whether a goes before b in the search for an extremum: NaN before all else.
template <class T>
bool more_extreme(T a, T b, bool largest) {
  if (b != b) return false;
  return a != a || (largest ? a > b : a < b);
}

/// Over the last axis.
template <class T>
void find_extremum(const Call& call, bool largest) {
  const T* x = reinterpret_cast<const T*>(call.inputs[0].data);
  std::int64_t* y = reinterpret_cast<std::int64_t*>(call.output.data);
  const std::int64_t extent = call.inputs[0].shape.back();
  for (std::int64_t row = 0; row < call.output.shape.size(); ++row, x += extent) {
    y[row] = 0;
    for (std::int64_t i = 1; i < extent; ++i)
      if (more_extreme(x[i], x[y[row]], largest)) y[row] = i;
  }
}

template <bool largest>
void extremum_execute(const Call& call) {
  with_element_type(call.inputs[0].dtype, [&]<class T>() { find_extremum<T>(call, largest); });
}

}  // namespace

extern constinit const Op argsort_op, argmax_op, argmin_op;
constinit const Op argsort_op{.name = "argsort",
                              .kind = OpKind::opaque,
                              .execute = argsort_execute,
                              .batch = over_leading_axis,
                              .describe = describe_argsort};
XTAPE_LIST_OP(argsort_op);
constinit const Op argmax_op{
    .name = "argmax", .kind = OpKind::opaque, .execute = extremum_execute<true>, .batch = over_leading_axis};
XTAPE_LIST_OP(argmax_op);
constinit const Op argmin_op{
    .name = "argmin", .kind = OpKind::opaque, .execute = extremum_execute<false>, .batch = over_leading_axis};
XTAPE_LIST_OP(argmin_op);

namespace {

/// An op of int64 results.
Var append_positions(const Op& op, const Var& x, const Shape& shape, std::span<const std::int64_t> attributes) {
  TapeState& state = VarAccess::state(x);
  const NodeId input = VarAccess::node(x);
  return VarAccess::make(state, append(state, op, DType::int64, shape, std::span(&input, 1), attributes));
}

/// The positions of the first `count` along an axis.
Var ordered(const Var& x, std::size_t axis, std::int64_t count, bool descending) {
  Shape shape = x.shape();
  shape[axis] = count;
  const std::int64_t attributes[] = {static_cast<std::int64_t>(x.rank() - 1 - axis), descending};
  return append_positions(argsort_op, x, shape, attributes);
}

/// argmax or argmin.
Var record_extremum(const Op& op, const Operand& x, std::optional<int> axis, bool keepdims) {
  return record_reduction(op.name, x, axis ? Axes(*axis) : Axes(), keepdims, [&](const Var& v, const AxisSet& chosen) {
    const Var rows = merged_last(v, chosen);
    const Shape shape = rows.shape();
    if (shape.back() == 0) fail<ShapeError>(op.name, "there is no element to choose from in ", v.shape());
    return append_positions(op, rows, Shape(std::span(shape.begin(), shape.rank() - 1)), {});
  });
}

}  // namespace

}  // namespace xtape::detail

namespace xtape {

using detail::fail;

Var argmax(const Operand& x, std::optional<int> axis, bool keepdims) {
  return detail::record_extremum(detail::argmax_op, x, axis, keepdims);
}

Var argmin(const Operand& x, std::optional<int> axis, bool keepdims) {
  return detail::record_extremum(detail::argmin_op, x, axis, keepdims);
}

Var argsort(const Operand& x, int axis, bool descending) {
  return detail::record_composite(
      "argsort",
      [&](const Var& v) {
        const std::size_t at = detail::normalized_axis("argsort", axis, v.rank());
        return detail::ordered(v, at, v.shape()[at], descending);
      },
      x);
}

Var sort(const Operand& x, int axis, bool descending) {
  return detail::record_composite(
      "sort",
      [&](const Var& v) {
        const std::size_t at = detail::normalized_axis("sort", axis, v.rank());
        return take_along_axis(v, detail::ordered(v, at, v.shape()[at], descending), static_cast<int>(at));
      },
      x);
}

TopK top_k(const Operand& x, std::int64_t k, int axis) {
  const Var indices = detail::record_composite(
      "top_k",
      [&](const Var& v) {
        const std::size_t at = detail::normalized_axis("top_k", axis, v.rank());
        if (k < 0 || k > v.shape()[at])
          fail<ValueError>("top_k", "k is ", k, ", axis ", axis, " of ", v.shape(), " has ", v.shape()[at],
                           " elements");
        return detail::ordered(v, at, k, true);
      },
      x);
  return {take_along_axis(x, indices, axis), indices};
}

}  // namespace xtape
