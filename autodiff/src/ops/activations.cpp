// Activations, made of other ops.
#include <xtape/ops/activations.hpp>

#include <numbers>
#include <string_view>
#include <vector>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/partials.hpp"
#include "ops/record.hpp"
#include "ops/strong.hpp"

namespace xtape {

namespace {

/// A composite whose first operand must be floating.
template <class Body, class... Rest>
Var record_activation(std::string_view op, Body body, const Rest&... operands) {
  return detail::record_composite(
      op, detail::key_of(body),
      [&](const Var& x, const auto&... others) {
        detail::check_floating(op, x);
        return body(x, others...);
      },
      operands...);
}

Var above_zero(const Var& x, const Var& otherwise) { return where(x > 0, x, otherwise); }

Var elu_of(const Var& x, const Operand& alpha) { return above_zero(x, alpha * expm1(x)); }

/// (1 + tanh(u)) / 2 is sigmoid(2 u), which keeps the tail.
Var gelu_by_tanh(const Var& x) {
  const double scale = 2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
  const Var slope = scale + scale * 0.044715 * square(x);
  return strong_multiply(x, sigmoid(x * slope));
}

/// One half of an axis.
Var half_of(const Var& x, std::size_t axis, bool second) {
  std::vector<Slice> slices(axis + 1);
  const std::int64_t middle = x.shape()[axis] / 2;
  slices[axis] = second ? Slice(middle, Slice::kNone) : Slice(0, middle);
  return slice(x, slices);
}

}  // namespace

Var leaky_relu(const Operand& x, const Operand& slope) {
  return record_activation(
      "leaky_relu", [](const Var& v, const Var& s) { return above_zero(v, s * v); }, x, slope);
}

Var elu(const Operand& x, const Operand& alpha) { return record_activation("elu", elu_of, x, alpha); }

Var selu(const Operand& x) {
  constexpr double kScale = 1.0507009873554804934193349852946, kAlpha = 1.6732632423543772848170429916717;
  return record_activation(
      "selu", [](const Var& v) { return kScale * elu_of(v, kAlpha); }, x);
}

Var gelu(const Operand& x, bool tanh_form) {
  return record_activation(
      "gelu", [=](const Var& v) { return tanh_form ? gelu_by_tanh(v) : strong_multiply(v, normal_cdf(v)); }, x);
}

Var silu(const Operand& x) {
  return record_activation(
      "silu", [](const Var& v) { return strong_multiply(v, sigmoid(v)); }, x);
}

Var mish(const Operand& x) {
  return record_activation(
      "mish", [](const Var& v) { return strong_multiply(v, tanh(softplus(v))); }, x);
}

Var relu6(const Operand& x) {
  return record_activation(
      "relu6", [](const Var& v) { return clip(v, 0, 6); }, x);
}

Var hard_tanh(const Operand& x, const Operand& min, const Operand& max) {
  return record_activation(
      "hard_tanh", [](const Var& v, const Var& low, const Var& high) { return clip(v, low, high); }, x, min, max);
}

Var hard_sigmoid(const Operand& x) {
  return record_activation(
      "hard_sigmoid", [](const Var& v) { return (clip(v, -3, 3) + 3) / 6; }, x);
}

Var glu(const Operand& x, int axis) {
  return record_activation(
      "glu",
      [=](const Var& v) {
        const std::size_t from_start = detail::normalized_axis("glu", axis, v.rank());
        if (v.shape()[from_start] % 2 != 0)
          detail::fail<ShapeError>("glu", "the extent of axis ", axis, " is odd: ", v.shape());
        const Var gate = sigmoid(half_of(v, from_start, true));
        return half_of(v, from_start, false) * gate;
      },
      x);
}

}  // namespace xtape
