#include <xtape/array.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "ops/errors.hpp"
#include "tape/storage.hpp"

namespace xtape {

namespace {

std::vector<double> flat(std::initializer_list<std::initializer_list<double>> rows) {
  std::vector<double> values;
  for (const auto& row : rows) {
    if (row.size() != rows.begin()->size())
      detail::fail<ShapeError>("Array", "rows differ in length: ", rows.begin()->size(), " and ", row.size());
    values.insert(values.end(), row.begin(), row.end());
  }
  return values;
}

template <class T>
void fill(std::byte* bytes, std::int64_t size, T value) {
  T* elements = reinterpret_cast<T*>(bytes);
  for (std::int64_t i = 0; i < size; ++i) elements[i] = value;
}

void check_representable(double value, DType dtype) {
  const bool fits =
      dtype == DType::boolean ? value == 0 || value == 1 : value == std::trunc(value) && std::abs(value) < 9.2e18;
  if (!fits) detail::fail<DTypeError>("Array", dtype, " cannot hold ", value);
}

void check_single(const Array& array) {
  if (array.size() != 1) detail::fail<ShapeError>("item", "one element wanted, the shape is ", array.shape());
}

}  // namespace

namespace detail {

void throw_beyond_int64(std::uint64_t number) { fail<ValueError>("int64", "it cannot hold ", number); }

std::string text(double number) {
  if (std::isnan(number)) return "nan";  // its sign says nothing
  char buffer[32];                       // the shortest text that reads back as the same number
  const std::to_chars_result end = std::to_chars(buffer, buffer + sizeof buffer, number);
  return std::string(buffer, end.ptr);
}

std::string text(std::span<const std::int64_t> extents) {
  std::string text = "[";
  for (std::size_t i = 0; i < extents.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(extents[i]);
  return text + "]";
}

}  // namespace detail

std::string_view name(DType dtype) {
  constexpr std::string_view kNames[] = {"float32", "float64", "int64", "bool"};
  return kNames[static_cast<std::size_t>(dtype)];
}

Shape::Shape(const std::int64_t* extents, std::size_t rank) {
  if (rank > kMaxRank) detail::fail<ShapeError>("Shape", rank, " axes, at most ", kMaxRank, " are possible");
  for (std::size_t axis = 0; axis < rank; ++axis) push_back(extents[axis]);
  if (!addressable()) detail::fail<ShapeError>("Shape", *this, " has too many elements");
}

void Shape::push_back(std::int64_t extent) {
  if (rank_ == kMaxRank) detail::fail<ShapeError>("Shape", "more than ", kMaxRank, " axes");
  if (extent < 0) detail::fail<ShapeError>("Shape", "negative extent ", extent);
  extents_[rank_++] = extent;
}

std::string to_string(const Shape& shape) { return detail::text(std::span(shape.begin(), shape.rank())); }

Array::Array(std::initializer_list<double> values)
    : Array(copy(values.begin(), Shape{static_cast<std::int64_t>(values.size())})) {}

Array::Array(std::initializer_list<std::initializer_list<double>> rows)
    : Array(from(flat(rows), Shape{static_cast<std::int64_t>(rows.size()),
                                   static_cast<std::int64_t>(rows.size() == 0 ? 0 : rows.begin()->size())})) {}

Array& Array::operator=(Array other) noexcept {
  std::swap(storage_, other.storage_);
  std::swap(data_, other.data_);
  std::swap(shape_, other.shape_);
  std::swap(dtype_, other.dtype_);
  return *this;
}

Array Array::full(const Shape& shape, double value, DType dtype) {
  if (!is_floating(dtype)) check_representable(value, dtype);
  Array array = ArrayAccess::allocate(dtype, shape);
  std::byte* bytes = ArrayAccess::mutable_bytes(array);
  switch (dtype) {
    case DType::float32:
      fill(bytes, shape.size(), static_cast<float>(value));
      break;
    case DType::float64:
      fill(bytes, shape.size(), value);
      break;
    case DType::int64:
      fill(bytes, shape.size(), static_cast<std::int64_t>(value));
      break;
    case DType::boolean:
      fill(bytes, shape.size(), value != 0);
      break;
  }
  return array;
}

Array Array::copy(const void* elements, DType dtype, const Shape& shape) {
  Array array = ArrayAccess::allocate(dtype, shape);
  const std::size_t bytes = static_cast<std::size_t>(shape.size()) * size_of(dtype);
  if (bytes != 0) std::memcpy(ArrayAccess::mutable_bytes(array), elements, bytes);
  return array;
}

Array Array::borrow(const void* elements, DType dtype, const Shape& shape) {
  Array array;
  array.storage_ = detail::borrow_storage(elements, static_cast<std::size_t>(shape.size()) * size_of(dtype));
  array.data_ = elements;
  array.shape_ = shape;
  array.dtype_ = dtype;
  return array;
}

Array Array::adopt(const void* elements, DType dtype, const Shape& shape, std::shared_ptr<void> owner) {
  Array array = borrow(elements, dtype, shape);
  array.storage_->owner = std::move(owner);
  return array;
}

double ArrayAccess::element(const Array& array, std::size_t i) {
  switch (array.dtype()) {
    case DType::float32:
      return array.values<float>()[i];
    case DType::float64:
      return array.values<double>()[i];
    case DType::int64:
      return static_cast<double>(array.values<std::int64_t>()[i]);
    case DType::boolean:
      return array.values<bool>()[i];
  }
  return 0;
}

void Array::check_count(std::size_t values, const Shape& shape) {
  if (static_cast<std::int64_t>(values) != shape.size())
    detail::fail<ShapeError>("Array", values, " values do not fill the shape ", shape);
}

const void* Array::checked_data(DType wanted) const {
  if (!has_value()) detail::fail<ValueError>("Array", "it has no value");
  if (wanted != dtype_) detail::fail<DTypeError>("Array", "asked for elements of ", wanted, ", they are ", dtype_);
  return data_;
}

double Array::item_as_double() const {
  check_single(*this);
  return ArrayAccess::element(*this, 0);
}

std::int64_t Array::item_as_int64() const {
  check_single(*this);
  if (dtype_ == DType::int64) return values<std::int64_t>()[0];
  const double value = ArrayAccess::element(*this, 0);
  if (!detail::fits_int64(value)) detail::fail<ValueError>("item", "int64 cannot hold ", value);
  return static_cast<std::int64_t>(value);
}

std::string to_string(const Array& array) {
  if (!array.has_value()) return "no value";
  constexpr std::int64_t kShown = 8;
  std::string text = std::string(name(array.dtype())) + to_string(array.shape()) + " {";
  for (std::int64_t i = 0; i < std::min(array.size(), kShown); ++i)
    text += (i == 0 ? "" : ", ") + detail::text(ArrayAccess::element(array, static_cast<std::size_t>(i)));
  return text + (array.size() > kShown ? ", ...}" : "}");
}

}  // namespace xtape
