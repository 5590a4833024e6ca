// Rows of linear, embedding, normalization and attention.
#include <cmath>

#include "ops/neural_reference.hpp"
#include "ops/reference.hpp"
#include "ops/row.hpp"

namespace xtape::test {

namespace {

using Vars = std::span<const Var>;
using Tensors = std::span<const Tensor>;

constexpr Real kEpsilon = 1e-5L;

Tensor with_shape(const Tensor& x, const Shape& shape) { return {x.dtype, shape, x.elements}; }

/// The operand at a position, if there are as many.
std::optional<Operand> maybe(Vars x, std::size_t position) {
  return x.size() > position ? std::optional<Operand>(x[position]) : std::nullopt;
}

std::vector<Input> reals(const std::vector<Shape>& shapes) {
  std::vector<Input> result;
  for (const Shape& shape : shapes) result.push_back(real(shape));
  return result;
}

Real product(const Real* x) { return x[0] * x[1]; }
Real sum(const Real* x) { return x[0] + x[1]; }

// ---- linear and embedding

Tensor linear_reference(Tensors x) {
  const Tensor turned =
      x[1].shape.rank() == 1 ? x[1] : gathered(x[1], {x[1].shape[1], x[1].shape[0]}, [](const Index& i) {
        return Index{i[1], i[0]};
      });
  const Tensor result = matrix_product(x[0], turned);
  return x.size() > 2 ? broadcast_apply(sum, std::vector<Tensor>{result, x[2]}) : result;
}

Row linear_row() {
  const Build build = [](Vars x) { return linear(x[0], x[1], maybe(x, 2)); };
  const auto of = [=](const std::vector<Shape>& shapes) { return sample(reals(shapes), build, linear_reference); };
  return {"linear",
          of({{3, 4}, {2, 4}, {2}}),
          of({{4}, {2, 4}}),
          of({{2, 3, 4}, {5, 4}, {5}}),
          of({{3, 4}, {4}, {}}),
          of({{0, 4}, {2, 4}, {2}}),
          of({{3, 0}, {2, 0}, {2}}),
          large_sample(reals({{60, 50}, {40, 50}, {40}}), build, linear_reference),
          fails<ShapeError>(reals({{3, 4}, {2, 3}}), build, {"linear", "x is [3, 4]", "weight is [2, 3]"}),
          fails<ShapeError>(reals({{}, {2, 3}}), build, {"linear", "[]", "[2, 3]"}),
          fails<ShapeError>(reals({{3}, {2, 2, 3}}), build, {"linear", "[2, 2, 3]"}),
          fails<ShapeError>(reals({{3, 4}, {2, 4}, {1}}), build, {"linear", "bias is [1]", "[2]"}),
          fails<DTypeError>({real({3, 4}), integer({2, 4}, 0, 3)}, build, {"linear", "float64", "int64"})};
}

Tensor embedding_reference(Tensors x) {
  Shape shape = x[0].shape;
  shape.push_back(x[1].shape[1]);
  return gathered(x[1], shape, [&](const Index& i) {
    const Index place(i.begin(), i.end() - 1);
    const auto row = static_cast<std::int64_t>(at(x[0], place));
    return Index{row < 0 ? row + x[1].shape[0] : row, i.back()};
  });
}

Row embedding_row() {
  const Build build = [](Vars x) { return embedding(x[0], x[1]); };
  return {"embedding",
          sample({integer({2, 3}, 0, 4), real({5, 3})}, build, embedding_reference),
          sample({integer({}, 0, 4), real({5, 2})}, build, embedding_reference),
          sample({integer({7}, -3, 2), real({3, 2})}, build, embedding_reference),
          sample({integer({0}, 0, 2), real({3, 2})}, build, embedding_reference),
          sample(
              {real({3, 2})}, [](Vars x) { return embedding(1, x[0]); },
              [](Tensors x) { return gathered(x[0], {2}, [](const Index& i) {
                                return Index{1, i[0]};
                              }); }),
          fails<ShapeError>({integer({2}, 0, 2), real({3})}, build, {"embedding", "[3]"}),
          fails<DTypeError>({real({2}), real({3, 2})}, build, {"embedding", "the indices are float64"}),
          fails<DTypeError>({integer({2}, 0, 2), integer({3, 2}, 0, 4)}, build, {"embedding", "int64"}),
          fails<ValueError>({integer({2}, 0, 2), real({3, 2})}, [](Vars x) { return embedding(x[0], x[1], 3); },
                            {"embedding", "padding_idx 3", "[3, 2]"})};
}

// ---- Normalization

void normalize(std::vector<Real>& x) {
  Real mean = 0, variance = 0;
  for (Real e : x) mean += e / static_cast<Real>(x.size());
  for (Real e : x) variance += (e - mean) * (e - mean) / static_cast<Real>(x.size());
  for (Real& e : x) e = (e - mean) / std::sqrt(variance + kEpsilon);
}

/// By weight and plus bias at these positions, if they are there, in this shape.
Tensor scaled(const Tensor& x, Tensors all, std::size_t weight, const Shape& shape) {
  Tensor result = x;
  if (all.size() > weight)
    result = broadcast_apply(product, std::vector<Tensor>{result, with_shape(all[weight], shape)});
  if (all.size() > weight + 1)
    result = broadcast_apply(sum, std::vector<Tensor>{result, with_shape(all[weight + 1], shape)});
  return result;
}

Row::Part layer_norm_of(const std::vector<Shape>& shapes, const Shape& last) {
  std::vector<int> axes;
  for (std::size_t i = 0; i < last.rank(); ++i) axes.push_back(-1 - static_cast<int>(i));
  return sample(
      reals(shapes), [=](Vars x) { return layer_norm(x[0], last, maybe(x, 1), maybe(x, 2)); },
      [=](Tensors x) { return scaled(mapped(x[0], axes, normalize), x, 1, last); });
}

Row layer_norm_row() {
  const Build build = [](Vars x) { return layer_norm(x[0], {4}, maybe(x, 1), maybe(x, 2)); };
  return {"layer_norm",
          layer_norm_of({{3, 4}}, {4}),
          layer_norm_of({{3, 4}, {4}}, {4}),
          layer_norm_of({{2, 3, 4}, {4}, {4}}, {4}),
          layer_norm_of({{2, 3, 4}, {3, 4}, {3, 4}}, {3, 4}),
          layer_norm_of({{5}}, {5}),
          layer_norm_of({{2, 1}}, {1}),
          layer_norm_of({{0, 4}, {4}, {4}}, {4}),
          fails<ShapeError>(reals({{3, 5}}), build, {"layer_norm", "[3, 5]", "[4]"}),
          fails<ShapeError>(reals({{}}), build, {"layer_norm", "[]", "[4]"}),
          fails<ShapeError>(reals({{3, 4}, {3}}), build, {"layer_norm", "weight is [3]", "[3, 4]"}),
          fails<ShapeError>(reals({{3, 4}, {4}, {3, 4}}), build, {"layer_norm", "bias is [3, 4]", "[4]"}),
          fails<ValueError>(reals({{3, 4}}), [](Vars x) { return layer_norm(x[0], {4}, {}, {}, -1); },
                            {"layer_norm", "eps is -1"}),
          fails<DTypeError>({integer({3, 4}, 0, 5)}, build, {"layer_norm", "int64"})};
}

Row::Part group_norm_of(const std::vector<Shape>& shapes, std::int64_t groups) {
  return sample(
      reals(shapes), [=](Vars x) { return group_norm(x[0], groups, maybe(x, 1), maybe(x, 2)); },
      [=](Tensors x) {
        const std::int64_t n = x[0].shape[0], channels = x[0].shape[1];
        const std::int64_t rest = n == 0 ? 1 : x[0].shape.size() / (n * channels);
        const Tensor split = mapped(with_shape(x[0], {n, groups, channels / groups * rest}), {2}, normalize);
        return with_shape(scaled(with_shape(split, {n, channels, rest}), x, 1, {channels, 1}), x[0].shape);
      });
}

Row group_norm_row() {
  const Build build = [](Vars x) { return group_norm(x[0], 2, maybe(x, 1), maybe(x, 2)); };
  return {"group_norm",
          group_norm_of({{2, 4, 3}, {4}, {4}}, 2),
          group_norm_of({{2, 6}}, 3),
          group_norm_of({{2, 3, 2, 2}, {3}}, 1),
          group_norm_of({{1, 3, 2, 2}, {3}, {3}}, 3),
          group_norm_of({{0, 4}, {4}, {4}}, 2),
          fails<ShapeError>(reals({{2, 3, 4}}), build, {"group_norm", "[2, 3, 4]", "2 groups"}),
          fails<ShapeError>(reals({{4}}), build, {"group_norm", "[4]"}),
          fails<ShapeError>(reals({{2, 4}, {2}}), build, {"group_norm", "weight is [2]", "[4]"}),
          fails<ShapeError>(reals({{2, 4}}), [](Vars x) { return group_norm(x[0], 0); }, {"group_norm", "0 groups"})};
}

/// Channels (n, c, ...) by running means and variances.
Tensor batch_norm_reference(Tensors x) {
  Shape column{x[0].shape[1]};
  for (std::size_t i = 2; i < x[0].shape.rank(); ++i) column.push_back(1);
  const Scalar each = [](const Real* a) { return (a[0] - a[1]) / std::sqrt(a[2] + kEpsilon); };
  const Tensor y = broadcast_apply(each, std::vector<Tensor>{x[0], with_shape(x[1], column), with_shape(x[2], column)});
  return scaled(y, x, 3, column);
}

Row batch_norm_row() {
  const Build build = [](Vars x) { return batch_norm(x[0], x[1], x[2], maybe(x, 3), maybe(x, 4)); };
  const auto of = [=](const Shape& x, std::int64_t more) {
    std::vector<Input> inputs{real(x), real({x[1]}), real({x[1]}, 0.1L, 2)};
    for (std::int64_t i = 0; i < more; ++i) inputs.push_back(real({x[1]}));
    return sample(inputs, build, batch_norm_reference);
  };
  return {"batch_norm",
          of({3, 2}, 0),
          of({2, 3, 2}, 1),
          of({2, 3, 2, 2}, 2),
          of({0, 3, 2, 2}, 2),
          fails<ShapeError>(reals({{3}, {3}, {3}}), build, {"batch_norm", "[3]"}),
          fails<ShapeError>(reals({{3, 2}, {3}, {2}}), build, {"batch_norm", "running_mean is [3]", "[2]"}),
          fails<ShapeError>(reals({{3, 2}, {2}, {1}}), build, {"batch_norm", "running_var is [1]", "[2]"}),
          fails<ShapeError>(reals({{3, 2}, {2}, {2}, {2}, {3}}), build, {"batch_norm", "bias is [3]", "[2]"})};
}

Tensor batch_statistics(const Tensor& x, Real (*function)(const std::vector<Real>&)) {
  std::vector<int> axes{0};
  for (std::size_t i = 2; i < x.shape.rank(); ++i) axes.push_back(static_cast<int>(i));
  return reduced(x, axes, false, function);
}

Real mean_of(const std::vector<Real>& x) {
  Real mean = 0;
  for (Real e : x) mean += e / static_cast<Real>(x.size());
  return mean;
}

Real squares_of(const std::vector<Real>& x) {
  Real squares = 0;
  for (Real e : x) squares += (e - mean_of(x)) * (e - mean_of(x));
  return squares;
}

Real variance_of(const std::vector<Real>& x) { return squares_of(x) / static_cast<Real>(x.size()); }
Real sample_variance_of(const std::vector<Real>& x) { return squares_of(x) / static_cast<Real>(x.size() - 1); }

Row::Part trained(const std::vector<Shape>& shapes) {
  return sample(
      reals(shapes), [=](Vars x) { return batch_norm_training(x[0], maybe(x, 1), maybe(x, 2)).value; },
      [=](Tensors x) {
        std::vector<int> axes{0};
        Shape column{x[0].shape[1]};
        for (std::size_t i = 2; i < x[0].shape.rank(); ++i) axes.push_back(static_cast<int>(i)), column.push_back(1);
        return scaled(mapped(x[0], axes, normalize), x, 1, column);
      });
}

Row::Part statistic(const Shape& shape, Var BatchNorm::*member, Real (*function)(const std::vector<Real>&)) {
  return sample(
      {real(shape)}, [=](Vars x) { return batch_norm_training(x[0]).*member; },
      [=](Tensors x) { return batch_statistics(x[0], function); });
}

Row batch_norm_training_row() {
  const Build build = [](Vars x) { return batch_norm_training(x[0], maybe(x, 1), maybe(x, 2)).value; };
  return {"batch_norm_training",
          trained({{5, 2}}),
          trained({{2, 3, 4}, {3}, {3}}),
          trained({{3, 2, 2, 2}, {2}}),
          trained({{1, 2}, {2}, {2}}),
          trained({{0, 3, 2}, {3}, {3}}),
          statistic({2, 3, 4}, &BatchNorm::mean, mean_of),
          statistic({4, 3}, &BatchNorm::variance, variance_of),
          statistic({2, 3, 2, 2}, &BatchNorm::sample_variance, sample_variance_of),
          fails<ShapeError>(reals({{3}}), build, {"batch_norm_training", "[3]"}),
          fails<ShapeError>(reals({{3, 2}, {3}}), build, {"batch_norm_training", "weight is [3]", "[2]"}),
          fails<ShapeError>(reals({{3, 2}, {2}, {2, 1}}), build, {"batch_norm_training", "bias is [2, 1]"})};
}

// ---- Attention

struct Attention {
  std::int64_t batch, queries, keys, width, value_width;
  bool is_causal = false;
  std::optional<double> scale = {};

  Input query() const { return real({batch, queries, width}); }
  Input key() const { return real({batch, keys, width}); }
  Input value() const { return real({batch, keys, value_width}); }
};

Real factor(const Attention& a) {
  return a.scale ? static_cast<Real>(*a.scale) : 1 / std::sqrt(static_cast<Real>(a.width));
}

/// -inf in place of what is 0 in an (l, s) mask, and of places after a query's own if it is causal.
Tensor to_add(const Attention& a, const Tensor* allowed) {
  Tensor mask{DType::float64, {a.queries, a.keys}, {}};
  for (std::int64_t i = 0; i < a.queries; ++i)
    for (std::int64_t j = 0; j < a.keys; ++j) {
      const bool hidden = (a.is_causal && j > i) || (allowed != nullptr && at(*allowed, {i, j}) == 0);
      mask.elements.push_back(hidden ? -kInf : 0);
    }
  return mask;
}

Row::Part attention(const Attention& a) {
  return sample(
      {a.query(), a.key(), a.value()},
      [=](Vars x) { return scaled_dot_product_attention(x[0], x[1], x[2], {}, a.is_causal, a.scale); },
      [=](Tensors x) {
        const Tensor mask = to_add(a, nullptr);
        return attended(x[0], x[1], x[2], &mask, factor(a));
      });
}

Row::Part attention_with_boolean_mask(const Attention& a) {
  return sample(
      {a.query(), a.key(), a.value(), boolean({a.queries, a.keys})},
      [=](Vars x) { return scaled_dot_product_attention(x[0], x[1], x[2], x[3], a.is_causal, a.scale); },
      [=](Tensors x) {
        const Tensor mask = to_add(a, &x[3]);
        return attended(x[0], x[1], x[2], &mask, factor(a));
      });
}

Row::Part attention_with_added_mask(const Attention& a) {
  return sample(
      {a.query(), a.key(), a.value(), real({a.queries, a.keys})},
      [=](Vars x) { return scaled_dot_product_attention(x[0], x[1], x[2], x[3], a.is_causal, a.scale); },
      [=](Tensors x) { return attended(x[0], x[1], x[2], &x[3], factor(a)); });
}

/// Two heads for each of the batch, which share keys and values.
Row::Part attention_of_heads() {
  return sample(
      reals({{2, 2, 3, 4}, {2, 1, 5, 4}, {2, 1, 5, 2}}),
      [](Vars x) { return scaled_dot_product_attention(x[0], x[1], x[2]); },
      [](Tensors x) {
        const auto doubled = [](const Tensor& t) {
          return gathered(t, {4, t.shape[2], t.shape[3]}, [](const Index& i) {
            return Index{i[0] / 2, 0, i[1], i[2]};
          });
        };
        const Tensor y = attended(with_shape(x[0], {4, 3, 4}), doubled(x[1]), doubled(x[2]), nullptr, 0.5L);
        return with_shape(y, {2, 2, 3, 2});
      });
}

Row attention_row() {
  const Build build = [](Vars x) { return scaled_dot_product_attention(x[0], x[1], x[2], maybe(x, 3)); };
  return {"scaled_dot_product_attention",
          attention({2, 3, 5, 4, 2}),
          attention({1, 1, 1, 1, 1}),
          attention({1, 3, 4, 2, 2, false, 0.7}),
          attention({2, 4, 4, 3, 2, true}),
          attention({1, 4, 2, 3, 2, true}),
          attention({1, 2, 4, 3, 2, true}),
          attention({0, 2, 3, 2, 2}),
          attention({1, 2, 0, 2, 2}),
          attention_with_boolean_mask({2, 6, 2, 3, 2}),
          attention_with_boolean_mask({1, 5, 4, 3, 2, true}),
          attention_with_added_mask({2, 3, 4, 2, 2}),
          attention_of_heads(),
          fails<ShapeError>(reals({{2, 3, 4}, {2, 5, 3}, {2, 5, 2}}), build,
                            {"scaled_dot_product_attention", "query is [2, 3, 4]", "key is [2, 5, 3]"}),
          fails<ShapeError>(reals({{2, 3, 4}, {2, 5, 4}, {2, 6, 2}}), build,
                            {"scaled_dot_product_attention", "key is [2, 5, 4]", "value is [2, 6, 2]"}),
          fails<ShapeError>(reals({{4}, {5, 4}, {5, 2}}), build, {"scaled_dot_product_attention", "query is [4]"}),
          fails<ShapeError>(reals({{3, 4}, {5, 4}, {5, 2}, {5, 3}}), build,
                            {"scaled_dot_product_attention", "[5, 3]", "[3, 5]"}),
          fails<ShapeError>(reals({{3, 4}, {5, 4}, {5, 2}, {2, 3, 5}}), build,
                            {"scaled_dot_product_attention", "[2, 3, 5]", "[3, 5]"}),
          fails<DTypeError>({real({3, 4}), real({5, 4}), real({5, 2}), integer({3, 5}, 0, 1)}, build,
                            {"scaled_dot_product_attention", "attn_mask is int64"})};
}

}  // namespace

std::vector<Row> layer_rows() {
  return {linear_row(),     embedding_row(),           layer_norm_row(), group_norm_row(),
          batch_norm_row(), batch_norm_training_row(), attention_row()};
}

}  // namespace xtape::test
