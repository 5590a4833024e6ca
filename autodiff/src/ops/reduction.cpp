// sum, mean, max, min, all, any and count_nonzero over any set of axes.
#include "ops/reduction.hpp"

#include <bit>

#include <xtape/ops.hpp>

#include "kernels/dispatch.hpp"
#include "ops/errors.hpp"
#include "ops/strong.hpp"

namespace xtape::detail {

namespace {

void sum_vjp(Rule& rule) {
  const Shape shape = shape_of(rule.x());
  rule.give(0, spread(rule.cotangent, shape, rule.attributes()));
}

/// n tied elements get 1/n each; where the result is NaN, nothing equals it, and 0 / 0 passes the NaN on.
void extremum_vjp(Rule& rule) {
  const Var x = rule.x();
  const std::int64_t attributes[] = {rule.attributes()[0], rule.attributes()[1]};
  const Var mask = cast(equal(x, spread(rule.y(), x.shape(), attributes)), x.dtype());
  const Var ties = reduced(sum_op, mask, attributes);
  const Var share = mask / spread(ties, x.shape(), attributes);
  rule.give(0, strong_multiply(spread(rule.cotangent, x.shape(), attributes), share));
}

/// Over the axes first .. first + count - 1 of x.
Var reduced_block(const Op& op, const Var& x, std::size_t first, std::size_t count) {
  const std::int64_t attributes[] = {static_cast<std::int64_t>(x.rank() - first - count),
                                     static_cast<std::int64_t>(count)};
  return reduced(op, x, attributes);
}

/// x with the chosen axes moved to the end, in their order.
Var gathered(const Var& x, const AxisSet& chosen) {
  std::size_t order[Shape::kMaxRank], count = 0;
  for (const bool wanted : {false, true})
    for (std::size_t axis = 0; axis < x.rank(); ++axis)
      if (chosen[axis] == wanted) order[count++] = axis;
  return permuted(x, std::span(order, count));
}

consteval Op primitive(std::string_view name, void (*vjp)(Rule& rule),
                       const ByInstructionSet<ReductionKernels>& kernels) {
  return {.name = name, .kind = OpKind::reduction, .vjp = vjp, .reduction = &kernels, .describe = describe_axes};
}

}  // namespace

constinit const Op sum_op = primitive("sum", sum_vjp, sum_reductions);
constinit const Op max_op = primitive("max", extremum_vjp, max_reductions);
constinit const Op min_op = primitive("min", extremum_vjp, min_reductions);
constinit const Op all_op = primitive("all", nullptr, all_reductions);
XTAPE_LIST_OP(sum_op);
XTAPE_LIST_OP(max_op);
XTAPE_LIST_OP(min_op);
XTAPE_LIST_OP(all_op);

std::string describe_axes(std::span<const std::int64_t> attributes) {
  std::string text = "axes=[";
  for (std::int64_t i = attributes[1]; i-- > 0;) text += std::to_string(-1 - attributes[0] - i) + (i > 0 ? ", " : "");
  return text + "]";
}

CallKey with_axes(CallKey key, const Axes& axes, bool keepdims) {
  constexpr int kRank = static_cast<int>(Shape::kMaxRank);
  key.options = (keepdims ? 1 : 0) + (axes.all() ? 2 : 0) + 4 * axes.list().size();
  for (int axis : axes.list()) {
    key.options = key.options * 2 * kRank + static_cast<std::uint64_t>(axis + kRank);
    if (axis < -kRank || axis >= kRank) key.function = nullptr;
  }
  if (axes.list().size() > Shape::kMaxRank) key.function = nullptr;
  return key;
}

AxisSet chosen_axes(std::string_view op, const Axes& axes, std::size_t rank) {
  AxisSet chosen(axes.all() ? (1u << rank) - 1 : 0);
  for (int axis : axes.list()) {
    const std::size_t at = normalized_axis(op, axis, rank);
    if (chosen[at]) fail<ShapeError>(op, "axis ", axis, " is given twice");
    chosen[at] = true;
  }
  return chosen;
}

std::int64_t reduced_size(const Shape& shape, const AxisSet& chosen) {
  std::int64_t size = 1;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis)
    if (chosen[axis]) size *= shape[axis];
  return size;
}

Shape kept_shape(const Shape& shape, const AxisSet& chosen) {
  Shape kept = shape;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis)
    if (chosen[axis]) kept[axis] = 1;
  return kept;
}

Var merged_last(const Var& x, const AxisSet& chosen) {
  const Shape from = x.shape();
  Shape shape;
  for (std::size_t axis = 0; axis < from.rank(); ++axis)
    if (!chosen[axis]) shape.push_back(from[axis]);
  shape.push_back(reduced_size(from, chosen));
  return reshaped(gathered(x, chosen), shape);
}

Adjacent adjacent(const Var& x, const AxisSet& chosen) {
  const unsigned long bits = chosen.to_ulong();
  if (bits == 0) return {merged_last(x, chosen), {0, 1}};
  const std::size_t count = static_cast<std::size_t>(std::popcount(bits));
  const std::size_t first = static_cast<std::size_t>(std::countr_zero(bits));
  const bool beside = std::has_single_bit((bits >> first) + 1);
  const std::size_t after = beside ? x.rank() - first - count : 0;
  return {beside ? x : gathered(x, chosen), {static_cast<std::int64_t>(after), static_cast<std::int64_t>(count)}};
}

std::int64_t reduced_size(const Shape& shape, std::span<const std::int64_t> attributes) {
  const std::size_t end = shape.rank() - static_cast<std::size_t>(attributes[0]);
  std::int64_t size = 1;
  for (std::int64_t i = 1; i <= attributes[1]; ++i) size *= shape[end - static_cast<std::size_t>(i)];
  return size;
}

Var reduced(const Op& op, const Var& x, const AxisSet& chosen) {
  if (chosen.none()) return x;
  const Adjacent block = adjacent(x, chosen);
  return reduced(op, block.x, block.attributes);
}

Var reduced(const Op& op, const Var& x, std::span<const std::int64_t> attributes) {
  const Shape& from = shape_of(x);
  const std::size_t end = from.rank() - static_cast<std::size_t>(attributes[0]);
  const std::size_t first = end - static_cast<std::size_t>(attributes[1]);
  Shape shape;
  for (std::size_t axis = 0; axis < from.rank(); ++axis)
    if (axis < first || axis >= end) shape.push_back(from[axis]);
  return append_unary(op, x, shape, attributes);
}

Var summed_to(const Var& x, const Shape& shape) {
  const Shape from = x.shape();
  const std::size_t added = from.rank() - shape.rank();
  Var sum = x;
  // Block by block from the innermost, so that the numbers of the axes before stay right.
  for (std::size_t end = from.rank(); end > 0;) {
    std::size_t first = end;
    while (first > 0 && (first - 1 < added || (shape[first - 1 - added] == 1 && from[first - 1] != 1))) --first;
    if (first < end) sum = reduced_block(sum_op, sum, first, end - first);
    end = first == end ? end - 1 : first;
  }
  return reshaped(sum, shape);
}

Var spread(const Var& reduced, const Shape& shape, std::span<const std::int64_t> attributes) {
  const std::size_t last = shape.rank() - 1 - static_cast<std::size_t>(attributes[0]);
  const std::size_t count = static_cast<std::size_t>(attributes[1]);
  Shape kept = shape;
  for (std::size_t axis = last + 1 - count; axis <= last; ++axis) kept[axis] = 1;
  const bool leading = last + 1 == count;  // new leading axes come by themselves
  return broadcasted(leading ? reduced : reshaped(reduced, kept), shape);
}

namespace {

void check_reducible(const Op& op, DType dtype) {
  const ReductionKernels& kernels = (*op.reduction)[InstructionSet::baseline];
  const ReductionKernel* by_dtype[] = {&kernels.float32, &kernels.float64, &kernels.int64, &kernels.boolean};
  if (by_dtype[static_cast<std::size_t>(dtype)]->begin != nullptr) return;
  if (kernels.boolean.begin != nullptr) fail<DTypeError>(op.name, "it takes bool, not ", dtype);
  fail<DTypeError>(op.name, "it does not take ", dtype, dtype == DType::boolean ? "; cast it to int64" : "");
}

Var record_primitive(const Op& op, const Operand& x, const Axes& axes, bool keepdims, bool of_none) {
  return record_reduction(op.name, CallKey{&op}, x, axes, keepdims, [&](const Var& v, const AxisSet& chosen) {
    check_reducible(op, v.dtype());
    if (!of_none && reduced_size(shape_of(v), chosen) == 0)
      fail<ShapeError>(op.name, "there is no element to choose from in ", v.shape());
    return reduced(op, v, chosen);
  });
}

}  // namespace

}  // namespace xtape::detail

namespace xtape {

Var sum(const Operand& x, const Axes& axes, bool keepdims) {
  return detail::record_primitive(detail::sum_op, x, axes, keepdims, true);
}

Var mean(const Operand& x, const Axes& axes, bool keepdims) {
  return detail::record_reduction("mean", x, axes, keepdims, [](const Var& v, const detail::AxisSet& chosen) {
    detail::check_floating("mean", v);
    return detail::reduced(detail::sum_op, v, chosen) / detail::reduced_size(detail::shape_of(v), chosen);
  });
}

Var max(const Operand& x, const Axes& axes, bool keepdims) {
  return detail::record_primitive(detail::max_op, x, axes, keepdims, false);
}

Var min(const Operand& x, const Axes& axes, bool keepdims) {
  return detail::record_primitive(detail::min_op, x, axes, keepdims, false);
}

Var all(const Operand& x, const Axes& axes, bool keepdims) {
  return detail::record_primitive(detail::all_op, x, axes, keepdims, true);
}

Var any(const Operand& x, const Axes& axes, bool keepdims) {
  return detail::record_reduction("any", x, axes, keepdims, [](const Var& v, const detail::AxisSet& chosen) {
    if (v.dtype() != DType::boolean) detail::fail<DTypeError>("any", "it takes bool, not ", v.dtype());
    return logical_not(detail::reduced(detail::all_op, logical_not(v), chosen));
  });
}

Var count_nonzero(const Operand& x, const Axes& axes, bool keepdims) {
  return detail::record_reduction("count_nonzero", x, axes, keepdims, [](const Var& v, const detail::AxisSet& chosen) {
    return detail::reduced(detail::sum_op, cast(cast(v, DType::boolean), DType::int64), chosen);
  });
}

}  // namespace xtape
