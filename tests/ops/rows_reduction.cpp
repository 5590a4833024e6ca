// Rows of reductions over sets of axes, and of the functions made of them.
#include <algorithm>
#include <cmath>

#include "ops/reference.hpp"
#include "ops/row.hpp"

namespace xtape::test {

namespace {

using Reduce = Var (*)(const Operand&, const Axes&, bool);
using Fold = Real (*)(const std::vector<Real>&);
using Normalise = Var (*)(const Operand&, const Axes&);

/// Which axes of which shape; no axes means all.
struct Reducing {
  Shape shape;
  std::vector<int> axes;
  bool keepdims = false;
};

Axes axes_of(const std::vector<int>& axes) { return axes.empty() ? Axes() : Axes(axes); }

std::vector<Reducing> reducings(bool of_nothing) {
  std::vector<Reducing> result{{{}, {}},
                               {{7}, {}},
                               {{7}, {0}, true},
                               {{3, 5}, {1}},
                               {{3, 5}, {0}},
                               {{3, 5}, {-1}, true},
                               {{3, 5}, {-2}, true},
                               {{3, 5}, {0, 1}},
                               {{2, 3, 4}, {1}},
                               {{2, 3, 4}, {0, 2}},
                               {{2, 3, 4}, {2, 0}, true},
                               {{2, 3, 4}, {}, true},
                               {{2, 3, 2, 4}, {1, 2}},
                               {{2, 3, 2, 4}, {0, -1}},
                               {{2, 3, 2, 4}, {3, 1}, true},
                               {{2, 1, 1, 4}, {1}},
                               {{3, 0}, {0}},
                               {{40, 3}, {0}},
                               {{70}, {}}};
  if (of_nothing)
    for (const Reducing& reducing :
         {Reducing{{0}, {}}, Reducing{{3, 0}, {1}}, Reducing{{3, 0}, {1}, true}, Reducing{{0, 2}, {}}})
      result.push_back(reducing);
  return result;
}

Row::Part samples_of(Reduce reduce, Fold fold, bool of_nothing, Kind kind = Kind::floating) {
  return [=](Row& row) {
    for (const Reducing& r : reducings(of_nothing))
      row.samples.push_back(
          {{Input{r.shape, kind, kind == Kind::boolean ? 0.0L : -3.0L, kind == Kind::boolean ? 1.0L : 3.0L}},
           [=](std::span<const Var> x) { return reduce(x[0], axes_of(r.axes), r.keepdims); },
           [=](std::span<const Tensor> x) { return reduced(x[0], r.axes, r.keepdims, fold); }});
  };
}

Row::Part failures_of(Reduce reduce) {
  const auto over = [=](std::vector<int> axes) {
    return [=](std::span<const Var> x) { return reduce(x[0], Axes(axes), false); };
  };
  return [=](Row& row) {
    row.failures.push_back({{real({2, 3})}, over({2}), &is_a<ShapeError>, {row.name, "axis 2", "2 axes"}});
    row.failures.push_back({{real({2, 3})}, over({-3}), &is_a<ShapeError>, {row.name, "axis -3", "2 axes"}});
    row.failures.push_back({{real({2, 3})}, over({1, -1}), &is_a<ShapeError>, {row.name, "axis -1", "twice"}});
  };
}

Row::Part empty_fails(Reduce reduce) {
  return fails<ShapeError>({real({2, 0})}, [=](std::span<const Var> x) { return reduce(x[0], 1, false); }, {"[2, 0]"});
}

Row::Part normalising(Normalise op, void (*function)(std::vector<Real>&)) {
  return [=](Row& row) {
    const std::vector<Reducing> cases{{{5}, {0}},       {{3, 4}, {-1}},      {{3, 4}, {0}},
                                      {{2, 3, 4}, {1}}, {{2, 3, 4}, {0, 2}}, {{2, 3, 2, 4}, {1, 2}},
                                      {{3, 4}, {0, 1}}, {{0, 3}, {1}},       {{33, 10}, {1}}};
    for (const Reducing& r : cases)
      row.samples.push_back({{real(r.shape, -3, 3)},
                             [=](std::span<const Var> x) { return op(x[0], axes_of(r.axes)); },
                             [=](std::span<const Tensor> x) { return mapped(x[0], r.axes, function); }});
  };
}

Real total(const std::vector<Real>& x) {
  Real sum = 0;
  for (Real element : x) sum += element;
  return sum;
}
Real average(const std::vector<Real>& x) { return x.empty() ? kNaN : total(x) / static_cast<Real>(x.size()); }
Real largest(const std::vector<Real>& x) { return *std::max_element(x.begin(), x.end()); }
Real smallest(const std::vector<Real>& x) { return *std::min_element(x.begin(), x.end()); }
Real every(const std::vector<Real>& x) {
  return std::all_of(x.begin(), x.end(), [](Real element) { return element != 0; });
}
void to_softmax(std::vector<Real>& x) {
  const Real normaliser = log_sum_exp(x);
  for (Real& element : x) element = std::exp(element - normaliser);
}
void to_log_softmax(std::vector<Real>& x) {
  const Real normaliser = log_sum_exp(x);
  for (Real& element : x) element -= normaliser;
}

Row::Part on_integers(Reduce reduce, Fold fold) {
  return sample(
      {integer({3, 4}, -50, 50)}, [=](std::span<const Var> x) { return reduce(x[0], 0, false); },
      [=](std::span<const Tensor> x) { return reduced(x[0], {0}, false, fold); });
}

}  // namespace

std::vector<Row> reduction_rows() {
  return {
      {"sum", samples_of(sum, total, true), on_integers(sum, total), failures_of(sum)},
      {"mean", samples_of(mean, average, true), failures_of(mean)},
      {"max", samples_of(max, largest, false), on_integers(max, largest), failures_of(max), empty_fails(max)},
      {"min", samples_of(min, smallest, false), on_integers(min, smallest), failures_of(min), empty_fails(min)},
      {"all", samples_of(all, every, true, Kind::boolean), no_gradient(),
       fails<DTypeError>({real({2})}, [](std::span<const Var> x) { return all(x[0]); }, {"all", "float64"})},
      {"logsumexp", samples_of(logsumexp, log_sum_exp, true), failures_of(logsumexp)},
      {"softmax", normalising(softmax, to_softmax)},
      {"log_softmax", normalising(log_softmax, to_log_softmax)},
  };
}

}  // namespace xtape::test
