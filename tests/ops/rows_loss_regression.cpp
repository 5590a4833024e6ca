// Rows of the losses of regression and of vectors.
#include <cmath>

#include "ops/loss_reference.hpp"

namespace xtape::test {

namespace {

/// 0-d, one axis, two axes, empty; errors of shape and dtype.
Row::Part like_squared_error(const Reduced& loss, const Reference& elements) {
  return [=](Row& row) {
    for (const Shape& shape : {Shape{}, Shape{4}, Shape{2, 3}})
      reductions({real(shape), real(shape)}, loss, elements)(row);
    row.samples.push_back({{real({0}), real({0})}, [=](Vars x) { return loss(x, Reduction::none); }, elements});
    shapes_must_match(loss)(row);
    dtypes_must_match(loss)(row);
  };
}

Real squared(const Real* x) { return (x[0] - x[1]) * (x[0] - x[1]); }
Real distance(const Real* x) { return std::abs(x[0] - x[1]); }

Real huber(Real difference, Real delta) {
  const Real d = std::abs(difference);
  return d < delta ? d * d / 2 : delta * d - delta * delta / 2;
}

Reduced huber_of(double delta) {
  return [=](Vars x, Reduction reduction) { return huber_loss(x[0], x[1], reduction, delta); };
}
Reduced smooth_l1_of(double beta) {
  return [=](Vars x, Reduction reduction) { return smooth_l1_loss(x[0], x[1], reduction, beta); };
}

Reduced poisson(bool log_input, bool full) {
  return [=](Vars x, Reduction reduction) {
    return poisson_nll_loss(x[0], x[1], {.reduction = reduction, .log_input = log_input, .full = full});
  };
}

Reduced gaussian(bool full) {
  return [=](Vars x, Reduction reduction) {
    return gaussian_nll_loss(x[0], x[1], x[2], {.reduction = reduction, .full = full});
  };
}

Real gaussian_of(const Real* x) { return (std::log(x[2]) + squared(x) / x[2]) / 2; }

Real norm_of(const std::vector<Real>& x, Real p) {
  Real sum = 0, largest = 0;
  for (Real element : x) sum += std::pow(std::abs(element), p), largest = std::fmax(largest, std::abs(element));
  return std::isinf(p) ? largest : std::pow(sum, 1 / p);
}

Real cosine(const Parts& x) {
  Real product = 0;
  for (std::size_t i = 0; i < x[0].size(); ++i) product += x[0][i] * x[1][i];
  return product / norm_of(x[0], 2) / norm_of(x[1], 2);
}

Reference embedding(Real margin) {
  return [=](Tensors x) {
    return along_last_axis(x, [=](const Parts& parts) {
      return parts[2][0] > 0 ? 1 - cosine(parts) : std::fmax(Real{0}, cosine(parts) - margin);
    });
  };
}

Reduced embedding_loss(double margin) {
  return [=](Vars x, Reduction reduction) { return cosine_embedding_loss(x[0], x[1], x[2], reduction, margin); };
}

std::vector<Real> difference(std::vector<Real> a, const std::vector<Real>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return a;
}

Row::Part triplets(double p, double margin, bool swap) {
  const Reduced loss = [=](Vars x, Reduction reduction) {
    return triplet_margin_loss(x[0], x[1], x[2], {.reduction = reduction, .margin = margin, .p = p, .swap = swap});
  };
  return reductions({real({3, 4}), real({3, 4}), real({3, 4})}, loss, [=](Tensors x) {
    return along_last_axis(x, [=](const Parts& parts) {
      const Real order = p, near = norm_of(difference(parts[0], parts[1]), order);
      Real far = norm_of(difference(parts[0], parts[2]), order);
      if (swap) far = std::fmin(far, norm_of(difference(parts[1], parts[2]), order));
      return std::fmax(Real{0}, near - far + margin);
    });
  });
}

Row::Part three_alike(const Reduced& loss, const Input& third, const std::string& second) {
  return [=](Row& row) {
    row.failures.push_back({{real({2, 3}), real({2, 4}), third},
                            [=](Vars x) { return loss(x, Reduction::mean); },
                            &is_a<ShapeError>,
                            {row.name, "[2, 3]", second + " is [2, 4]"}});
    row.failures.push_back({{real({}), real({}), real({})},
                            [=](Vars x) { return loss(x, Reduction::mean); },
                            &is_a<ShapeError>,
                            {row.name, "[]"}});
  };
}

/// Of three vectors with two, where one of a single element stands for four.
Tensor cosine_of_pairs(Tensors x) {
  Tensor result{x[0].dtype, Shape{3, 2}, {}};
  const std::int64_t width = x[0].shape.back();
  for (std::int64_t i = 0; i < 3; ++i)
    for (std::int64_t j = 0; j < 2; ++j) {
      Parts parts(2);
      for (std::int64_t k = 0; k < 4; ++k) {
        parts[0].push_back(x[0].elements[static_cast<std::size_t>(i * width + k % width)]);
        parts[1].push_back(x[1].elements[static_cast<std::size_t>(j * 4 + k)]);
      }
      result.elements.push_back(cosine(parts));
    }
  return result;
}

Row weighted_mean_row() {
  const Build build = [](Vars x) { return weighted_mean(x[0], x[1]); };
  const Reference reference = [](Tensors x) {
    Tensor result{x[0].dtype, {}, {0}};
    Real weights = 0;
    for (std::size_t i = 0; i < x[0].elements.size(); ++i) {
      result.elements[0] += x[0].elements[i] * x[1].elements[i];
      weights += x[1].elements[i];
    }
    result.elements[0] /= weights;
    return result;
  };
  return {"weighted_mean",
          sample({real({7}), real({7}, 0.5L, 3)}, build, reference),
          sample({real({2, 3}), real({2, 3}, 0.5L, 3)}, build, reference),
          sample({real({}), real({}, 0.5L, 3)}, build, reference),
          fails<ShapeError>({real({2, 3}), real({3})}, build, {"weighted_mean", "weights", "[3]", "[2, 3]"}),
          fails<DTypeError>({real({3}), integer({3}, 0, 1)}, build, {"weighted_mean", "int64"})};
}

std::vector<Row> pointwise_rows() {
  return {
      weighted_mean_row(),
      {"squared_error", like_squared_error(call(squared_error), elementwise(squared))},
      {"l1_loss", like_squared_error(call(l1_loss), elementwise(distance))},
      {"huber_loss", like_squared_error(huber_of(1), elementwise([](const Real* x) { return huber(x[0] - x[1], 1); })),
       reductions({real({9}), real({9})}, huber_of(0.25),
                  elementwise([](const Real* x) { return huber(x[0] - x[1], 0.25L); })),
       fails<ValueError>({real({2}), real({2})}, [](Vars x) { return huber_loss(x[0], x[1], Reduction::mean, 0); },
                         {"huber_loss", "delta", "0"})},
      {"smooth_l1_loss",
       like_squared_error(smooth_l1_of(1), elementwise([](const Real* x) { return huber(x[0] - x[1], 1); })),
       reductions({real({9}), real({9})}, smooth_l1_of(0.5),
                  elementwise([](const Real* x) { return huber(x[0] - x[1], 0.5L) / 0.5L; })),
       reductions({real({9}), real({9})}, smooth_l1_of(0), elementwise(distance)),
       fails<ValueError>({real({2}), real({2})}, [](Vars x) { return smooth_l1_loss(x[0], x[1], Reduction::mean, -1); },
                         {"smooth_l1_loss", "beta", "-1"})},
      {"poisson_nll_loss",
       reductions({real({7}), real({7}, 0.1L, 9)}, poisson(true, false),
                  elementwise([](const Real* x) { return std::exp(x[0]) - x[1] * x[0]; })),
       reductions({real({2, 3}), real({2, 3}, 0.1L, 9)}, poisson(true, true),
                  elementwise([](const Real* x) { return std::exp(x[0]) - x[1] * x[0] + std::lgamma(x[1] + 1); })),
       reductions({real({7}, 0.2L, 9), real({7}, 0.1L, 9)}, poisson(false, false),
                  elementwise([](const Real* x) { return x[0] - x[1] * std::log(x[0]); })),
       shapes_must_match(poisson(true, false)), dtypes_must_match(poisson(true, false))},
  };
}

std::vector<Row> vector_rows() {
  const Reduced cosine_of = [](Vars x, Reduction) { return cosine_similarity(x[0], x[1]); };
  const Reduced triplet = [](Vars x, Reduction) { return triplet_margin_loss(x[0], x[1], x[2]); };
  const Input vectors = real({3, 4});
  return {
      {"gaussian_nll_loss",
       reductions({real({5}), real({5}), real({5}, 0.2L, 3)}, gaussian(false), elementwise(gaussian_of)),
       reductions({real({2, 3}), real({2, 3}), real({2, 1}, 0.2L, 3)}, gaussian(true),
                  elementwise([](const Real* x) { return gaussian_of(x) + std::log(2 * std::acos(Real{-1})) / 2; })),
       reductions({real({3}), real({3}), real({}, 0.2L, 3)}, gaussian(false), elementwise(gaussian_of)),
       fails<ShapeError>({real({3}), real({2}), real({3})}, [](Vars x) { return gaussian_nll_loss(x[0], x[1], x[2]); },
                         {"gaussian_nll_loss", "[3]", "[2]"}),
       fails<ShapeError>({real({3}), real({3}), real({2, 3})},
                         [](Vars x) { return gaussian_nll_loss(x[0], x[1], x[2]); },
                         {"gaussian_nll_loss", "variance", "[2, 3]"}),
       fails<ValueError>({real({3}), real({3}), real({3})},
                         [](Vars x) { return gaussian_nll_loss(x[0], x[1], x[2], {.epsilon = 0}); },
                         {"gaussian_nll_loss", "epsilon"})},
      {"cosine_similarity",
       sample(
           {vectors, vectors}, [](Vars x) { return cosine_similarity(x[0], x[1]); },
           [](Tensors x) { return along_last_axis(x, cosine); }),
       sample(
           {real({3}), real({3})}, [](Vars x) { return cosine_similarity(x[0], x[1], 0); },
           [](Tensors x) { return along_last_axis(x, cosine); }),
       sample({real({3, 2, 2}), real({3, 2, 2})}, [](Vars x) { return cosine_similarity(x[0], x[1], 0); }),
       sample(
           {real({3, 1, 4}), real({2, 4})}, [](Vars x) { return cosine_similarity(x[0], x[1]); }, cosine_of_pairs),
       sample(
           {real({3, 1, 1}), real({2, 4})}, [](Vars x) { return cosine_similarity(x[0], x[1], 2); }, cosine_of_pairs),
       fails<ShapeError>({vectors, real({3, 3})}, [](Vars x) { return cosine_similarity(x[0], x[1]); },
                         {"cosine_similarity", "[3, 4]", "[3, 3]"}),
       dtypes_must_match(cosine_of),
       fails<ShapeError>({real({3}), real({3})}, [](Vars x) { return cosine_similarity(x[0], x[1], 1); },
                         {"cosine_similarity", "axis 1"}),
       fails<ValueError>({real({3}), real({3})}, [](Vars x) { return cosine_similarity(x[0], x[1], 0, -1); },
                         {"cosine_similarity", "epsilon", "-1"})},
      {"cosine_embedding_loss", reductions({real({6, 3}), real({6, 3}), boolean({6})}, embedding_loss(0), embedding(0)),
       reductions({real({6, 3}), real({6, 3}), integer({6}, -1, 1)}, embedding_loss(0.2), embedding(0.2L)),
       reductions({real({3}), real({3}), real({})}, embedding_loss(0), embedding(0)),
       three_alike(embedding_loss(0), boolean({2}), "b"),
       fails<ShapeError>({real({2, 3}), real({2, 3}), boolean({3})},
                         [](Vars x) { return cosine_embedding_loss(x[0], x[1], x[2]); },
                         {"cosine_embedding_loss", "[2, 3]", "[3]"})},
      {"triplet_margin_loss", triplets(2, 1, false), triplets(2, 0.25, true), triplets(1, 1, false),
       triplets(3.5, 1, true), triplets(INFINITY, 2, false), three_alike(triplet, real({2, 3}), "positive"),
       fails<ValueError>({vectors, vectors, vectors},
                         [](Vars x) { return triplet_margin_loss(x[0], x[1], x[2], {.margin = -1}); },
                         {"triplet_margin_loss", "margin", "-1"}),
       fails<ValueError>({vectors, vectors, vectors},
                         [](Vars x) { return triplet_margin_loss(x[0], x[1], x[2], {.p = 0.5}); },
                         {"triplet_margin_loss", "p must", "0.5"})},
  };
}

}  // namespace

std::vector<Row> regression_loss_rows() {
  std::vector<Row> result = pointwise_rows();
  for (Row& row : vector_rows()) result.push_back(std::move(row));
  return result;
}

}  // namespace xtape::test
