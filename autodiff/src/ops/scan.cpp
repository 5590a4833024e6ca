// Scans along an axis: cumsum, cumprod, cummax, logcumsumexp.
#include "ops/scan.hpp"

#include <cmath>
#include <limits>
#include <optional>

#include <xtape/ops.hpp>

#include "ops/axis_blocks.hpp"
#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/strong.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

namespace {

using Attributes = std::span<const std::int64_t>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class T>
const T* elements(const Buffer& buffer) {
  return reinterpret_cast<const T*>(buffer.data);
}
template <class T>
T* elements_of_output(const Call& call) {
  return reinterpret_cast<T*>(call.output.data);
}

std::size_t axis_of(const Var& x, std::int64_t from_end) { return x.rank() - 1 - static_cast<std::size_t>(from_end); }

/// A sum with what rounding took from it (Knuth's two-sum), so that errors do not grow with the number of terms.
struct RunningSum {
  double sum = -0.0, lost = 0;

  void add(double x) {
    const double before = sum;
    sum = before + x;
    const double part = sum - before;
    lost += (before - (sum - part)) + (x - part);
  }
  double value() const { return lost == lost ? sum + lost : sum; }  // NaN beside an infinite sum
};

struct RunningIntegerSum {
  std::uint64_t sum = 0;  // wraps around

  void add(std::int64_t x) { sum += static_cast<std::uint64_t>(x); }
  std::int64_t value() const { return static_cast<std::int64_t>(sum); }
};

template <class T, class Sum>
void cumsum_elements(const Call& call) {
  const T* x = elements<T>(call.inputs[0]);
  T* y = elements_of_output<T>(call);
  walk_lines<Sum>(AxisBlocks(call.output.shape, call.attributes[0]), call.attributes[1] != 0,
                  [&](Sum& sum, std::int64_t at) {
                    sum.add(x[at]);
                    y[at] = static_cast<T>(sum.value());
                  });
}

void cumsum(const Call& call) {
  if (call.output.dtype == DType::int64) return cumsum_elements<std::int64_t, RunningIntegerSum>(call);
  if (call.output.dtype == DType::float32) return cumsum_elements<float, RunningSum>(call);
  cumsum_elements<double, RunningSum>(call);
}

void cumsum_vjp(Rule& rule);

std::string describe_cumsum(Attributes attributes) {
  return describe_axis(attributes) + (attributes[1] != 0 ? " backward" : "");
}

}  // namespace

extern constinit const Op cumsum_op;
constinit const Op cumsum_op{
    .name = "cumsum", .kind = OpKind::opaque, .vjp = cumsum_vjp, .execute = cumsum, .describe = describe_cumsum};
XTAPE_LIST_OP(cumsum_op);

namespace {

Var cumulated(const Var& x, std::int64_t axis_from_end, Direction direction) {
  const std::int64_t attributes[] = {axis_from_end, direction == Direction::backward};
  return append_unary(cumsum_op, x, x.shape(), attributes);
}

void cumsum_vjp(Rule& rule) {
  const bool backward = rule.attributes()[1] != 0;
  rule.give(0, cumulated(rule.cotangent, rule.attributes()[0], backward ? Direction::forward : Direction::backward));
}

// ---- The recurrence

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
T product_of(T a, T b, Product product) {
  return product == Product::strong && (a == 0 || b == 0) ? T{0} : a * b;
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
                               state.y = state.started ? product_of(coefficient, state.y, how.product) + term : term;
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

/// The element before each, seen in this direction, and 0 for the first.
Var shifted(const Var& x, std::size_t axis, Direction direction) {
  const std::int64_t extent = x.shape()[axis];
  if (extent < 2)
    return VarAccess::make(VarAccess::state(x), append_full(VarAccess::state(x), 0, x.dtype(), x.shape()));
  const bool forward = direction == Direction::forward;
  return placed(sliced(x, axis, forward ? 0 : 1, extent - 1), axis, forward ? 1 : 0, extent);
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
                                 .describe = describe_recurrence};
XTAPE_LIST_OP(recurrence_op);

Var recurrence(const Var& a, const Var& b, std::size_t axis, Direction direction, Coefficient coefficient,
               Product product) {
  const std::int64_t attributes[] = {static_cast<std::int64_t>(a.rank() - 1 - axis),
                                     static_cast<std::int64_t>(direction), static_cast<std::int64_t>(coefficient),
                                     static_cast<std::int64_t>(product)};
  TapeState& state = VarAccess::state(a);
  const NodeId inputs[] = {VarAccess::node(a), VarAccess::node(b)};
  return VarAccess::make(state, append(state, recurrence_op, a.dtype(), a.shape(), inputs, attributes));
}

// ---- cummax and logcumsumexp

namespace {

/// The cotangent of x where y[j] depends on x[k], k <= j, with the partial factor[k] ratio[k + 1] ... ratio[j].
Var chained(const Var& cotangent, const Var& ratio, const Var& factor, std::size_t axis) {
  const Var sum = recurrence(ratio, cotangent, axis, Direction::backward, Coefficient::of_previous, Product::strong);
  return strong_multiply(sum, factor);
}

/// Numbers that count elements up to each: ratios of one to the next, and the share of each element.
struct Shares {
  Var ratio, share;
};

/// Of counts that start anew where `same` is 0, `here` being 1 for the elements that count. 0 / 0 is where y is NaN.
Shares shares_of(const Var& same, const Var& here, std::size_t axis) {
  const Var count = recurrence(same, here, axis, Direction::forward, Coefficient::of_next, Product::plain);
  const Var before = strong_multiply(same, shifted(count, axis, Direction::forward));
  const Var ratio = strong_divide(before, count);
  return {ratio, here / count};
}

template <class T>
struct Largest {
  T value = 0;
  bool started = false;

  void take(T x) {
    if (!started || !(x <= value)) value = value == value ? x : value;
    started = true;
  }
};

template <class T>
void cummax_elements(const Call& call) {
  const T* x = elements<T>(call.inputs[0]);
  T* y = elements_of_output<T>(call);
  walk_lines<Largest<T>>(AxisBlocks(call.output.shape, call.attributes[0]), false,
                         [&](Largest<T>& largest, std::int64_t at) {
                           largest.take(x[at]);
                           y[at] = largest.value;
                         });
}

void cummax(const Call& call) {
  if (call.output.dtype == DType::int64) return cummax_elements<std::int64_t>(call);
  if (call.output.dtype == DType::float32) return cummax_elements<float>(call);
  cummax_elements<double>(call);
}

/// Each y is shared by the elements up to it that tie for it.
void cummax_vjp(Rule& rule) {
  const Var x = rule.x(), y = rule.y();
  const std::size_t axis = axis_of(x, rule.attributes()[0]);
  const Var same = cast(equal(y, shifted(y, axis, Direction::forward)), x.dtype());
  const Var here = cast(equal(x, y), x.dtype());
  const Shares shares = shares_of(same, here, axis);
  rule.give(0, chained(rule.cotangent, shares.ratio, shares.share, axis));
}

/// log of a sum of exponentials, held as exp(shift) times a sum. The shift moves on only when it has to, because each
/// move rounds.
struct RunningLogSum {
  RunningSum sum{0, 0};
  double shift = -kInfinity, beyond = 0;

  void add(double x) {
    constexpr double kFar = 32;  // exp(kFar) is far from overflow
    if (!std::isfinite(x)) {
      if (x != -kInfinity) beyond += x;  // infinite or NaN
      return;
    }
    if (!(x <= shift + kFar)) {
      const double factor = std::exp(shift - x);
      sum.sum *= factor;
      sum.lost *= factor;
      shift = x;
    }
    sum.add(std::exp(x - shift));
  }
  double value() const { return beyond == 0 ? shift + std::log(sum.value()) : beyond; }
};

template <class T>
void logcumsumexp_elements(const Call& call) {
  const T* x = elements<T>(call.inputs[0]);
  T* y = elements_of_output<T>(call);
  walk_lines<RunningLogSum>(AxisBlocks(call.output.shape, call.attributes[0]), false,
                            [&](RunningLogSum& sum, std::int64_t at) {
                              sum.add(static_cast<double>(x[at]));
                              y[at] = static_cast<T>(sum.value());
                            });
}

void logcumsumexp(const Call& call) {
  if (call.output.dtype == DType::float32) return logcumsumexp_elements<float>(call);
  logcumsumexp_elements<double>(call);
}

/// The partials are exp(x[k] - y[j]). Where y is infinite that is inf - inf: then the elements that are +inf share it,
/// and without one all get 0.
void logcumsumexp_vjp(Rule& rule) {
  const Var x = rule.x(), y = rule.y();
  const std::size_t axis = axis_of(x, rule.attributes()[0]);
  const Var infinite = equal(y, kInfinity), nothing = equal(y, -kInfinity);
  const Var before = shifted(y, axis, Direction::forward);
  const Var same = cast(logical_and(infinite, equal(before, kInfinity)), x.dtype());
  const Shares shares = shares_of(same, cast(equal(x, kInfinity), x.dtype()), axis);
  const Var decay = where(nothing, 0, exp(before - y));
  const Var weight = where(nothing, 0, exp(x - y));
  const Var ratio = where(infinite, shares.ratio, decay);
  const Var factor = where(infinite, shares.share, weight);
  rule.give(0, chained(rule.cotangent, ratio, factor, axis));
}

}  // namespace

extern constinit const Op cummax_op, logcumsumexp_op;
constinit const Op cummax_op{
    .name = "cummax", .kind = OpKind::opaque, .vjp = cummax_vjp, .execute = cummax, .describe = describe_axis};
XTAPE_LIST_OP(cummax_op);
constinit const Op logcumsumexp_op{.name = "logcumsumexp",
                                   .kind = OpKind::opaque,
                                   .vjp = logcumsumexp_vjp,
                                   .execute = logcumsumexp,
                                   .describe = describe_axis};
XTAPE_LIST_OP(logcumsumexp_op);

}  // namespace xtape::detail

namespace xtape {

using detail::fail;

namespace {

/// A scan over an axis, or without one over all elements in their order: `body(x, axis)`.
template <class Body>
Var record_scan(std::string_view op, const Operand& x, std::optional<int> axis, Body body) {
  return detail::record_composite(
      op,
      [&](const Var& v) {
        if (v.dtype() == DType::boolean) fail<DTypeError>(op, "it does not take bool; cast it to int64");
        const Var line = axis ? v : detail::reshaped(v, {v.size()});
        return body(line, detail::normalized_axis(op, axis.value_or(0), line.rank()));
      },
      x);
}

std::int64_t from_end(const Var& x, std::size_t axis) { return static_cast<std::int64_t>(x.rank() - 1 - axis); }

Var scanned(const detail::Op& op, const Var& x, std::size_t axis) {
  const std::int64_t attributes[] = {from_end(x, axis)};
  return detail::append_unary(op, x, x.shape(), attributes);
}

/// The recurrence that starts with the first element and goes on with products. Adding -0 changes no product.
Var cumulated_product(const Var& x, std::size_t axis) {
  const Var first = where(equal(detail::positions_along(x, axis), 0), x, -0.0);
  return detail::recurrence(x, first, axis, detail::Direction::forward, detail::Coefficient::of_next,
                            detail::Product::plain);
}

}  // namespace

Var cumsum(const Operand& x, std::optional<int> axis) {
  return record_scan("cumsum", x, axis, [](const Var& v, std::size_t at) {
    return detail::cumulated(v, from_end(v, at), detail::Direction::forward);
  });
}

Var cumprod(const Operand& x, std::optional<int> axis) { return record_scan("cumprod", x, axis, cumulated_product); }

Var cummax(const Operand& x, std::optional<int> axis) {
  return record_scan("cummax", x, axis, [](const Var& v, std::size_t at) { return scanned(detail::cummax_op, v, at); });
}

Var logcumsumexp(const Operand& x, std::optional<int> axis) {
  return record_scan("logcumsumexp", x, axis, [](const Var& v, std::size_t at) {
    detail::check_floating("logcumsumexp", v);
    return scanned(detail::logcumsumexp_op, v, at);
  });
}

Var diff(const Operand& x, int n, int axis) {
  return detail::record_composite(
      "diff",
      [&](const Var& v) {
        const std::size_t at = detail::normalized_axis("diff", axis, v.rank());
        if (v.dtype() == DType::boolean) fail<DTypeError>("diff", "it does not take bool; cast it to int64");
        if (n < 0) fail<ValueError>("diff", "the order must not be negative, is ", n);
        Var result = v;
        for (int i = 0; i < n && result.shape()[at] > 0; ++i) {
          const std::int64_t rest = result.shape()[at] - 1;
          const Var later = detail::sliced(result, at, 1, rest);
          const Var earlier = detail::sliced(result, at, 0, rest);
          result = later - earlier;
        }
        return result;
      },
      x);
}

}  // namespace xtape
