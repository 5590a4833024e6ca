// arange, linspace and eye.
#include <xtape/ops/creation.hpp>

#include <cmath>
#include <vector>

#include "ops/errors.hpp"

namespace xtape {

using detail::fail;

namespace {

template <class T, class Element>
Array generated(const Shape& shape, Element element) {
  std::vector<T> values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(element(static_cast<std::int64_t>(i)));
  return Array::from(values, shape);
}

/// An Array of any dtype but bool whose i-th element is `element(i)`.
template <class Element>
Array generated(const Shape& shape, DType dtype, Element element) {
  if (dtype == DType::float32) return generated<float>(shape, element);
  if (dtype == DType::float64) return generated<double>(shape, element);
  return generated<std::int64_t>(shape, element);
}

}  // namespace

Array detail::arange_of_integers(std::int64_t start, std::int64_t stop, std::int64_t step, DType dtype) {
  if (step == 0) fail<ValueError>("arange", "the step is 0");
  if (dtype == DType::boolean) fail<DTypeError>("arange", "it makes no bool");
  const auto distance = step > 0 ? static_cast<std::uint64_t>(stop) - static_cast<std::uint64_t>(start)
                                 : static_cast<std::uint64_t>(start) - static_cast<std::uint64_t>(stop);
  const auto stride = step > 0 ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
  const bool nothing = step > 0 ? stop <= start : stop >= start;
  const std::uint64_t count = nothing ? 0 : (distance - 1) / stride + 1;
  if (count > static_cast<std::uint64_t>(Shape::kMostElements))
    fail<ValueError>("arange", "too many numbers from ", start, " to ", stop);
  const auto element = [&](std::int64_t i) {  // i step alone may overflow
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(start) +
                                     static_cast<std::uint64_t>(i) * static_cast<std::uint64_t>(step));
  };
  return generated(Shape{static_cast<std::int64_t>(count)}, dtype, element);
}

Array detail::arange_of_reals(double start, double stop, double step, DType dtype) {
  if (step == 0) fail<ValueError>("arange", "the step is 0");
  if (!is_floating(dtype)) fail<DTypeError>("arange", "numbers that are not integers make no ", dtype);
  const double count = std::ceil((stop - start) / step);
  if (!(count <= static_cast<double>(Shape::kMostElements)))
    fail<ValueError>("arange", "the numbers from ", start, " to ", stop, " cannot be counted in steps of ", step);
  const Shape shape{count > 0 ? static_cast<std::int64_t>(count) : 0};
  return generated(shape, dtype, [&](std::int64_t i) { return start + static_cast<double>(i) * step; });
}

Array linspace(double start, double stop, std::int64_t count, bool endpoint, DType dtype) {
  if (count < 0) fail<ValueError>("linspace", "the count must not be negative, is ", count);
  if (!is_floating(dtype)) fail<DTypeError>("linspace", "it makes no ", dtype);
  const double steps = static_cast<double>(endpoint ? count - 1 : count);
  const bool overflows = std::isfinite(start) && std::isfinite(stop) && !std::isfinite(stop - start);
  return generated(Shape{count}, dtype, [&](std::int64_t i) {
    if (endpoint && i > 0 && i == count - 1) return stop;
    const double share = static_cast<double>(i) / steps;
    if (overflows) return start * (1 - share) + stop * share;
    return i == 0 ? start : start + static_cast<double>(i) * ((stop - start) / steps);
  });
}

Array eye(std::int64_t rows, std::optional<std::int64_t> columns, std::int64_t k, DType dtype) {
  if (rows < 0 || columns.value_or(rows) < 0)
    fail<ShapeError>("eye", "the extents ", rows, " and ", columns.value_or(rows), " must not be negative");
  const Shape shape{rows, columns.value_or(rows)};
  const auto element = [&](std::int64_t i) { return i % shape[1] - i / shape[1] == k; };
  if (dtype != DType::boolean) return generated(shape, dtype, element);
  std::vector<bool> values;
  for (std::int64_t i = 0; i < shape.size(); ++i) values.push_back(element(i));
  return Array::from(values, shape);
}

}  // namespace xtape
