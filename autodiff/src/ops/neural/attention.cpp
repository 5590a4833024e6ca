// Attention: a softmax in which rows may be hidden altogether.
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/neural/layer.hpp"
#include "ops/reduction.hpp"
#include "ops/view.hpp"

namespace xtape {

namespace {

using detail::fail;
using detail::Layer;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void check_attention(const Shape& query, const Shape& key, const Shape& value) {
  constexpr std::string_view kName = "scaled_dot_product_attention";
  if (query.rank() < 2 || key.rank() < 2 || value.rank() < 2)
    fail<ShapeError>(kName, "all need two axes or more: query is ", query, ", key is ", key, ", value is ", value);
  if (query.back() != key.back())
    fail<ShapeError>(kName, "query and key differ in their last axes: query is ", query, ", key is ", key);
  if (key.back(1) != value.back(1))
    fail<ShapeError>(kName, "key and value differ in number: key is ", key, ", value is ", value);
}

/// 0, 1, ... along an axis of this shape.
Array counting(const Shape& shape) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(shape.size()));
  std::iota(numbers.begin(), numbers.end(), 0);
  return Array::from(numbers, shape);
}

void check_mask(const Var& mask, const Var& scores) {
  constexpr std::string_view kName = "scaled_dot_product_attention";
  if (mask.dtype() != DType::boolean && mask.dtype() != scores.dtype())
    fail<DTypeError>(kName, "attn_mask is ", mask.dtype(), ", it must be bool or ", scores.dtype());
  if (detail::broadcast_shapes(kName, mask.shape(), scores.shape()) != scores.shape())
    fail<ShapeError>(kName, "attn_mask ", mask.shape(), " does not broadcast to the scores ", scores.shape());
}

/// -inf where a query may not look.
Var masked(const Layer& layer, const Var& scores, bool is_causal) {
  Var result = scores;
  if (const std::optional<Var>& mask = layer.optional(3)) {
    check_mask(*mask, scores);
    result = mask->dtype() == DType::boolean ? where(*mask, result, -kInfinity) : result + *mask;
  }
  if (!is_causal) return result;
  const Shape shape = scores.shape();
  const Var places = layer.leaf(counting({shape.back(1), 1}));
  return where(greater_equal(places, counting({shape.back()})), result, -kInfinity);
}

/// softmax over the last axis, but zeros where all scores are -inf.
Var attention_weights(const Var& scores) {
  if (scores.shape().back() == 0) return scores;
  const Var largest = stop_gradient(max(scores, -1, true));
  const Var exponentials = exp(scores - where(equal(largest, -kInfinity), 0, largest));
  const Var sums = sum(exponentials, -1, true);
  return exponentials / where(equal(sums, 0), 1, sums);
}

/// A Var is checked by nobody, as in dropout.
void check_probability(const Dropout& dropout) {
  const Operand& p = dropout.p;
  const double number = p.kind == Operand::Kind::real ? p.real : static_cast<double>(p.integer);
  if (p.kind >= Operand::Kind::integer && !(number >= 0 && number <= 1))
    fail<ValueError>("scaled_dot_product_attention", "p of the dropout must be in [0, 1], is ", number);
}

}  // namespace

Var scaled_dot_product_attention(const Operand& query, const Operand& key, const Operand& value,
                                 const std::optional<Operand>& attn_mask, bool is_causal, std::optional<double> scale,
                                 const std::optional<Dropout>& dropout) {
  const Operand* const chance = dropout ? &dropout->p : nullptr;
  const Operand* const random = dropout ? &dropout->key : nullptr;
  if (dropout) check_probability(*dropout);
  const Layer layer("scaled_dot_product_attention", {&query, &key, &value}, {detail::given(attn_mask), chance, random});
  const Var &q = layer[0], &k = layer[1], &v = layer[2];
  check_attention(q.shape(), k.shape(), v.shape());
  const double factor = scale.value_or(1 / std::sqrt(static_cast<double>(q.shape().back())));
  const Var scaled = q * factor;
  const Var scores = matmul(scaled, detail::matrix_transposed(k));
  const Var weights = attention_weights(masked(layer, scores, is_causal));
  return layer.result(matmul(dropout ? xtape::dropout(weights, layer[4], layer[5]) : weights, v));
}

}  // namespace xtape
