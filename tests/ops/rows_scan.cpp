// Rows of scans along an axis, and of sorting.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "ops/reference.hpp"
#include "ops/row.hpp"

namespace xtape::test {

namespace {

using Vars = std::span<const Var>;
using Tensors = std::span<const Tensor>;
using Scan = Var (*)(const Operand&, std::optional<int>);
using Line = std::vector<Real>;

/// A line's scan in place.
using Run = void (*)(Line&);

Tensor flat(const Tensor& x) { return {x.dtype, {x.shape.size()}, x.elements}; }

Row::Part scans_of(Scan scan, Run run, Kind kind = Kind::floating) {
  return [=](Row& row) {
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{7}, Shape{2, 3}, Shape{0}})
      row.samples.push_back({{Input{shape, kind, -3, 3}},
                             [=](Vars x) { return scan(x[0], std::nullopt); },
                             [=](Tensors x) { return mapped(flat(x[0]), {0}, run); }});
    const std::vector<std::pair<Shape, int>> along{{{5}, 0},       {{3, 4}, 1},       {{3, 4}, 0},  {{2, 3, 4}, -2},
                                                   {{2, 3, 2}, 0}, {{2, 3, 2, 2}, 1}, {{3, 70}, 0}, {{2, 0, 3}, 1},
                                                   {{0, 3}, 1},    {{3, 1}, 1}};
    for (const auto& [shape, axis] : along)
      row.samples.push_back({{Input{shape, kind, -3, 3}},
                             [=, at = axis](Vars x) { return scan(x[0], at); },
                             [=, at = axis](Tensors x) { return mapped(x[0], {at}, run); }});
    row.failures.push_back(
        {{real({2, 3})}, [=](Vars x) { return scan(x[0], 2); }, &is_a<ShapeError>, {row.name, "axis 2", "2 axes"}});
    row.failures.push_back(
        {{boolean({2})}, [=](Vars x) { return scan(x[0], 0); }, &is_a<DTypeError>, {row.name, "bool"}});
  };
}

void sums(Line& x) { std::partial_sum(x.begin(), x.end(), x.begin()); }
void products(Line& x) { std::partial_sum(x.begin(), x.end(), x.begin(), std::multiplies<>()); }
void maxima(Line& x) {
  std::partial_sum(x.begin(), x.end(), x.begin(), [](Real a, Real b) { return std::max(a, b); });
}
void log_sums(Line& x) {
  for (auto last = x.end(); last != x.begin(); --last) *std::prev(last) = log_sum_exp(Line(x.begin(), last));
}

/// Differences along an axis, by the index.
Tensor differences(const Tensor& x, int n, std::size_t axis) {
  if (n == 0 || x.shape[axis] == 0) return x;
  Shape shape = x.shape;
  --shape[axis];
  Tensor later = gathered(x, shape, [=](Index index) { return ++index[axis], index; });
  const Tensor earlier = gathered(x, shape, [](Index index) { return index; });
  for (std::size_t i = 0; i < later.elements.size(); ++i) later.elements[i] -= earlier.elements[i];
  return differences(later, n - 1, axis);
}

Row::Part differs(const Shape& shape, int n, int axis, Kind kind = Kind::floating) {
  const auto from_start = static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(shape.rank()) : axis);
  return sample(
      {Input{shape, kind, -3, 3}}, [=](Vars x) { return diff(x[0], n, axis); },
      [=](Tensors x) { return differences(x[0], n, from_start); });
}

void ascend(Line& x) { std::sort(x.begin(), x.end()); }
void descend(Line& x) { std::sort(x.begin(), x.end(), std::greater<>()); }

Line order_of(const Line& x, bool descending) {
  Line order(x.size());
  std::iota(order.begin(), order.end(), Real{0});
  std::stable_sort(order.begin(), order.end(), [&](Real a, Real b) {
    const Real first = x[static_cast<std::size_t>(a)], second = x[static_cast<std::size_t>(b)];
    return descending ? first > second : first < second;
  });
  return order;
}
void rank_up(Line& x) { x = order_of(x, false); }
void rank_down(Line& x) { x = order_of(x, true); }

Tensor as_integers(Tensor x) {
  x.dtype = DType::int64;
  return x;
}

/// sort or argsort, both ways.
Row::Part orders(Var (*op)(const Operand&, int, bool), Run up, Run down, bool of_positions) {
  return [=](Row& row) {
    const std::vector<std::pair<Shape, int>> along{{{7}, 0},    {{3, 5}, -1}, {{3, 5}, 0}, {{2, 4, 3}, 1},
                                                   {{2, 0}, 1}, {{0, 2}, -1}, {{40}, -1}};
    for (const auto& [shape, axis] : along)
      for (const Kind kind : {Kind::floating, Kind::integer})
        for (const bool descending : {false, true})
          row.samples.push_back({{Input{shape, kind, -3, 3}},
                                 [=, at = axis](Vars x) { return op(x[0], at, descending); },
                                 [=, at = axis](Tensors x) {
                                   const Tensor result = mapped(x[0], {at}, descending ? down : up);
                                   return of_positions ? as_integers(result) : result;
                                 }});
    row.failures.push_back({{real({2, 3})},
                            [=](Vars x) { return op(x[0], 2, false); },
                            &is_a<ShapeError>,
                            {row.name, "axis 2", "2 axes"}});
    row.failures.push_back(
        {{real({})}, [=](Vars x) { return op(x[0], -1, false); }, &is_a<ShapeError>, {row.name, "axis -1", "0 axes"}});
  };
}

/// The first k of a sorted tensor.
Row::Part tops(const Shape& shape, std::int64_t k, int axis, bool of_positions) {
  const auto from_start = static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(shape.rank()) : axis);
  return sample(
      {real(shape)}, [=](Vars x) { return of_positions ? top_k(x[0], k, axis).indices : top_k(x[0], k, axis).values; },
      [=](Tensors x) {
        Shape first = shape;
        first[from_start] = k;
        const Tensor sorted = mapped(x[0], {axis}, of_positions ? rank_down : descend);
        const Tensor result = gathered(sorted, first, [](const Index& index) { return index; });
        return of_positions ? as_integers(result) : result;
      });
}

}  // namespace

std::vector<Row> scan_rows() {
  return {
      {"cumsum", scans_of(cumsum, sums), scans_of(cumsum, sums, Kind::integer)},
      {"cumprod", scans_of(cumprod, products), scans_of(cumprod, products, Kind::integer)},
      {"cummax", scans_of(cummax, maxima), scans_of(cummax, maxima, Kind::integer)},
      {"logcumsumexp", scans_of(logcumsumexp, log_sums),
       fails<DTypeError>({integer({2}, 0, 3)}, [](Vars x) { return logcumsumexp(x[0], 0); },
                         {"logcumsumexp", "int64"})},
      {"diff", differs({7}, 1, -1), differs({3, 4}, 1, 0), differs({3, 4}, 2, 1), differs({2, 5, 2}, 3, 1),
       differs({3, 4}, 0, 0), differs({3}, 3, 0), differs({3}, 5, 0), differs({0}, 1, 0),
       differs({4}, 2, 0, Kind::integer),
       fails<ValueError>({real({3})}, [](Vars x) { return diff(x[0], -1); }, {"diff", "-1"}),
       fails<DTypeError>({boolean({3})}, [](Vars x) { return diff(x[0]); }, {"diff", "bool"}),
       fails<ShapeError>({real({3})}, [](Vars x) { return diff(x[0], 1, 1); }, {"diff", "axis 1", "1 axes"})},
      {"sort", orders(sort, ascend, descend, false)},
      {"argsort", orders(argsort, rank_up, rank_down, true), no_gradient()},
      {"top_k", tops({7}, 3, -1, false), tops({3, 5}, 2, 1, false), tops({3, 5}, 2, 0, false),
       tops({2, 4, 3}, 4, -2, false), tops({3}, 0, 0, false), tops({7}, 3, -1, true), tops({3, 5}, 5, 1, true),
       fails<ValueError>({real({2, 3})}, [](Vars x) { return top_k(x[0], 4).values; },
                         {"top_k", "k is 4", "[2, 3]", "3 elements"}),
       fails<ValueError>({real({2, 3})}, [](Vars x) { return top_k(x[0], -1).values; }, {"top_k", "k is -1"}),
       fails<ShapeError>({real({3})}, [](Vars x) { return top_k(x[0], 1, 1).values; }, {"top_k", "axis 1", "1 axes"})},
  };
}

}  // namespace xtape::test
