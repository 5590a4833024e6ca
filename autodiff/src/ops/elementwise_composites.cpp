// Elementwise functions that are made of other ops.
#include <limits>

#include <xtape/ops.hpp>

#include "ops/record.hpp"

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
