// Arrays and shapes: construction, elements, sharing.
#include <cmath>
#include <memory>

#include <gtest/gtest.h>

#include <xtape/array.hpp>
#include <xtape/error.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

TEST(Array, FromBraces) {
  const Array vector{1, 2, 3}, matrix{{1, 2}, {3, 4}, {5, 6}};
  EXPECT_EQ(vector.shape(), (Shape{3}));
  EXPECT_EQ(matrix.shape(), (Shape{3, 2}));
  EXPECT_EQ(vector.dtype(), DType::float64);
  EXPECT_TRUE(equals(matrix, {1, 2, 3, 4, 5, 6}));
}

TEST(Array, FromNumbers) {
  EXPECT_EQ(Array(2.5).dtype(), DType::float64);
  EXPECT_EQ(Array(2.5F).dtype(), DType::float32);
  EXPECT_EQ(Array(std::int64_t{7}).dtype(), DType::int64);
  EXPECT_EQ(Array(true).dtype(), DType::boolean);
  EXPECT_EQ(Array(2.5).rank(), 0U);
  EXPECT_EQ(Array(2.5).size(), 1);
}

TEST(Array, FromVectors) {
  EXPECT_TRUE(equals(Array::from<float>({1, 2, 3, 4}, {2, 2}), {1, 2, 3, 4}));
  EXPECT_TRUE(equals(Array::from<std::int64_t>({1, -2}), {1, -2}));
  EXPECT_TRUE(equals(Array::from<bool>({true, false, true}), {1, 0, 1}));
  EXPECT_EQ(Array::from<double>({}, {0, 3}).shape(), (Shape{0, 3}));
}

TEST(Array, Filled) {
  EXPECT_TRUE(equals(Array::zeros({2}), {0, 0}));
  EXPECT_TRUE(equals(Array::ones({2}, DType::float32), {1, 1}));
  EXPECT_TRUE(equals(Array::full({2}, -3, DType::int64), {-3, -3}));
  EXPECT_TRUE(equals(Array::full({}, 1, DType::boolean), {1}));
}

TEST(Array, ElementsAreAligned) {
  for (std::int64_t n : {1, 3, 1000}) EXPECT_EQ(reinterpret_cast<std::uintptr_t>(Array::zeros({n}).bytes()) % 64, 0U);
}

TEST(Array, CopiesTheElements) {
  std::vector<double> elements{1, 2, 3};
  const Array array = Array::copy(elements.data(), {3});
  elements[0] = 9;
  EXPECT_TRUE(equals(array, {1, 2, 3}));
}

TEST(Array, BorrowsTheElements) {
  const std::vector<double> elements{1, 2, 3};
  const Array array = Array::borrow(elements.data(), {3});
  EXPECT_EQ(array.data<double>(), elements.data());
}

TEST(Array, AdoptsAnOwner) {
  auto elements = std::make_shared<std::vector<double>>(std::vector<double>{1, 2, 3});
  const std::weak_ptr<std::vector<double>> alive = elements;
  {
    const double* data = elements->data();
    const Array array = Array::adopt(data, DType::float64, {3}, std::move(elements));
    const Array copy = array;
    EXPECT_TRUE(equals(copy, {1, 2, 3}));
    EXPECT_FALSE(alive.expired());
  }
  EXPECT_TRUE(alive.expired());
}

TEST(Array, CopiesShareTheBuffer) {
  const Array array{1, 2};
  Array copy = array;
  EXPECT_EQ(copy.bytes(), array.bytes());
  const Array moved = std::move(copy);
  EXPECT_EQ(moved.bytes(), array.bytes());
  copy = Array{5};
  EXPECT_TRUE(equals(array, {1, 2}));
}

TEST(Array, ItemConverts) {
  EXPECT_EQ(Array(2.75).item<float>(), 2.75F);
  EXPECT_EQ(Array(2.75).item<std::int64_t>(), 2);
  EXPECT_EQ(Array(std::int64_t{9007199254740993}).item<std::int64_t>(), 9007199254740993);
  EXPECT_TRUE(Array(3.0).item<bool>());
  EXPECT_EQ(Array::ones({1, 1}).item<double>(), 1);
}

TEST(Array, Describes) {
  EXPECT_EQ(to_string(Shape{569, 30}), "[569, 30]");
  EXPECT_EQ(to_string(Shape{}), "[]");
  EXPECT_TRUE(contains(xtape::to_string(Array{1.5, 2}), {"float64", "[2]", "1.5"}));
}

TEST(Shape, Extents) {
  Shape shape{2, 3, 4};
  EXPECT_EQ(shape.rank(), 3U);
  EXPECT_EQ(shape.size(), 24);
  EXPECT_EQ(shape.back(), 4);
  EXPECT_EQ(shape.back(2), 2);
  shape.push_back(5);
  EXPECT_EQ(shape, (Shape{2, 3, 4, 5}));
  EXPECT_FALSE(shape == (Shape{2, 3, 4}));
  EXPECT_EQ((Shape{0, 3}).size(), 0);
}

}  // namespace

}  // namespace xtape::test
