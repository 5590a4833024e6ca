// Layers that are one product or one look-up: linear and embedding.
#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/gather.hpp"
#include "ops/neural/layer.hpp"
#include "ops/view.hpp"

namespace xtape {

namespace {

using detail::fail;
using detail::Layer;

void check_linear(const Shape& x, const Shape& weight, const std::optional<Var>& bias) {
  if (weight.rank() != 1 && weight.rank() != 2)
    fail<ShapeError>("linear", "weight is ", weight, ", it must be (out, in) or (in)");
  if (x.rank() == 0 || x.back() != weight.back())
    fail<ShapeError>("linear", "the last axis of x must be the last of weight: x is ", x, ", weight is ", weight);
  const Shape out = weight.rank() == 2 ? Shape{weight[0]} : Shape{};
  if (bias && bias->shape() != out)
    fail<ShapeError>("linear", "bias is ", bias->shape(), ", it must be ", out, ": weight is ", weight);
}

}  // namespace

Var linear(const Operand& x, const Operand& weight, const std::optional<Operand>& bias) {
  const Layer layer("linear", {&x, &weight, detail::given(bias)});
  check_linear(layer[0].shape(), layer[1].shape(), layer.optional(2));
  const Var product = matmul(layer[0], layer[1].rank() == 2 ? detail::matrix_transposed(layer[1]) : layer[1]);
  return layer.result(layer.optional(2) ? product + *layer.optional(2) : product);
}

Var embedding(const Operand& indices, const Operand& weight, std::optional<std::int64_t> padding_idx) {
  const bool is_number = indices.kind == Operand::Kind::integer;
  const Operand places = is_number ? Operand(Array(indices.integer), indices.file, indices.line) : indices;
  const Layer layer("embedding", {&weight}, {&places});
  const Var &rows = layer[0], &positions = layer[1];
  if (rows.rank() != 2) fail<ShapeError>("embedding", "weight is ", rows.shape(), ", it must be (count, width)");
  const std::int64_t count = rows.shape()[0];
  const Var taken = detail::embedded(rows, positions);
  if (!padding_idx) return layer.result(taken);
  if (*padding_idx < -count || *padding_idx >= count)
    fail<ValueError>("embedding", "padding_idx ", *padding_idx, " is out of range for weight ", rows.shape());
  const std::int64_t padding = *padding_idx < 0 ? *padding_idx + count : *padding_idx;
  const Var from_start = equal(positions, padding);
  const Var from_end = equal(positions, padding - count);
  const Var is_padding = expand_dims(logical_or(from_start, from_end), -1);
  return layer.result(where(is_padding, stop_gradient(taken), taken));
}

}  // namespace xtape
