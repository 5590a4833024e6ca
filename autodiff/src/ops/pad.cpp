// pad.
#include <algorithm>
#include <cmath>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/view.hpp"

namespace xtape {

using detail::fail;

namespace {

/// A pair for each axis.
PadWidths resolved_widths(const PadWidths& widths, const Shape& shape) {
  PadWidths result = widths;
  if (widths.size() == 1) result.assign(shape.rank(), widths[0]);
  if (result.size() != shape.rank()) fail<ShapeError>("pad", widths.size(), " pairs of widths for ", shape);
  for (const auto& [before, after] : result)
    if (before < 0 || after < 0)
      fail<ValueError>("pad", "the widths must not be negative, are ", before, " and ", after);
  return result;
}

Shape padded_shape(const Shape& from, const PadWidths& widths) {
  Shape shape = from;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    const auto [before, after] = widths[axis];
    if (before > Shape::kMostElements || after > Shape::kMostElements)
      fail<ShapeError>("pad", "the widths ", before, " and ", after, " of axis ", axis, " of ", from, " are too large");
    shape[axis] += before + after;
  }
  if (!shape.addressable()) fail<ShapeError>("pad", from, " would become ", shape, ", which has too many elements");
  return shape;
}

Var beside_zeros(const Var& x, const PadWidths& widths, const Shape& shape) {
  std::vector<std::int64_t> attributes;
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    attributes.push_back(widths[axis].first);
    attributes.push_back(1);
  }
  return detail::placed(x, shape, attributes);
}

Var beside_constants(Var x, const PadWidths& widths, double value) {
  const DType dtype = x.dtype();
  const bool fits = dtype == DType::boolean ? value == 1 : is_floating(dtype) || value == std::trunc(value);
  if (!fits) fail<DTypeError>("pad", "the number ", value, " does not mix with ", dtype);
  detail::TapeState& state = detail::VarAccess::state(x);
  for (std::size_t axis = 0; axis < widths.size(); ++axis) {
    const auto constants = [&](std::int64_t extent) {
      Shape shape = x.shape();
      shape[axis] = extent;
      return detail::VarAccess::make(state, detail::append_full(state, value, dtype, shape));
    };
    const Var before = constants(widths[axis].first);
    const Var after = constants(widths[axis].second);
    x = concatenate({before, x, after}, static_cast<int>(axis));
  }
  return x;
}

/// The element of an axis that stands at a position beside it.
std::int64_t stand_in(std::int64_t position, std::int64_t extent, PadMode mode) {
  if (mode == PadMode::edge || extent == 1) return std::clamp<std::int64_t>(position, 0, extent - 1);
  const std::int64_t period = 2 * (extent - 1);
  const std::int64_t phase = (position % period + period) % period;
  return std::min(phase, period - phase);
}

Var beside_own(Var x, const PadWidths& widths, PadMode mode) {
  const Shape from = x.shape();
  for (std::size_t axis = 0; axis < widths.size(); ++axis) {
    const auto [before, after] = widths[axis];
    const std::int64_t extent = from[axis];
    if (before == 0 && after == 0) continue;
    if (extent == 0) fail<ShapeError>("pad", "axis ", axis, " of ", from, " has no element to go on from");
    std::vector<std::int64_t> positions;
    for (std::int64_t i = -before; i < extent + after; ++i) positions.push_back(stand_in(i, extent, mode));
    x = take(x, Array::from(positions), static_cast<int>(axis));
  }
  return x;
}

}  // namespace

Var pad(const Operand& x, const PadWidths& widths, PadMode mode, double value) {
  return detail::record_composite(
      "pad",
      [&](const Var& v) {
        const PadWidths resolved = resolved_widths(widths, v.shape());
        const Shape shape = padded_shape(v.shape(), resolved);
        if (mode != PadMode::constant) return beside_own(v, resolved, mode);
        return value == 0 ? beside_zeros(v, resolved, shape) : beside_constants(v, resolved, value);
      },
      x);
}

}  // namespace xtape
