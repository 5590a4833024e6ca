// tril, triu, diagonal, diag and trace.
#include <algorithm>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/view.hpp"

namespace xtape {

using detail::fail;

namespace {

/// x where the position in its rows and columns satisfies a comparison, else 0.
Var triangle(std::string_view op, const Operand& x, std::int64_t k, Var (*keeps)(const Operand&, const Operand&)) {
  return detail::record_composite(
      op,
      [&](const Var& v) {
        if (v.rank() < 2) fail<ShapeError>(op, "it takes matrices, x is ", v.shape());
        const std::int64_t within = std::clamp(k, -v.shape().back(1), v.shape().back());  // beyond, k changes nothing
        const Var rows = detail::positions_along(v, v.rank() - 2) + within;
        const Var columns = detail::positions_along(v, v.rank() - 1);
        const Var kept = keeps(columns, rows);
        return v.dtype() == DType::boolean ? logical_and(kept, v) : where(kept, v, 0);
      },
      x);
}

/// A diagonal of (rows, columns) as a slice of their elements in row-major order.
struct Diagonal {
  std::int64_t start = 0, step = 1, extent = 0;

  Diagonal(std::int64_t rows, std::int64_t columns, std::int64_t offset) {
    const std::int64_t below = rows + std::min<std::int64_t>(offset, 0);
    const std::int64_t beside = columns - std::max<std::int64_t>(offset, 0);
    if (below <= 0 || beside <= 0) return;
    start = offset >= 0 ? offset : -offset * columns;
    step = columns + 1;
    extent = std::min(below, beside);
  }
};

Var diagonal_of_last(const Var& x, std::int64_t offset) {
  const Shape shape = x.shape();
  const Diagonal diagonal(shape.back(1), shape.back(), offset);
  Shape flat(std::span(shape.begin(), shape.rank() - 2)), taken = flat;
  flat.push_back(shape.back(1) * shape.back());
  taken.push_back(diagonal.extent);
  const std::int64_t attributes[] = {diagonal.start, diagonal.step};
  return detail::append_unary(detail::slice_op, detail::reshaped(x, flat), taken, attributes);
}

Var diagonal_of(std::string_view op, const Var& x, std::int64_t offset, int axis1, int axis2) {
  const std::size_t first = detail::normalized_axis(op, axis1, x.rank());
  const std::size_t second = detail::normalized_axis(op, axis2, x.rank());
  if (first == second) fail<ShapeError>(op, "axis ", axis2, " is given twice");
  return diagonal_of_last(moveaxis(x, {axis1, axis2}, {-2, -1}), offset);
}

/// The matrix with x as its diagonal.
Var matrix_of(const Var& x, std::int64_t k) {
  constexpr std::int64_t kMost = std::int64_t{1} << 28;  // its square is Shape::kMostElements
  if (k > kMost || k < -kMost || x.size() + std::abs(k) > kMost)
    fail<ShapeError>("diag", "the matrix with x ", x.shape(), " as its diagonal ", k, " has too many elements");
  const std::int64_t extent = x.size() + std::abs(k);
  const Diagonal diagonal(extent, extent, k);
  const std::int64_t attributes[] = {diagonal.start, diagonal.step};
  return detail::reshaped(detail::placed(x, Shape{extent * extent}, attributes), {extent, extent});
}

}  // namespace

Var tril(const Operand& x, std::int64_t k) { return triangle("tril", x, k, less_equal); }
Var triu(const Operand& x, std::int64_t k) { return triangle("triu", x, k, greater_equal); }

Var diagonal(const Operand& x, std::int64_t offset, int axis1, int axis2) {
  return detail::record_composite(
      "diagonal", [&](const Var& v) { return diagonal_of("diagonal", v, offset, axis1, axis2); }, x);
}

Var diag(const Operand& x, std::int64_t k) {
  return detail::record_composite(
      "diag",
      [&](const Var& v) {
        if (v.rank() != 1 && v.rank() != 2) fail<ShapeError>("diag", "it takes a vector or a matrix, x is ", v.shape());
        return v.rank() == 1 ? matrix_of(v, k) : diagonal_of_last(v, k);
      },
      x);
}

Var trace(const Operand& x, std::int64_t offset, int axis1, int axis2) {
  return detail::record_composite(
      "trace", [&](const Var& v) { return sum(diagonal_of("trace", v, offset, axis1, axis2), -1); }, x);
}

}  // namespace xtape
