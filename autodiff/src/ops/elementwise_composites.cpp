// Elementwise functions that are made of other ops.
#include <cmath>
#include <limits>

#include <xtape/ops.hpp>

#include "ops/record.hpp"
#include "ops/strong.hpp"

namespace xtape {

using detail::check_floating;
using detail::record_composite;

Var reciprocal(const Operand& x) {
  return record_composite(
      "reciprocal",
      [](const Var& v) {
        check_floating("reciprocal", v);
        return 1 / v;
      },
      x);
}

// Where 10^decimals x has no fraction, or is none, x stays.
Var round(const Operand& x, int decimals) {
  return record_composite(
      "round",
      [=](const Var& v) {
        check_floating("round", v);
        const double scale = std::pow(10.0, std::abs(static_cast<double>(decimals)));
        const double whole_from = v.dtype() == DType::float32 ? 0x1p23 : 0x1p52;
        const Var scaled = decimals < 0 ? v / scale : v * scale;
        const Var whole = round(scaled);
        const Var back = decimals < 0 ? strong_multiply(whole, scale) : whole / scale;
        return stop_gradient(where(abs(scaled) < whole_from, back, v));
      },
      x);
}

Var nan_to_num(const Operand& x, double nan, std::optional<double> posinf, std::optional<double> neginf) {
  return record_composite(
      "nan_to_num",
      [=](const Var& v) {
        check_floating("nan_to_num", v);
        const double largest =
            v.dtype() == DType::float32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
        const Var below = where(v > 0, posinf.value_or(largest), v);
        const Var bounded = where(v < 0, neginf.value_or(-largest), below);
        return where(isfinite(v), v, where(isnan(v), nan, bounded));
      },
      x);
}

}  // namespace xtape
