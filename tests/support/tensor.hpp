// `Tensor`: the tests' own value type, every element a long double, which holds float, double, int64 and bool exactly.
// With the random numbers that inputs are made from.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include <xtape/array.hpp>

namespace xtape::test {

using Real = long double;

struct Tensor {
  DType dtype = DType::float64;
  Shape shape;
  std::vector<Real> elements;
};

Tensor tensor_of(const Array& array);
/// Rounds each element to the dtype.
Array array_of(const Tensor& tensor);
/// A float64 Tensor of rank 1, or of the given shape and dtype.
Tensor tensor(std::vector<Real> elements);
Tensor tensor(std::vector<Real> elements, const Shape& shape, DType dtype = DType::float64);
/// The value as an element of this dtype holds it.
Real rounded(Real value, DType dtype);

/// A generator whose numbers are the same on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  Real uniform(Real low = 0, Real high = 1) {
    return low + (high - low) * static_cast<Real>(engine_() >> 11) * 0x1p-53L;
  }
  /// low <= result <= high
  std::int64_t integer(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(Real probability) { return uniform() < probability; }
  std::uint64_t bits() { return engine_(); }
  template <class T>
  const T& pick(const std::vector<T>& choices) {
    return choices[static_cast<std::size_t>(integer(0, static_cast<std::int64_t>(choices.size()) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

/// Elements in [low, high), rounded to the dtype; for int64 and bool, integers from low to high.
Tensor random_tensor(Random& random, const Shape& shape, DType dtype = DType::float64, Real low = -2, Real high = 2);

/// The steps between row-major neighbours along each axis.
std::vector<std::int64_t> row_major_strides(const Shape& shape);

/// A position in a shape, which runs through all of them in row-major order.
struct Odometer {
  explicit Odometer(const Shape& extents) : shape(extents), at(extents.rank(), 0) {}
  void next() {
    for (std::size_t axis = shape.rank(); axis-- > 0;) {
      if (++at[axis] < shape[axis]) return;
      at[axis] = 0;
    }
  }
  /// The place that the position has in a buffer with these strides, one for each axis.
  std::size_t place(const std::vector<std::int64_t>& strides) const {
    std::int64_t sum = 0;
    for (std::size_t axis = 0; axis < strides.size(); ++axis) sum += at[axis] * strides[axis];
    return static_cast<std::size_t>(sum);
  }

  Shape shape;
  std::vector<std::int64_t> at;
};

}  // namespace xtape::test
