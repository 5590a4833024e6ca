// Rows of the losses of classification.
#include <algorithm>
#include <cmath>
#include <optional>

#include "ops/loss_reference.hpp"

namespace xtape::test {

namespace {

/// One of the inputs as it is.
Reference input(std::size_t which) {
  return [=](Tensors x) { return x[which]; };
}

Tensor product(const Tensor& a, const Tensor& b) {
  const Tensor both[] = {a, b};
  return broadcast_apply([](const Real* x) { return x[0] * x[1]; }, both);
}

// ---- Two classes

Real log1p_exp(Real x) { return std::fmax(x, Real{0}) + std::log1p(std::exp(-std::abs(x))); }
Real binary_cross_entropy(const Real* x) { return x[1] * log1p_exp(-x[0]) + (1 - x[1]) * log1p_exp(x[0]); }

Reduced binary(double smoothing) {
  return [=](Vars x, Reduction reduction) {
    return binary_cross_entropy_with_logits(x[0], x[1], {.reduction = reduction, .label_smoothing = smoothing});
  };
}

Var weighted_binary(Vars x, Reduction reduction) {
  return binary_cross_entropy_with_logits(x[0], x[1], {.reduction = reduction, .weights = x[2]});
}

Var positive_binary(Vars x, Reduction reduction) {
  return binary_cross_entropy_with_logits(x[0], x[1], {.reduction = reduction, .positive_weight = x[2]});
}

Tensor positive_reference(Tensors x) {
  Tensor result = x[0];
  for (std::size_t i = 0; i < result.elements.size(); ++i) {
    const Real z = x[0].elements[i], y = x[1].elements[i], weight = x[2].elements[i % x[2].elements.size()];
    result.elements[i] = weight * y * log1p_exp(-z) + (1 - y) * log1p_exp(z);
  }
  return result;
}

Reduced focal(double gamma, std::optional<double> alpha) {
  return [=](Vars x, Reduction reduction) {
    return sigmoid_focal_loss(x[0], x[1], {.reduction = reduction, .gamma = gamma, .alpha = alpha});
  };
}

Real focal_of(const Real* x) {
  const Real p = 1 / (1 + std::exp(-x[0])), q = x[1] * p + (1 - x[1]) * (1 - p);
  return std::pow(1 - q, Real{2}) * binary_cross_entropy(x);
}
Real balanced_focal_of(const Real* x) {
  const Real p = 1 / (1 + std::exp(-x[0])), q = x[1] * p + (1 - x[1]) * (1 - p);
  return (0.25L * x[1] + 0.75L * (1 - x[1])) * std::pow(1 - q, 1.5L) * binary_cross_entropy(x);
}

Real hinge(Real prediction, Real sign) { return std::fmax(Real{0}, 1 - prediction * sign); }

/// Hinge losses with boolean targets and with signs.
Row::Part hinges(const Reduced& loss, Scalar of_boolean, Scalar of_sign) {
  return [=](Row& row) {
    for (const Shape& shape : {Shape{}, Shape{9}, Shape{2, 3}}) {
      reductions({real(shape), boolean(shape)}, loss, elementwise(of_boolean))(row);
      reductions({real(shape), real(shape)}, loss, elementwise(of_sign))(row);
    }
    shapes_must_match(loss)(row);
    dtypes_must_match(loss)(row);
  };
}

std::vector<Row> binary_rows() {
  const Reduced plain = [](Vars x, Reduction reduction) {
    return binary_cross_entropy_with_logits(x[0], x[1], reduction);
  };
  const auto smoothed = [](const Real* x) {
    const Real y[] = {x[0], x[1] * 0.9L + 0.05L};
    return binary_cross_entropy(y);
  };
  const Reference weighted = [](Tensors x) { return product(elementwise(binary_cross_entropy)(x), x[2]); };
  return {
      {"binary_cross_entropy_with_logits",
       reductions({real({6}, -8, 8), real({6}, 0, 1)}, plain, elementwise(binary_cross_entropy)),
       reductions({real({2, 3}, -8, 8), boolean({2, 3})}, plain, elementwise(binary_cross_entropy)),
       reductions({real({}, -8, 8), boolean({})}, plain, elementwise(binary_cross_entropy)),
       reductions({real({6}, -8, 8), real({6}, 0, 1)}, binary(0.1), elementwise(smoothed)),
       reductions({real({6}, -8, 8), boolean({6})}, binary(0.1), elementwise(smoothed)),
       weighted_reductions({real({5}, -8, 8), boolean({5}), real({5}, 0.5L, 3)}, weighted_binary, weighted, input(2)),
       reductions({real({4, 3}, -8, 8), real({4, 3}, 0, 1), real({3}, 0.5L, 3)}, positive_binary, positive_reference),
       reductions({real({4}, -8, 8), boolean({4}), real({}, 0.5L, 3)}, positive_binary, positive_reference),
       shapes_must_match(plain), shapes_must_match(binary(0.1)), dtypes_must_match(plain),
       fails<ShapeError>({real({3}), boolean({3}), real({2})}, [](Vars x) { return weighted_binary(x, {}); },
                         {"binary_cross_entropy_with_logits", "weights", "[2]", "[3]"}),
       fails<ShapeError>({real({3}), boolean({3}), real({2, 3})}, [](Vars x) { return positive_binary(x, {}); },
                         {"binary_cross_entropy_with_logits", "positive_weight", "[2, 3]", "[3]"}),
       fails<ValueError>({real({3}), boolean({3})}, [](Vars x) { return binary(1.5)(x, {}); },
                         {"binary_cross_entropy_with_logits", "label_smoothing", "1.5"})},
      {"sigmoid_focal_loss", reductions({real({7}, -4, 4), real({7}, 0, 1)}, focal(2, {}), elementwise(focal_of)),
       reductions({real({2, 3}, -4, 4), boolean({2, 3})}, focal(2, {}), elementwise(focal_of)),
       reductions({real({7}, -4, 4), real({7}, 0, 1)}, focal(1.5, 0.25), elementwise(balanced_focal_of)),
       reductions({real({5}, -4, 4), boolean({5})}, focal(0, {}), elementwise(binary_cross_entropy)),
       shapes_must_match(focal(2, {})), dtypes_must_match(focal(2, {})),
       fails<ValueError>({real({3}), boolean({3})}, [](Vars x) { return focal(-1, {})(x, {}); },
                         {"sigmoid_focal_loss", "gamma", "-1"}),
       fails<ValueError>({real({3}), boolean({3})}, [](Vars x) { return focal(2, 1.5)(x, {}); },
                         {"sigmoid_focal_loss", "alpha", "1.5"})},
      {"hinge_loss", hinges(
                         call(hinge_loss), [](const Real* x) { return hinge(x[0], 2 * x[1] - 1); },
                         [](const Real* x) { return hinge(x[0], x[1]); })},
      {"squared_hinge_loss",
       hinges(
           call(squared_hinge_loss), [](const Real* x) { return std::pow(hinge(x[0], 2 * x[1] - 1), Real{2}); },
           [](const Real* x) { return std::pow(hinge(x[0], x[1]), Real{2}); })},
  };
}

// ---- Many classes

/// -sum(target * log_softmax(logits)) over the last axis, with smoothed targets and weights of the classes, if any.
Real cross_entropy(const std::vector<Real>& logits, std::vector<Real> target, Real smoothing,
                   const std::vector<Real>& weights) {
  const Real normalizer = log_sum_exp(logits), classes = static_cast<Real>(logits.size());
  Real sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const Real smooth = (1 - smoothing) * target[i] + smoothing / classes;
    sum += (weights.empty() ? 1 : weights[i]) * smooth * (normalizer - logits[i]);
  }
  return sum;
}

/// `target` holds a class or probabilities.
std::vector<Real> probabilities(const std::vector<Real>& target, std::size_t classes) {
  if (target.size() == classes) return target;
  std::vector<Real> result(classes);
  result.at(static_cast<std::size_t>(target[0])) = 1;
  return result;
}

/// Of logits x[0] and targets x[1]; the weights are all of input `weights`, if there is one.
Reference entropies(Real smoothing, std::size_t weights = 0) {
  return [=](Tensors x) {
    const std::vector<Real> of_classes = weights == 0 ? std::vector<Real>{} : x[weights].elements;
    return along_last_axis(x.first(2), [&](const Parts& parts) {
      return cross_entropy(parts[0], probabilities(parts[1], parts[0].size()), smoothing, of_classes);
    });
  };
}

/// x[weights] at the classes x[1].
Reference weights_of_classes(std::size_t weights) {
  return [=](Tensors x) {
    Tensor result{x[0].dtype, x[1].shape, {}};
    for (Real element : x[1].elements)
      result.elements.push_back(x[weights].elements.at(static_cast<std::size_t>(element)));
    return result;
  };
}

Reference times(const Reference& a, const Reference& b) {
  return [=](Tensors x) { return product(a(x), b(x)); };
}

Reduced smoothed_entropy(double smoothing) {
  return [=](Vars x, Reduction reduction) {
    return softmax_cross_entropy(x[0], x[1], {.reduction = reduction, .label_smoothing = smoothing});
  };
}
Reduced class_weighted(double smoothing) {
  return [=](Vars x, Reduction reduction) {
    return softmax_cross_entropy(x[0], x[1],
                                 {.reduction = reduction, .class_weights = x[2], .label_smoothing = smoothing});
  };
}
Var sample_weighted(Vars x, Reduction reduction) {
  return softmax_cross_entropy(x[0], x[1], {.reduction = reduction, .sample_weights = x[2]});
}
Var weighted_twice(Vars x, Reduction reduction) {
  return softmax_cross_entropy(x[0], x[1], {.reduction = reduction, .class_weights = x[2], .sample_weights = x[3]});
}

Row cross_entropy_row() {
  const Reduced plain = [](Vars x, Reduction reduction) { return softmax_cross_entropy(x[0], x[1], reduction); };
  const Input logits = real({4, 3}), classes = integer({4}, 0, 2), shares = real({4, 3}, 0, 1);
  const Input three = real({3}, 0.5L, 2), four = real({4}, 0.5L, 2);
  return {"softmax_cross_entropy",
          reductions({logits, classes}, plain, entropies(0)),
          reductions({real({3}), integer({}, 0, 2)}, plain, entropies(0)),
          reductions({real({2, 3, 4}), integer({2, 3}, 0, 3)}, plain, entropies(0)),
          reductions({logits, shares}, plain, entropies(0)),
          reductions({real({3}), real({3}, 0, 1)}, plain, entropies(0)),
          reductions({logits, classes}, smoothed_entropy(0), entropies(0)),
          reductions({logits, classes}, smoothed_entropy(0.1), entropies(0.1L)),
          reductions({logits, shares}, smoothed_entropy(0.1), entropies(0.1L)),
          weighted_reductions({logits, classes, three}, class_weighted(0), entropies(0, 2), weights_of_classes(2)),
          weighted_reductions({logits, classes, three}, class_weighted(0.2), entropies(0.2L, 2), weights_of_classes(2)),
          reductions({logits, shares, three}, class_weighted(0.2), entropies(0.2L, 2)),
          weighted_reductions({logits, classes, four}, sample_weighted, times(entropies(0), input(2)), input(2)),
          weighted_reductions({logits, shares, four}, sample_weighted, times(entropies(0), input(2)), input(2)),
          weighted_reductions({logits, classes, three, four}, weighted_twice, times(entropies(0, 2), input(3)),
                              times(weights_of_classes(2), input(3))),
          fails<ShapeError>({logits, integer({4, 1}, 0, 2)}, [](Vars x) { return softmax_cross_entropy(x[0], x[1]); },
                            {"softmax_cross_entropy", "[4, 3]", "[4, 1]"}),
          fails<ShapeError>({logits, real({4})}, [](Vars x) { return softmax_cross_entropy(x[0], x[1]); },
                            {"softmax_cross_entropy", "[4, 3]", "[4]"}),
          fails<ShapeError>({real({}), integer({}, 0, 2)}, [](Vars x) { return softmax_cross_entropy(x[0], x[1]); },
                            {"softmax_cross_entropy", "[]"}),
          fails<ShapeError>({logits, classes, four}, [](Vars x) { return class_weighted(0)(x, {}); },
                            {"softmax_cross_entropy", "class_weights", "[4]", "[3]"}),
          fails<ShapeError>({logits, classes, three}, [](Vars x) { return sample_weighted(x, {}); },
                            {"softmax_cross_entropy", "sample_weights", "[3]", "[4]"}),
          fails<DTypeError>({logits, classes, integer({4}, 0, 1)}, [](Vars x) { return sample_weighted(x, {}); },
                            {"softmax_cross_entropy", "sample_weights", "int64"}),
          fails<ValueError>({logits, classes}, [](Vars x) { return smoothed_entropy(-1)(x, {}); },
                            {"softmax_cross_entropy", "label_smoothing", "-1"})};
}

Tensor picked(Tensors x) {
  return along_last_axis(x.first(2),
                         [](const Parts& parts) { return -parts[0].at(static_cast<std::size_t>(parts[1][0])); });
}

Var nll_weighted(Vars x, Reduction reduction) {
  return nll_loss(x[0], x[1], {.reduction = reduction, .class_weights = x[2], .sample_weights = x[3]});
}

Tensor divergence(Tensors x) {
  return along_last_axis(x, [](const Parts& parts) {
    Real sum = 0;
    for (std::size_t i = 0; i < parts[0].size(); ++i) sum += parts[1][i] * (std::log(parts[1][i]) - parts[0][i]);
    return sum;
  });
}

std::vector<Row> class_rows() {
  const Reduced nll = [](Vars x, Reduction reduction) { return nll_loss(x[0], x[1], {.reduction = reduction}); };
  const Input x = real({4, 3}), classes = integer({4}, 0, 2);
  return {
      cross_entropy_row(),
      {"nll_loss", reductions({x, classes}, nll, picked), reductions({real({3}), integer({}, 0, 2)}, nll, picked),
       reductions({real({2, 3, 4}), integer({2, 3}, 0, 3)}, nll, picked),
       weighted_reductions({x, classes, real({3}, 0.5L, 2), real({4}, 0.5L, 2)}, nll_weighted,
                           times(times(picked, weights_of_classes(2)), input(3)),
                           times(weights_of_classes(2), input(3))),
       fails<ShapeError>({x, integer({3}, 0, 2)}, [](Vars v) { return nll_loss(v[0], v[1]); },
                         {"nll_loss", "[4, 3]", "[3]"}),
       fails<DTypeError>({x, real({4})}, [](Vars v) { return nll_loss(v[0], v[1]); }, {"nll_loss", "float64", "int64"}),
       fails<ValueError>({x, integer({4}, 3, 3)}, [](Vars v) { return Var(nll_loss(v[0], v[1])).value(), v[0]; },
                         {"nll_loss", "class 3", "3 classes"})},
      {"kl_divergence", reductions({x, real({4, 3}, 0.1L, 1)}, call(kl_divergence), divergence),
       reductions({real({5}), real({5}, 0.1L, 1)}, call(kl_divergence), divergence),
       shapes_must_match(call(kl_divergence)), dtypes_must_match(call(kl_divergence)),
       fails<ShapeError>({real({}), real({})}, [](Vars v) { return kl_divergence(v[0], v[1]); },
                         {"kl_divergence", "[]"})},
  };
}

}  // namespace

std::vector<Row> loss_rows() {
  std::vector<Row> result;
  for (auto rows_of : {binary_rows, class_rows, regression_loss_rows})
    for (Row& row : rows_of()) result.push_back(std::move(row));
  return result;
}

}  // namespace xtape::test
