#include "ops/reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace xtape::test {

namespace {

Tensor empty_tensor(DType dtype, const Shape& shape) {
  return {dtype, shape, std::vector<Real>(static_cast<std::size_t>(shape.size()))};
}

std::vector<bool> chosen(std::size_t rank, const std::vector<int>& axes) {
  std::vector<bool> result(rank, axes.empty());
  for (int axis : axes) result[static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(rank) : axis)] = true;
  return result;
}

/// The flat positions of each group, by the index with the chosen axes set to 0; every index occurs, so that an empty
/// group still counts.
std::map<Index, std::vector<std::size_t>> groups_of(const Tensor& x, const std::vector<bool>& axes) {
  Shape outer = x.shape;
  for (std::size_t axis = 0; axis < axes.size(); ++axis)
    if (axes[axis]) outer[axis] = 1;
  std::map<Index, std::vector<std::size_t>> groups;
  Odometer kept(outer);
  for (std::int64_t i = 0; i < outer.size(); ++i, kept.next()) groups[kept.at];
  Odometer position(x.shape);
  for (std::size_t i = 0; i < x.elements.size(); ++i, position.next()) {
    Index key = position.at;
    for (std::size_t axis = 0; axis < axes.size(); ++axis)
      if (axes[axis]) key[axis] = 0;
    groups[key].push_back(i);
  }
  return groups;
}

std::vector<Real> elements_at(const Tensor& x, const std::vector<std::size_t>& places) {
  std::vector<Real> result;
  for (std::size_t place : places) result.push_back(x.elements[place]);
  return result;
}

Index batch_index(const Index& index, const Shape& operand, std::size_t batch_rank) {
  const std::size_t own = operand.rank() - 2;
  Index result(index.begin() + static_cast<std::ptrdiff_t>(batch_rank - own),
               index.begin() + static_cast<std::ptrdiff_t>(batch_rank));
  for (std::size_t i = 0; i < own; ++i)
    if (operand[i] == 1) result[i] = 0;
  return result;
}

Tensor with_shape(const Tensor& x, const std::vector<std::int64_t>& extents) {
  return {x.dtype, Shape(std::span<const std::int64_t>(extents)), x.elements};
}

Tensor product_of_matrices(const Tensor& a, const Tensor& b) {
  const std::size_t a_rank = a.shape.rank(), b_rank = b.shape.rank();
  std::vector<std::int64_t> extents(std::max(a_rank, b_rank), 1);
  for (std::size_t i = 2; i < a_rank; ++i) extents[extents.size() - 1 - i] = a.shape.back(i);
  for (std::size_t i = 2; i < b_rank; ++i)
    if (b.shape.back(i) != 1) extents[extents.size() - 1 - i] = b.shape.back(i);
  extents[extents.size() - 2] = a.shape.back(1);
  extents.back() = b.shape.back();
  Tensor result = empty_tensor(a.dtype, Shape(std::span<const std::int64_t>(extents)));
  const std::size_t batch = extents.size() - 2;
  Odometer position(result.shape);
  for (Real& element : result.elements) {
    Index left = batch_index(position.at, a.shape, batch), right = batch_index(position.at, b.shape, batch);
    for (std::int64_t k = 0; k < a.shape.back(); ++k) {
      Index row = left, column = right;
      row.insert(row.end(), {position.at[batch], k});
      column.insert(column.end(), {k, position.at[batch + 1]});
      element += at(a, row) * at(b, column);
    }
    position.next();
  }
  return result;
}

}  // namespace

Real at(const Tensor& x, const Index& index) {
  const std::vector<std::int64_t> strides = row_major_strides(x.shape);
  std::int64_t place = 0;
  for (std::size_t axis = 0; axis < index.size(); ++axis) place += index[axis] * strides.at(axis);
  return x.elements.at(static_cast<std::size_t>(place));
}

Tensor gathered(const Tensor& x, const Shape& shape, const std::function<Index(const Index&)>& source) {
  Tensor result = empty_tensor(x.dtype, shape);
  Odometer position(shape);
  for (Real& element : result.elements) {
    element = at(x, source(position.at));
    position.next();
  }
  return result;
}

Tensor reduced(const Tensor& x, std::vector<int> axes, bool keepdims, Real (*function)(const std::vector<Real>&)) {
  const std::vector<bool> gone = chosen(x.shape.rank(), axes);
  std::vector<std::int64_t> extents;
  for (std::size_t axis = 0; axis < gone.size(); ++axis)
    if (!gone[axis] || keepdims) extents.push_back(gone[axis] ? 1 : x.shape[axis]);
  Tensor result{x.dtype, Shape(std::span<const std::int64_t>(extents)), {}};
  for (const auto& [key, places] : groups_of(x, gone)) result.elements.push_back(function(elements_at(x, places)));
  return result;
}

Tensor mapped(const Tensor& x, std::vector<int> axes, void (*function)(std::vector<Real>&)) {
  Tensor result = x;
  for (const auto& [key, places] : groups_of(x, chosen(x.shape.rank(), axes))) {
    std::vector<Real> elements = elements_at(x, places);
    function(elements);
    for (std::size_t i = 0; i < places.size(); ++i) result.elements[places[i]] = elements[i];
  }
  return result;
}

Tensor matrix_product(const Tensor& a, const Tensor& b) {
  const bool row = a.shape.rank() == 1, column = b.shape.rank() == 1;
  Tensor result =
      product_of_matrices(row ? with_shape(a, {1, a.shape[0]}) : a, column ? with_shape(b, {b.shape[0], 1}) : b);
  std::vector<std::int64_t> extents(result.shape.begin(), result.shape.end());
  if (column) extents.pop_back();
  if (row) extents.erase(extents.end() - (column ? 1 : 2));
  return with_shape(result, extents);
}

Real log_sum_exp(const std::vector<Real>& x) {
  if (x.empty()) return -std::numeric_limits<Real>::infinity();
  const Real largest = *std::max_element(x.begin(), x.end());
  if (std::isinf(largest)) return largest;
  Real sum = 0;
  for (Real element : x) sum += std::exp(element - largest);
  return largest + std::log(sum);
}

}  // namespace xtape::test
