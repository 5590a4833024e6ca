// masked_select, one_hot and meshgrid.
#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/view.hpp"

namespace xtape {

using detail::fail;

namespace {

/// The value of a mask, computed now if need be.
Array mask_value(const Operand& mask) {
  switch (mask.kind) {
    case Operand::Kind::var:
      return mask.var.value();
    case Operand::Kind::array:
      return *mask.array;
    case Operand::Kind::parameter:
      return mask.parameter->value();
    default:
      fail<DTypeError>("masked_select", "the mask is a number, it must be a bool tensor");
  }
}

Var selected(const Var& x, const Array& mask) {
  const Shape shape = x.shape();
  if (mask.dtype() != DType::boolean)
    fail<DTypeError>("masked_select", "the mask is ", mask.dtype(), ", it must be bool");
  const bool fits = mask.rank() <= shape.rank() && mask.shape() == Shape(std::span(shape.begin(), mask.rank()));
  if (!fits) fail<ShapeError>("masked_select", "x is ", shape, ", the mask is ", mask.shape());
  std::vector<std::int64_t> positions;
  for (std::int64_t i = 0; i < mask.size(); ++i)
    if (mask.values<bool>()[static_cast<std::size_t>(i)]) positions.push_back(i);
  Shape rows{mask.size()};
  for (std::size_t axis = mask.rank(); axis < shape.rank(); ++axis) rows.push_back(shape[axis]);
  return take(detail::reshaped(x, rows), Array::from(positions), 0);
}

/// Where the argument `of` of a mesh runs.
std::size_t mesh_axis(std::size_t of, std::size_t arguments, Indexing indexing) {
  return indexing == Indexing::xy && arguments > 1 && of < 2 ? 1 - of : of;
}

}  // namespace

Var masked_select(const Operand& x, const Operand& mask) {
  const Array value = mask_value(mask);
  return detail::record_composite(
      "masked_select", [&](const Var& v) { return selected(v, value); }, x);
}

Var one_hot(const Operand& indices, std::int64_t classes, DType dtype) {
  return detail::record_composite(
      "one_hot",
      [&](const Var& v) {
        if (v.dtype() != DType::int64)
          fail<DTypeError>("one_hot", "the indices are ", v.dtype(), ", they must be int64");
        if (classes < 0) fail<ValueError>("one_hot", "the number of classes must not be negative, is ", classes);
        Shape shape = v.shape();
        detail::check_rank("one_hot", shape, shape.rank() + 1);
        shape.push_back(1);
        return cast(equal(detail::reshaped(v, shape), arange(classes)), dtype);
      },
      indices);
}

std::vector<Var> meshgrid(const std::vector<Var>& axes, Indexing indexing, const char* file, std::uint32_t line) {
  if (axes.size() > Shape::kMaxRank)
    fail<ShapeError>("meshgrid", axes.size(), " arguments make a grid of as many axes, the most are ", Shape::kMaxRank);
  Shape grid;
  for (std::size_t i = 0; i < axes.size(); ++i) grid.push_back(1);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i].rank() > 1) fail<ShapeError>("meshgrid", "argument ", i, " is ", axes[i].shape(), ", not a vector");
    grid[mesh_axis(i, axes.size(), indexing)] = axes[i].size();
  }
  std::vector<Var> result;
  for (std::size_t i = 0; i < axes.size(); ++i)
    result.push_back(detail::record_composite(
        "meshgrid",
        [&](const Var& v) {
          const std::size_t at = mesh_axis(i, axes.size(), indexing);
          Shape line_shape{v.size()};
          while (line_shape.rank() + at < grid.rank()) line_shape.push_back(1);
          return detail::broadcasted(detail::reshaped(v, line_shape), grid);
        },
        Operand(axes[i], file, line)));
  return result;
}

}  // namespace xtape
