#include "support/tensor.hpp"

#include <algorithm>
#include <utility>

namespace xtape::test {

namespace {

template <class T>
Tensor widened(const Array& array) {
  Tensor result{array.dtype(), array.shape(), {}};
  for (T value : array.values<T>()) result.elements.push_back(static_cast<Real>(value));
  return result;
}

template <class T>
Array narrowed(const Tensor& tensor) {
  std::vector<T> values;
  values.reserve(tensor.elements.size());
  for (Real value : tensor.elements) values.push_back(static_cast<T>(value));
  return Array::from(values, tensor.shape);
}

}  // namespace

Tensor tensor_of(const Array& array) {
  switch (array.dtype()) {
    case DType::float32:
      return widened<float>(array);
    case DType::float64:
      return widened<double>(array);
    case DType::int64:
      return widened<std::int64_t>(array);
    case DType::boolean:
      return widened<bool>(array);
  }
  return {};
}

Array array_of(const Tensor& tensor) {
  switch (tensor.dtype) {
    case DType::float32:
      return narrowed<float>(tensor);
    case DType::float64:
      return narrowed<double>(tensor);
    case DType::int64:
      return narrowed<std::int64_t>(tensor);
    case DType::boolean:
      return narrowed<bool>(tensor);
  }
  return {};
}

Tensor tensor(std::vector<Real> elements) {
  const Shape shape{static_cast<std::int64_t>(elements.size())};
  return {DType::float64, shape, std::move(elements)};
}

Tensor tensor(std::vector<Real> elements, const Shape& shape, DType dtype) {
  for (Real& element : elements) element = rounded(element, dtype);
  return {dtype, shape, std::move(elements)};
}

Real rounded(Real value, DType dtype) {
  switch (dtype) {
    case DType::float32:
      return static_cast<float>(value);
    case DType::float64:
      return static_cast<double>(value);
    case DType::int64:
      return static_cast<Real>(static_cast<std::int64_t>(value));
    case DType::boolean:
      return value != 0;
  }
  return value;
}

Tensor random_tensor(Random& random, const Shape& shape, DType dtype, Real low, Real high) {
  Tensor result{dtype, shape, std::vector<Real>(static_cast<std::size_t>(shape.size()))};
  for (Real& element : result.elements)
    element = is_floating(dtype)
                  ? rounded(random.uniform(low, high), dtype)
                  : static_cast<Real>(random.integer(static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)));
  return result;
}

std::vector<std::int64_t> row_major_strides(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.rank(), 1);
  for (std::size_t axis = shape.rank(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  return strides;
}

}  // namespace xtape::test
