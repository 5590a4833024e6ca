#include "ops/linear_algebra_ties.hpp"

#include <algorithm>

#include "ops/reduction.hpp"

namespace xtape::detail {

namespace {

using Attributes = std::span<const std::int64_t>;

/// How far a cotangent may be from symmetric, relative to its largest element and per element of the axis, before it
/// tells equal values apart. Values count as equal within the rounding error of their computation.
constexpr double kUneven = 1024;

/// The values of one matrix, descending or ascending.
template <class T>
struct Values {
  const T* values;
  std::int64_t n;
  T tolerance;

  Values(const T* elements, std::int64_t count) : values(elements), n(count), tolerance(0) {
    for (std::int64_t i = 0; i < n; ++i) tolerance = std::max(tolerance, std::abs(values[i]));
    tolerance *= kEpsilonOf<T> * static_cast<T>(n);
  }
  bool tied(std::int64_t i, std::int64_t j) const { return std::abs(values[i] - values[j]) <= tolerance; }
  bool is_zero(std::int64_t i) const { return std::abs(values[i]) <= tolerance; }
};

template <class T>
T uneven_limit(const T* x, std::int64_t count, std::int64_t n) {
  T largest = 0;
  for (std::int64_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(x[i]));
  return largest * static_cast<T>(kUneven) * kEpsilonOf<T> * static_cast<T>(n);
}

/// Where in the call an error comes from.
struct Place {
  Spectrum spectrum;
  const Shape& values;
  std::int64_t matrix;

  std::string text() const {
    return (values.rank() > 1 ? " of matrix " + std::to_string(matrix) : std::string()) + " (" + to_string(values) +
           ")";
  }
  std::string_view op() const { return spectrum == Spectrum::eigenvalues ? "eigh" : "svd"; }
  std::string_view noun() const { return spectrum == Spectrum::eigenvalues ? "eigenvalues " : "singular values "; }

  [[noreturn]] void fail_tied(std::int64_t i, std::int64_t j) const {
    fail<NumericalError>(op(), noun(), std::min(i, j), " and ", std::max(i, j), text(),
                         " are equal, and the cotangent tells them apart: there is no gradient");
  }
  [[noreturn]] void fail_zero(std::int64_t i) const {
    fail<NumericalError>(op(), noun(), i, text(), " is 0, and the cotangent uses its vectors: there is no gradient");
  }
};

enum class Denominator : std::int64_t { difference, sum };

/// The attributes of the quotient op: y_ij = (x_ij + sign x_ji) / denominator_ij.
struct Quotient {
  Denominator denominator;
  int sign;
  Spectrum spectrum;
  bool strict;

  explicit Quotient(Attributes attributes)
      : denominator(static_cast<Denominator>(attributes[0])),
        sign(static_cast<int>(attributes[1])),
        spectrum(static_cast<Spectrum>(attributes[2])),
        strict(attributes[3] != 0) {}
};

template <class T>
void divide_one(const Quotient& quotient, const Values<T>& values, const Place& place, const T* x, T* y) {
  const std::int64_t n = values.n;
  const T limit = uneven_limit(x, n * n, n);
  const bool differences = quotient.denominator == Denominator::difference;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      const T numerator = x[i * n + j] + static_cast<T>(quotient.sign) * x[j * n + i];
      const T denominator = differences ? values.values[j] - values.values[i] : values.values[i] + values.values[j];
      const bool zero = differences ? values.tied(i, j) : std::abs(denominator) <= values.tolerance;
      T& result = y[i * n + j] = 0;
      if (differences && i == j) continue;
      if (!zero) result = numerator / denominator;
      else if (std::abs(numerator) > limit || (quotient.strict && std::abs(x[i * n + j]) > limit))
        place.fail_tied(i, j);
    }
}

/// Calls one(values, place, x, y) for every matrix, whose x has `rows` times n elements.
template <class One>
void for_each_spectrum(const Call& call, std::size_t x_axes, One one) {
  const Shape &x = call.inputs[0].shape, &values = call.inputs[1].shape;
  const std::int64_t n = values.back(), size = (x_axes == 2 ? x.back(1) : 1) * n;
  if (x.size() == 0) return;
  with_element_type(call.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < stack_size(values, 1); ++i)
      one(Values<T>(elements_of<T>(call.inputs[1]) + i * n, n), i, elements_of<T>(call.inputs[0]) + i * size,
          elements_of<T>(call.output) + i * size);
  });
}

void execute_quotient(const Call& call) {
  const Quotient quotient(call.attributes);
  for_each_spectrum(call, 2, [&](const auto& values, std::int64_t i, const auto* x, auto* y) {
    divide_one(quotient, values, Place{quotient.spectrum, call.inputs[1].shape, i}, x, y);
  });
}

std::string describe_quotient(Attributes attributes) {
  const Quotient quotient(attributes);
  return std::string(quotient.sign < 0 ? "x - x^T" : "x + x^T") +
         (quotient.denominator == Denominator::difference ? " over differences" : " over sums") +
         (quotient.strict ? ", strict" : "");
}

}  // namespace

extern constinit const Op spectral_quotient_op, spectral_scale_op, tied_evenly_op;

namespace {

Var quotient_of(const Var& x, const Var& values, Denominator denominator, int sign, Spectrum spectrum, bool strict) {
  return append_node(spectral_quotient_op, x.shape(), {x, values},
                     {static_cast<std::int64_t>(denominator), sign, static_cast<std::int64_t>(spectrum), strict});
}

/// Over differences, the transpose adds where the op subtracts; over sums it is the op itself. A value gets the row
/// sums of the quotient of h y with a plus, over sums their negative, h being the cotangent and y the result.
void quotient_vjp(Rule& rule) {
  const Quotient quotient(rule.attributes());
  const bool differences = quotient.denominator == Denominator::difference;
  const Var values = rule.x(1), y = rule.y();
  if (rule.wants(0)) {
    const int sign = differences ? -quotient.sign : quotient.sign;
    rule.give(0, quotient_of(rule.cotangent, values, quotient.denominator, sign, quotient.spectrum, false));
  }
  if (rule.wants(1)) {
    const Var product = strong_multiply(rule.cotangent, y);
    const Var sums = sum(quotient_of(product, values, quotient.denominator, 1, quotient.spectrum, false), -1);
    rule.give(1, differences ? sums : -sums);
  }
}

}  // namespace

constinit const Op spectral_quotient_op{.name = "spectral_quotient",
                                        .kind = OpKind::opaque,
                                        .vjp = quotient_vjp,
                                        .execute = execute_quotient,
                                        .batch = over_leading_axis,
                                        .describe = describe_quotient};
XTAPE_LIST_OP(spectral_quotient_op);

namespace {

template <class T>
void scale_one(const Values<T>& values, const Place& place, std::int64_t rows, const T* x, T* y) {
  const T limit = uneven_limit(x, rows * values.n, values.n);
  for (std::int64_t at = 0; at < rows * values.n; ++at) {
    const std::int64_t j = at % values.n;
    if (values.is_zero(j) && std::abs(x[at]) > limit) place.fail_zero(j);
    y[at] = values.is_zero(j) ? T{0} : x[at] / values.values[j];
  }
}

void execute_scale(const Call& call) {
  for_each_spectrum(call, 2, [&](const auto& values, std::int64_t i, const auto* x, auto* y) {
    const Place place{static_cast<Spectrum>(call.attributes[0]), call.inputs[1].shape, i};
    scale_one(values, place, call.inputs[0].shape.back(1), x, y);
  });
}

void scale_vjp(Rule& rule) {
  const auto spectrum = static_cast<Spectrum>(rule.attributes()[0]);
  const Var values = rule.x(1), y = rule.y();
  if (rule.wants(0)) rule.give(0, over_values(rule.cotangent, values, spectrum));
  if (rule.wants(1)) {
    const Var product = strong_multiply(rule.cotangent, y);
    rule.give(1, -sum(over_values(product, values, spectrum), -2));
  }
}

}  // namespace

constinit const Op spectral_scale_op{.name = "spectral_scale",
                                     .kind = OpKind::opaque,
                                     .vjp = scale_vjp,
                                     .execute = execute_scale,
                                     .batch = over_leading_axis};
XTAPE_LIST_OP(spectral_scale_op);

namespace {

/// Attributes: the spectrum, and whether ties are checked, which they are of a first cotangent only.
template <class T>
void even_one(const Values<T>& values, const Place& place, bool check, const T* x, T* y) {
  const T limit = uneven_limit(x, values.n, values.n);
  for (std::int64_t i = 0; i < values.n; ++i) {
    const bool zero = place.spectrum == Spectrum::singular_values && values.is_zero(i);
    y[i] = zero ? T{0} : x[i];
    if (check && !zero && i > 0 && values.tied(i - 1, i) && std::abs(x[i] - x[i - 1]) > limit)
      place.fail_tied(i - 1, i);
  }
}

void execute_even(const Call& call) {
  for_each_spectrum(call, 1, [&](const auto& values, std::int64_t i, const auto* x, auto* y) {
    const Place place{static_cast<Spectrum>(call.attributes[0]), call.inputs[1].shape, i};
    even_one(values, place, call.attributes[1] != 0, x, y);
  });
}

}  // namespace

constinit const Op tied_evenly_op{
    .name = "tied_evenly",
    .kind = OpKind::opaque,
    .vjp =
        [](Rule& rule) {
          const std::int64_t spectrum = rule.attributes()[0];
          rule.give(0, append_node(tied_evenly_op, rule.cotangent.shape(), {rule.cotangent, rule.x(1)}, {spectrum, 0}));
        },
    .execute = execute_even,
    .batch = over_leading_axis};
XTAPE_LIST_OP(tied_evenly_op);

Var over_differences(const Var& x, const Var& values, Spectrum spectrum, bool strict) {
  return quotient_of(x, values, Denominator::difference, -1, spectrum, strict);
}

Var over_sums(const Var& x, const Var& values, Spectrum spectrum) {
  return quotient_of(x, values, Denominator::sum, -1, spectrum, false);
}

Var over_values(const Var& x, const Var& values, Spectrum spectrum) {
  return append_node(spectral_scale_op, x.shape(), {x, values}, {static_cast<std::int64_t>(spectrum)});
}

Var tied_evenly(const Var& x, const Var& values, Spectrum spectrum) {
  return append_node(tied_evenly_op, x.shape(), {x, values}, {static_cast<std::int64_t>(spectrum), 1});
}

/// Without the tape's own marks, which differentiation is using.
bool depends_on_part(const Var& cotangent, const Op& op, const Var& factors) {
  const Program& program = VarAccess::state(cotangent).program;
  const NodeId root = VarAccess::node(cotangent);
  std::vector<bool> reached(root + 1);
  reached[root] = true;
  for (NodeId id = root + 1; id-- > VarAccess::node(factors);) {
    if (!reached[id]) continue;
    const Node& node = program[id];
    if (node.op == &op && program.inputs(node)[0] == VarAccess::node(factors)) return true;
    for (NodeId input : program.inputs(node)) reached[input] = true;
  }
  return false;
}

}  // namespace xtape::detail
