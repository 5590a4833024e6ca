// Parts of the rows of ops that move elements, for more than one file of rows.
#pragma once

#include "ops/reference.hpp"
#include "ops/row.hpp"

namespace xtape::test {

using Vars = std::span<const Var>;
using Tensors = std::span<const Tensor>;

inline std::size_t from_start(int axis, std::size_t rank) {
  return static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(rank) : axis);
}

/// The tensor of a shape whose element at an index is `element(index)`.
inline Tensor filled(DType dtype, const Shape& shape, const std::function<Real(const Index&)>& element) {
  Tensor result{dtype, shape, {}};
  Odometer position(shape);
  for (std::int64_t i = 0; i < shape.size(); ++i, position.next()) result.elements.push_back(element(position.at));
  return result;
}

/// An op of one tensor, whose result at an index is x at `source(index)`.
inline Row::Part moving(const Shape& shape, const Build& build, const Shape& result,
                        const std::function<Index(const Index&)>& source, Kind kind = Kind::floating) {
  return sample({Input{shape, kind, 0, 1}}, build, [=](Tensors x) { return gathered(x[0], result, source); });
}

template <class Exception>
Row::Part fails_on(const Shape& shape, const Build& build, std::vector<std::string> parts) {
  return fails<Exception>({real(shape)}, build, std::move(parts));
}

/// Rows of the ops that pick elements.
std::vector<Row> index_rows();

}  // namespace xtape::test
