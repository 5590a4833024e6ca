// Scans along an axis: cumsum, cumprod, cummax, logcumsumexp.
#include "ops/scan.hpp"

#include <cmath>
#include <limits>
#include <optional>

#include <xtape/ops.hpp>

#include "ops/axis_blocks.hpp"
#include "ops/batching.hpp"
#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/strong.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

namespace {

using Attributes = std::span<const std::int64_t>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A sum with what rounding took from it (Knuth's two-sum), so that errors do not grow with the number of terms.
struct RunningSum {
  double sum = -0.0, lost = 0;

  void add(double x) {
    const double before = sum;
    sum = before + x;
    const double part = sum - before;
    lost += (before - (sum - part)) + (x - part);
  }
  double value() const { return lost < 0 || lost > 0 ? sum + lost : sum; }  // NaN beside an infinite sum; -0 stays
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
constinit const Op cumsum_op{.name = "cumsum",
                             .kind = OpKind::opaque,
                             .vjp = cumsum_vjp,
                             .execute = cumsum,
                             .batch = over_leading_axis,
                             .describe = describe_cumsum};
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

// ---- cummax and logcumsumexp

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
constinit const Op cummax_op{.name = "cummax",
                             .kind = OpKind::opaque,
                             .vjp = cummax_vjp,
                             .execute = cummax,
                             .batch = over_leading_axis,
                             .describe = describe_axis};
XTAPE_LIST_OP(cummax_op);
constinit const Op logcumsumexp_op{.name = "logcumsumexp",
                                   .kind = OpKind::opaque,
                                   .vjp = logcumsumexp_vjp,
                                   .execute = logcumsumexp,
                                   .batch = over_leading_axis,
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
