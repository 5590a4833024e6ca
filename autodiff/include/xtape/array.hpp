// `Array`: a concrete tensor value, and the `Shape` and `DType` that describe it.
// An Array is an immutable row-major buffer behind a reference count: copies cost nothing, and what
// was read once never changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace xtape {

/// The element types. Only float32 and float64 carry gradients; int64 and boolean are for indices and masks.
enum class DType : std::uint8_t { float32, float64, int64, boolean };

/// "float32", "float64", "int64" or "bool".
std::string_view name(DType dtype);

/// Bytes of one element.
constexpr std::size_t size_of(DType dtype) { return dtype == DType::boolean ? 1 : dtype == DType::float32 ? 4 : 8; }

constexpr bool is_floating(DType dtype) { return dtype == DType::float32 || dtype == DType::float64; }

/// The C++ element types that an Array can hold.
template <class T>
concept Element =
    std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, std::int64_t> || std::is_same_v<T, bool>;

/// The DType of a C++ element type.
template <Element T>
inline constexpr DType dtype_of = std::is_same_v<T, float>    ? DType::float32
                                  : std::is_same_v<T, double> ? DType::float64
                                  : std::is_same_v<T, bool>   ? DType::boolean
                                                              : DType::int64;

/// The extents of a tensor, up to eight axes, outermost first. A 0-d tensor has rank 0 and one element.
class Shape {
 public:
  static constexpr std::size_t kMaxRank = 8;
  static constexpr std::int64_t kMostElements = std::int64_t{1} << 56;

  Shape() {}  // NOLINT(modernize-use-equals-default): the extents stay as they are
  /// Throws ShapeError beyond eight axes, for a negative extent, or for more than 2^56 elements.
  Shape(std::initializer_list<std::int64_t> extents) : Shape(extents.begin(), extents.size()) {}
  explicit Shape(std::span<const std::int64_t> extents) : Shape(extents.data(), extents.size()) {}

  std::size_t rank() const { return rank_; }
  std::int64_t operator[](std::size_t axis) const { return extents_[axis]; }
  std::int64_t& operator[](std::size_t axis) { return extents_[axis]; }
  /// The extent of an axis counted from the end: back(0) is the last.
  std::int64_t back(std::size_t from_end = 0) const { return extents_[rank_ - 1 - from_end]; }
  const std::int64_t* begin() const { return extents_; }
  const std::int64_t* end() const { return extents_ + rank_; }

  /// The number of elements: the product of the extents, 1 for rank 0.
  std::int64_t size() const {
    std::int64_t product = 1;
    for (std::int64_t extent : *this) product *= extent;
    return product;
  }

  /// Whether there are at most 2^56 elements, counting extents of 0 as 1.
  bool addressable() const {
    std::int64_t product = 1;
    for (std::int64_t extent : *this)
      if (__builtin_mul_overflow(product, extent == 0 ? 1 : extent, &product) || product > kMostElements) return false;
    return true;
  }

  /// Appends an axis. Throws ShapeError beyond eight.
  void push_back(std::int64_t extent);

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (std::size_t i = 0; i < a.rank_; ++i)
      if (a.extents_[i] != b.extents_[i]) return false;
    return true;
  }

 private:
  Shape(const std::int64_t* extents, std::size_t rank);

  std::uint64_t rank_ = 0;
  std::int64_t extents_[kMaxRank];  // beyond the rank without meaning, and not worth clearing
};

/// "[569, 30]", "[]" for 0-d.
std::string to_string(const Shape& shape);

namespace detail {
[[noreturn]] void throw_beyond_int64(std::uint64_t number);

/// Whether a number, truncated, is one of int64; NaN is not.
constexpr bool fits_int64(double number) { return number >= -0x1p63 && number < 0x1p63; }

/// Throws ValueError for an unsigned number beyond int64.
template <class T>
constexpr std::int64_t to_int64(T number) {
  if constexpr (std::is_unsigned_v<T> && sizeof(T) == 8)
    if (number > static_cast<std::uint64_t>(INT64_MAX)) throw_beyond_int64(number);
  return static_cast<std::int64_t>(number);
}

struct Storage;
void retain(Storage* storage) noexcept;
void release(Storage* storage) noexcept;
}  // namespace detail

/// A tensor value: dtype, shape and a shared, immutable, row-major buffer, 64-byte aligned unless borrowed.
class Array {
 public:
  /// An Array without a value; using its elements throws ValueError.
  Array() = default;
  /// A 0-d Array.
  template <Element T>
  explicit Array(T value) : Array(copy(&value, Shape{})) {}
  /// A one-dimensional float64 Array: Array{1, 2, 3}.
  Array(std::initializer_list<double> values);
  /// A two-dimensional float64 Array: Array{{1, 2}, {3, 4}}. Throws ShapeError if the rows differ in length.
  Array(std::initializer_list<std::initializer_list<double>> rows);

  Array(const Array& other) noexcept
      : storage_(other.storage_), data_(other.data_), shape_(other.shape_), dtype_(other.dtype_) {
    if (storage_) detail::retain(storage_);
  }
  Array(Array&& other) noexcept
      : storage_(other.storage_), data_(other.data_), shape_(other.shape_), dtype_(other.dtype_) {
    other.storage_ = nullptr;
    other.data_ = nullptr;
  }
  Array& operator=(Array other) noexcept;
  ~Array() {
    if (storage_) detail::release(storage_);
  }

  /// Copies shape.size() elements from row-major memory.
  template <Element T>
  static Array copy(const T* elements, const Shape& shape) {
    return copy(elements, dtype_of<T>, shape);
  }
  /// Copies the values. Throws ShapeError if there are not shape.size() of them.
  template <Element T>
  static Array from(const std::vector<T>& values, const Shape& shape);
  template <Element T>
  static Array from(const std::vector<T>& values) {
    return from(values, Shape{static_cast<std::int64_t>(values.size())});
  }
  /// Refers to row-major memory that the caller keeps alive and unchanged for as long as the Array or a tape
  /// that has recorded it is in use. Debug builds check the contents by checksum before each evaluation.
  template <Element T>
  static Array borrow(const T* elements, const Shape& shape) {
    return borrow(elements, dtype_of<T>, shape);
  }
  /// Refers to row-major memory that `owner` keeps alive and that nobody changes any more.
  static Array adopt(const void* elements, DType dtype, const Shape& shape, std::shared_ptr<void> owner);
  static Array zeros(const Shape& shape, DType dtype = DType::float64) { return full(shape, 0.0, dtype); }
  static Array ones(const Shape& shape, DType dtype = DType::float64) { return full(shape, 1.0, dtype); }
  /// Throws DTypeError if the dtype is int64 or bool and cannot hold the value.
  static Array full(const Shape& shape, double value, DType dtype = DType::float64);

  bool has_value() const { return storage_ != nullptr; }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::size_t rank() const { return shape_.rank(); }
  std::int64_t size() const { return shape_.size(); }

  /// The elements in row-major order. Throws DTypeError if T is not the dtype's C++ type.
  template <Element T>
  std::span<const T> values() const {
    return {static_cast<const T*>(checked_data(dtype_of<T>)), static_cast<std::size_t>(size())};
  }
  template <Element T>
  const T* data() const {
    return static_cast<const T*>(checked_data(dtype_of<T>));
  }
  /// The buffer without a type.
  const void* bytes() const { return data_; }

  /// The only element, converted to T. Throws ShapeError if there is more than one, ValueError for a number that int64
  /// cannot hold.
  template <Element T>
  T item() const;

 private:
  friend struct ArrayAccess;
  static Array copy(const void* elements, DType dtype, const Shape& shape);
  static Array borrow(const void* elements, DType dtype, const Shape& shape);
  static void check_count(std::size_t values, const Shape& shape);
  const void* checked_data(DType wanted) const;
  double item_as_double() const;
  std::int64_t item_as_int64() const;

  detail::Storage* storage_ = nullptr;
  const void* data_ = nullptr;
  Shape shape_;
  DType dtype_ = DType::float64;
};

/// A short text: dtype, shape and the first elements.
std::string to_string(const Array& array);

template <Element T>
Array Array::from(const std::vector<T>& values, const Shape& shape) {
  check_count(values.size(), shape);
  if constexpr (std::is_same_v<T, bool>) {  // vector<bool> has no contiguous elements
    std::vector<char> bytes(values.begin(), values.end());
    return copy(bytes.data(), DType::boolean, shape);
  } else {
    return copy(values.data(), dtype_of<T>, shape);
  }
}

template <Element T>
T Array::item() const {
  if (dtype_ == DType::int64 || std::is_same_v<T, std::int64_t>) return static_cast<T>(item_as_int64());
  return static_cast<T>(item_as_double());
}

}  // namespace xtape
