#include <xtape/ops/activations.hpp>

#include <numbers>
#include <vector>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/partials.hpp"
#include "ops/record.hpp"
#include "ops/strong.hpp"

namespace xtape {

using detail::check_floating;
using detail::record_composite;

namespace {

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
  return record_composite(
      "leaky_relu",
      [](const Var& v, const Var& s) {
        check_floating("leaky_relu", v);
        return above_zero(v, s * v);
      },
      x, slope);
}

Var elu(const Operand& x, const Operand& alpha) {
  return record_composite(
      "elu",
      [](const Var& v, const Var& a) {
        check_floating("elu", v);
        return elu_of(v, a);
      },
      x, alpha);
}

Var selu(const Operand& x) {
  return record_composite(
      "selu",
      [](const Var& v) {
        check_floating("selu", v);
        return 1.0507009873554804934193349852946 * elu_of(v, 1.6732632423543772848170429916717);
      },
      x);
}

Var gelu(const Operand& x, bool tanh_form) {
  return record_composite(
      "gelu",
      [=](const Var& v) {
        check_floating("gelu", v);
        return tanh_form ? gelu_by_tanh(v) : strong_multiply(v, normal_cdf(v));
      },
      x);
}

Var silu(const Operand& x) {
  return record_composite(
      "silu",
      [](const Var& v) {
        check_floating("silu", v);
        return strong_multiply(v, sigmoid(v));
      },
      x);
}

Var mish(const Operand& x) {
  return record_composite(
      "mish",
      [](const Var& v) {
        check_floating("mish", v);
        return strong_multiply(v, tanh(softplus(v)));
      },
      x);
}

Var relu6(const Operand& x) {
  return record_composite(
      "relu6",
      [](const Var& v) {
        check_floating("relu6", v);
        return clip(v, 0, 6);
      },
      x);
}

Var hard_tanh(const Operand& x, const Operand& min, const Operand& max) {
  return record_composite(
      "hard_tanh",
      [](const Var& v, const Var& low, const Var& high) {
        check_floating("hard_tanh", v);
        return clip(v, low, high);
      },
      x, min, max);
}

Var hard_sigmoid(const Operand& x) {
  return record_composite(
      "hard_sigmoid",
      [](const Var& v) {
        check_floating("hard_sigmoid", v);
        return (clip(v, -3, 3) + 3) / 6;
      },
      x);
}

Var glu(const Operand& x, int axis) {
  return record_composite(
      "glu",
      [=](const Var& v) {
        check_floating("glu", v);
        const std::size_t from_start = detail::normalized_axis("glu", axis, v.shape().rank());
        if (v.shape()[from_start] % 2 != 0)
          detail::fail<ShapeError>("glu", "the extent of axis ", axis, " is odd: ", v.shape());
        const Var gate = sigmoid(half_of(v, from_start, true));
        return half_of(v, from_start, false) * gate;
      },
      x);
}

}  // namespace xtape
