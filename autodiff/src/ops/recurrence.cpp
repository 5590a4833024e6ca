// The linear recurrence along an axis.
#include <type_traits>

#include <xtape/ops.hpp>

#include "ops/axis_blocks.hpp"
#include "ops/batching.hpp"
#include "ops/record.hpp"
#include "ops/scan.hpp"
#include "ops/strong.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

namespace {

using Attributes = std::span<const std::int64_t>;

/// What a recurrence's attributes say.
struct Recurrence {
  std::int64_t axis_from_end;
  Direction direction;
  Coefficient coefficient;
  Product product;
};

Recurrence recurrence_of(Attributes attributes) {
  return {attributes[0], static_cast<Direction>(attributes[1]), static_cast<Coefficient>(attributes[2]),
          static_cast<Product>(attributes[3])};
}

template <class T>
struct LinearState {
  T y = 0, coefficient = 0;
  bool started = false;
};

template <class T>
T linear(T a, T y, T b, Product product) {
  if (product == Product::strong && (a == 0 || y == 0)) return b;
  if constexpr (std::is_integral_v<T>) {  // wraps around
    using Unsigned = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Unsigned>(a) * static_cast<Unsigned>(y) + static_cast<Unsigned>(b));
  } else {
    return a * y + b;
  }
}

template <class T>
void recur(const Call& call) {
  const Recurrence how = recurrence_of(call.attributes);
  const T* a = elements<T>(call.inputs[0]);
  const T* b = elements<T>(call.inputs[1]);
  T* y = elements_of_output<T>(call);
  const bool own = how.coefficient == Coefficient::of_next;
  walk_lines<LinearState<T>>(AxisBlocks(call.output.shape, how.axis_from_end), how.direction == Direction::backward,
                             [&](LinearState<T>& state, std::int64_t at) {
                               const T coefficient = own ? a[at] : state.coefficient;
                               const T term = b[at];
                               state.y = state.started ? linear(coefficient, state.y, term, how.product) : term;
                               state.coefficient = a[at];
                               state.started = true;
                               y[at] = state.y;
                             });
}

void execute_recurrence(const Call& call) {
  if (call.output.dtype == DType::int64) return recur<std::int64_t>(call);
  if (call.output.dtype == DType::float32) return recur<float>(call);
  recur<double>(call);
}

/// The cotangent of b runs through the recurrence the other way; that of a coefficient is the product of the cotangent
/// of the element that it leads to and the element that it leads from.
void recurrence_vjp(Rule& rule) {
  const Recurrence how = recurrence_of(rule.attributes());
  const bool forward = how.direction == Direction::forward, own = how.coefficient == Coefficient::of_next;
  const std::size_t axis = axis_of(rule.x(), how.axis_from_end);
  const Direction back = forward ? Direction::backward : Direction::forward;
  const Coefficient other = own ? Coefficient::of_previous : Coefficient::of_next;
  const Var cotangent = recurrence(rule.x(0), rule.cotangent, axis, back, other, Product::strong);
  if (rule.wants(0)) {
    const Var to = own ? cotangent : shifted(cotangent, axis, back);
    const Var from = own ? shifted(rule.y(), axis, how.direction) : rule.y();
    rule.give(0, strong_multiply(to, from));
  }
  if (rule.wants(1)) rule.give(1, cotangent);
}

std::string describe_recurrence(Attributes attributes) {
  const Recurrence how = recurrence_of(attributes);
  return describe_axis(attributes) + (how.direction == Direction::backward ? " backward" : "") +
         (how.coefficient == Coefficient::of_previous ? " of_previous" : "") +
         (how.product == Product::strong ? " strong" : "");
}

}  // namespace

extern constinit const Op recurrence_op;
constinit const Op recurrence_op{.name = "recurrence",
                                 .kind = OpKind::opaque,
                                 .vjp = recurrence_vjp,
                                 .execute = execute_recurrence,
                                 .batch = over_leading_axis,
                                 .describe = describe_recurrence};
XTAPE_LIST_OP(recurrence_op);

Var shifted(const Var& x, std::size_t axis, Direction direction) {
  const std::int64_t extent = x.shape()[axis];
  if (extent < 2)
    return VarAccess::make(VarAccess::state(x), append_full(VarAccess::state(x), 0, x.dtype(), x.shape()));
  const bool forward = direction == Direction::forward;
  return placed(sliced(x, axis, forward ? 0 : 1, extent - 1), axis, forward ? 1 : 0, extent);
}

Var recurrence(const Var& a, const Var& b, std::size_t axis, Direction direction, Coefficient coefficient,
               Product product) {
  const std::int64_t attributes[] = {static_cast<std::int64_t>(a.rank() - 1 - axis),
                                     static_cast<std::int64_t>(direction), static_cast<std::int64_t>(coefficient),
                                     static_cast<std::int64_t>(product)};
  TapeState& state = VarAccess::state(a);
  const NodeId inputs[] = {VarAccess::node(a), VarAccess::node(b)};
  return VarAccess::make(state, append(state, recurrence_op, a.dtype(), a.shape(), inputs, attributes));
}

}  // namespace xtape::detail
