// Rows of reductions over sets of axes, and of the functions made of them.
#include <algorithm>
#include <cmath>
#include <optional>

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

/// Groups of at least two.
std::vector<Reducing> of_several() {
  return {{{7}, {}}, {{3, 5}, {1}}, {{3, 5}, {0}, true}, {{2, 3, 4}, {0, 2}}, {{2, 3, 2, 4}, {3, 1}, true}, {{40}, {}}};
}

Row::Part samples_over(const std::vector<Reducing>& cases, Reduce reduce, Fold fold, Kind kind = Kind::floating,
                       Real low = -3) {
  return [=](Row& row) {
    for (const Reducing& r : cases)
      row.samples.push_back(
          {{Input{r.shape, kind, kind == Kind::boolean ? 0.0L : low, kind == Kind::boolean ? 1.0L : 3.0L}},
           [=](std::span<const Var> x) { return reduce(x[0], axes_of(r.axes), r.keepdims); },
           [=](std::span<const Tensor> x) { return reduced(x[0], r.axes, r.keepdims, fold); }});
  };
}

Row::Part samples_of(Reduce reduce, Fold fold, bool of_nothing, Kind kind = Kind::floating) {
  return samples_over(reducings(of_nothing), reduce, fold, kind);
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
Real some(const std::vector<Real>& x) {
  return std::any_of(x.begin(), x.end(), [](Real element) { return element != 0; });
}
Real product(const std::vector<Real>& x) {
  Real result = 1;
  for (Real element : x) result *= element;
  return result;
}
Real squares_about_mean(const std::vector<Real>& x) {
  Real sum = 0;
  for (Real element : x) sum += (element - average(x)) * (element - average(x));
  return sum;
}
Real variance(const std::vector<Real>& x) { return squares_about_mean(x) / static_cast<Real>(x.size()); }
Real sample_variance(const std::vector<Real>& x) { return squares_about_mean(x) / static_cast<Real>(x.size() - 1); }
Real deviation(const std::vector<Real>& x) { return std::sqrt(variance(x)); }
Real sample_deviation(const std::vector<Real>& x) { return std::sqrt(sample_variance(x)); }

/// The order is so many halves.
template <int halves>
Real p_norm(const std::vector<Real>& x) {
  const Real order = halves / Real{2};
  Real sum = 0;
  for (Real element : x) sum += std::pow(std::abs(element), order);
  return std::pow(sum, 1 / order);
}
template <int halves>
Var norm_of(const Operand& x, const Axes& axes, bool keepdims) {
  return norm(x, halves / 2.0, axes, keepdims);
}
Real largest_magnitude(const std::vector<Real>& x) {
  return std::abs(*std::max_element(x.begin(), x.end(), [](Real a, Real b) { return std::abs(a) < std::abs(b); }));
}
Real smallest_magnitude(const std::vector<Real>& x) {
  return std::abs(*std::min_element(x.begin(), x.end(), [](Real a, Real b) { return std::abs(a) < std::abs(b); }));
}
Var norm_inf(const Operand& x, const Axes& axes, bool keepdims) { return norm(x, INFINITY, axes, keepdims); }
Var norm_minus_inf(const Operand& x, const Axes& axes, bool keepdims) { return norm(x, -INFINITY, axes, keepdims); }
Var norm_zero(const Operand& x, const Axes& axes, bool keepdims) { return norm(relu(x), 0, axes, keepdims); }
Real positives(const std::vector<Real>& x) {
  return static_cast<Real>(std::count_if(x.begin(), x.end(), [](Real element) { return element > 0; }));
}

template <int ddof>
Var var_of(const Operand& x, const Axes& axes, bool keepdims) {
  return var(x, axes, ddof, keepdims);
}
template <int ddof>
Var std_of(const Operand& x, const Axes& axes, bool keepdims) {
  return xtape::std(x, axes, ddof, keepdims);
}

template <int percent>
Var quantile_of(const Operand& x, const Axes& axes, bool keepdims) {
  return quantile(x, percent / 100.0, axes, keepdims);
}
/// As NumPy's linear method.
template <int percent>
Real quantile_in(const std::vector<Real>& x) {
  std::vector<Real> sorted = x;
  std::sort(sorted.begin(), sorted.end());
  const Real position = percent / Real{100} * static_cast<Real>(x.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const Real weight = position - static_cast<Real>(below);
  return below + 1 == x.size() ? sorted.back() : sorted[below] * (1 - weight) + sorted[below + 1] * weight;
}

/// Where the fold's element first stands; without an axis over all elements.
Row::Part searches_of(Var (*search)(const Operand&, std::optional<int>, bool), Real (*place)(const std::vector<Real>&),
                      Kind kind = Kind::floating) {
  return [=](Row& row) {
    for (const Reducing& r : std::vector<Reducing>{{{}, {}},
                                                   {{7}, {}},
                                                   {{7}, {0}, true},
                                                   {{3, 5}, {1}},
                                                   {{3, 5}, {0}},
                                                   {{3, 5}, {}, true},
                                                   {{2, 3, 4}, {-2}},
                                                   {{2, 3, 2, 4}, {1}, true},
                                                   {{0, 3}, {1}}})
      row.samples.push_back({{Input{r.shape, kind, -3, 3}},
                             [=](std::span<const Var> x) {
                               const auto axis = r.axes.empty() ? std::nullopt : std::optional<int>(r.axes[0]);
                               return search(x[0], axis, r.keepdims);
                             },
                             [=](std::span<const Tensor> x) {
                               Tensor result = reduced(x[0], r.axes, r.keepdims, place);
                               result.dtype = DType::int64;
                               return result;
                             }});
  };
}
Real place_of_largest(const std::vector<Real>& x) {
  return static_cast<Real>(std::max_element(x.begin(), x.end()) - x.begin());
}
Real place_of_smallest(const std::vector<Real>& x) {
  return static_cast<Real>(std::min_element(x.begin(), x.end()) - x.begin());
}

Row::Part counts_of(Kind kind) {
  return [=](Row& row) {
    for (const Reducing& r : reducings(true))
      row.samples.push_back({{Input{r.shape, kind, 0, kind == Kind::boolean ? 1.0L : 2.0L}},
                             [=](std::span<const Var> x) { return count_nonzero(x[0], axes_of(r.axes), r.keepdims); },
                             [=](std::span<const Tensor> x) {
                               Tensor result = reduced(x[0], r.axes, r.keepdims, [](const std::vector<Real>& group) {
                                 return static_cast<Real>(group.size()) -
                                        static_cast<Real>(std::count(group.begin(), group.end(), Real{0}));
                               });
                               result.dtype = DType::int64;
                               return result;
                             }});
  };
}

/// Two quantiles along a new first axis.
Row::Part several_quantiles() {
  return [](Row& row) {
    for (const Reducing& r : of_several())
      row.samples.push_back({{real(r.shape, -3, 3)},
                             [=](std::span<const Var> x) {
                               return quantile(x[0], {0.3, 1}, axes_of(r.axes), r.keepdims);
                             },
                             [=](std::span<const Tensor> x) {
                               Tensor result = reduced(x[0], r.axes, r.keepdims, quantile_in<30>);
                               const Tensor last = reduced(x[0], r.axes, r.keepdims, quantile_in<100>);
                               result.elements.insert(result.elements.end(), last.elements.begin(),
                                                      last.elements.end());
                               Shape both{2};
                               for (std::int64_t extent : result.shape) both.push_back(extent);
                               result.shape = both;
                               return result;
                             }});
  };
}

Row::Part no_integers(Reduce reduce) {
  return [=](Row& row) {
    row.failures.push_back({{integer({2}, 0, 3)},
                            [=](std::span<const Var> x) { return reduce(x[0], {}, false); },
                            &is_a<DTypeError>,
                            {row.name, "int64"}});
  };
}
Row::Part no_booleans(Reduce reduce) {
  return [=](Row& row) {
    row.failures.push_back({{boolean({2})},
                            [=](std::span<const Var> x) { return reduce(x[0], {}, false); },
                            &is_a<DTypeError>,
                            {row.name, "bool", "cast it to int64"}});
  };
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
      {"sum", samples_of(sum, total, true), on_integers(sum, total), failures_of(sum), no_booleans(sum)},
      {"mean", samples_of(mean, average, true), failures_of(mean)},
      {"max", samples_of(max, largest, false), on_integers(max, largest), failures_of(max), empty_fails(max),
       no_booleans(max)},
      {"min", samples_of(min, smallest, false), on_integers(min, smallest), failures_of(min), empty_fails(min)},
      {"all", samples_of(all, every, true, Kind::boolean), no_gradient(),
       fails<DTypeError>({real({2})}, [](std::span<const Var> x) { return all(x[0]); },
                         {"all", "takes bool, not float64"})},
      {"any", samples_of(any, some, true, Kind::boolean), no_gradient(),
       fails<DTypeError>({real({2})}, [](std::span<const Var> x) { return any(x[0]); },
                         {"any", "takes bool, not float64"}),
       fails<ShapeError>({boolean({2})}, [](std::span<const Var> x) { return any(x[0], 1); },
                         {"any", "axis 1", "1 axes"})},
      {"count_nonzero", counts_of(Kind::floating), counts_of(Kind::integer), counts_of(Kind::boolean), no_gradient(),
       failures_of(count_nonzero)},
      {"prod", samples_of(prod, product, true), on_integers(prod, product), failures_of(prod), no_booleans(prod)},
      {"var", samples_of(var_of<0>, variance, false), samples_over(of_several(), var_of<1>, sample_variance),
       failures_of(var_of<0>), no_integers(var_of<0>)},
      {"std", samples_of(std_of<0>, deviation, false), samples_over(of_several(), std_of<1>, sample_deviation),
       failures_of(std_of<0>), no_integers(std_of<0>)},
      {"norm", samples_of(norm_of<4>, p_norm<4>, true), samples_of(norm_of<2>, p_norm<2>, true),
       samples_over(of_several(), norm_of<6>, p_norm<6>), samples_over(of_several(), norm_of<1>, p_norm<1>),
       samples_over(of_several(), norm_of<-4>, p_norm<-4>, Kind::floating, 1),
       samples_of(norm_inf, largest_magnitude, false), samples_over(of_several(), norm_minus_inf, smallest_magnitude),
       samples_over(of_several(), norm_zero, positives), failures_of(norm_of<4>), no_integers(norm_of<4>),
       empty_fails(norm_inf),
       fails<ValueError>({real({2})}, [](std::span<const Var> x) { return norm(x[0], NAN); }, {"norm", "NaN"})},
      {"argmax", searches_of(argmax, place_of_largest), searches_of(argmax, place_of_largest, Kind::integer),
       no_gradient(),
       fails<ShapeError>({real({2, 0})}, [](std::span<const Var> x) { return argmax(x[0], 1); }, {"argmax", "[2, 0]"}),
       fails<ShapeError>({real({2})}, [](std::span<const Var> x) { return argmax(x[0], 1); },
                         {"argmax", "axis 1", "1 axes"})},
      {"argmin", searches_of(argmin, place_of_smallest), searches_of(argmin, place_of_smallest, Kind::integer),
       no_gradient(),
       fails<ShapeError>({real({2, 0})}, [](std::span<const Var> x) { return argmin(x[0]); }, {"argmin", "[2, 0]"}),
       fails<ShapeError>({real({2})}, [](std::span<const Var> x) { return argmin(x[0], -2); },
                         {"argmin", "axis -2", "1 axes"})},
      {"median", samples_of(median, quantile_in<50>, false), failures_of(median), no_integers(median),
       empty_fails(median)},
      {"quantile", samples_over(of_several(), quantile_of<30>, quantile_in<30>),
       samples_over(of_several(), quantile_of<0>, quantile_in<0>),
       samples_over(of_several(), quantile_of<100>, quantile_in<100>), failures_of(quantile_of<30>),
       no_integers(quantile_of<30>), empty_fails(quantile_of<30>), several_quantiles(),
       fails<ValueError>({real({2})}, [](std::span<const Var> x) { return quantile(x[0], 1.5); },
                         {"quantile", "[0, 1]", "1.5"}),
       fails<ValueError>({real({2})},
                         [](std::span<const Var> x) {
                           return quantile(x[0], {0.5, -0.25});
                         },
                         {"quantile", "[0, 1]", "-0.25"}),
       fails<ValueError>({real({2})}, [](std::span<const Var> x) { return quantile(x[0], std::vector<double>{}); },
                         {"quantile", "no q"}),
       fails<ShapeError>({real({2, 0})},
                         [](std::span<const Var> x) {
                           return quantile(x[0], {0.5, 1.0}, 1);
                         },
                         {"quantile", "[2, 0]"})},
      {"logsumexp", samples_of(logsumexp, log_sum_exp, true), failures_of(logsumexp)},
      {"softmax", normalising(softmax, to_softmax)},
      {"log_softmax", normalising(log_softmax, to_log_softmax)},
  };
}

}  // namespace xtape::test
