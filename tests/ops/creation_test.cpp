// arange, linspace and eye.
#include <cmath>

#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

TEST(Creation, Arange) {
  EXPECT_TRUE(equals(arange(4), {0, 1, 2, 3}));
  EXPECT_EQ(arange(4).dtype(), DType::int64);
  EXPECT_TRUE(equals(arange(2, 9, 3), {2, 5, 8}));
  EXPECT_TRUE(equals(arange(2, 8, 3), {2, 5}));
  EXPECT_TRUE(equals(arange(3, -2, -2), {3, 1, -1}));
  EXPECT_TRUE(equals(arange(3, 3), {}));
  EXPECT_TRUE(equals(arange(3, 5, -1), {}));
  EXPECT_TRUE(equals(arange(0, 1, 0.25), {0, 0.25L, 0.5L, 0.75L}));
  EXPECT_EQ(arange(0.0, 1.0).dtype(), DType::float64);
  EXPECT_EQ(arange(0, 3, 1, DType::float32).dtype(), DType::float32);
  EXPECT_TRUE(equals(arange(INT64_MIN, INT64_MAX, INT64_MAX), {INT64_MIN, -1, INT64_MAX - 1}));
}

TEST(Creation, Linspace) {
  EXPECT_TRUE(equals(linspace(0, 1, 5), {0, 0.25L, 0.5L, 0.75L, 1}));
  EXPECT_TRUE(equals(linspace(0, 1, 4, false), {0, 0.25L, 0.5L, 0.75L}));
  EXPECT_TRUE(equals(linspace(2, 3, 1), {2}));
  EXPECT_TRUE(equals(linspace(2, 3, 0), {}));
  EXPECT_EQ(linspace(0, 1).size(), 50);
  const Array thirds = linspace(0.1, 0.7, 7);
  EXPECT_EQ(thirds.values<double>()[6], 0.7);
  EXPECT_EQ(linspace(0, 1, 3, true, DType::float32).dtype(), DType::float32);
  EXPECT_TRUE(equals(linspace(-1e308, 1e308, 5), {-1e308, -5e307, 0, 5e307, 1e308}));
}

TEST(Creation, Eye) {
  EXPECT_TRUE(equals(eye(2), {1, 0, 0, 1}));
  EXPECT_TRUE(equals(eye(2, 3, 1), {0, 1, 0, 0, 0, 1}));
  EXPECT_TRUE(equals(eye(3, 2, -1), {0, 0, 1, 0, 0, 1}));
  EXPECT_EQ(eye(2, 3).shape(), (Shape{2, 3}));
  for (DType dtype : {DType::float32, DType::int64, DType::boolean}) {
    EXPECT_EQ(eye(2, 2, 0, dtype).dtype(), dtype);
    EXPECT_TRUE(equals(eye(2, 2, 0, dtype), {1, 0, 0, 1}));
  }
}

TEST(Creation, Errors) {
  const auto integers = message_of<ValueError>([] { arange(0, 3, 0); });
  EXPECT_TRUE(contains(integers, {"arange", "step is 0"}));
  EXPECT_TRUE(contains(message_of<ValueError>([] { arange(0.0, INFINITY); }), {"arange", "inf"}));
  EXPECT_TRUE(contains(message_of<ValueError>([] { arange(INT64_MIN, INT64_MAX); }), {"arange", "too many"}));
  EXPECT_TRUE(contains(message_of<DTypeError>([] { arange(0, 1, 0.5, DType::int64); }), {"arange", "int64"}));
  EXPECT_TRUE(contains(message_of<DTypeError>([] { arange(0, 1, 1, DType::boolean); }), {"arange", "bool"}));
  EXPECT_TRUE(contains(message_of<ValueError>([] { linspace(0, 1, -1); }), {"linspace", "-1"}));
  EXPECT_TRUE(contains(message_of<DTypeError>([] { linspace(0, 1, 3, true, DType::int64); }), {"linspace", "int64"}));
  EXPECT_TRUE(contains(message_of<ShapeError>([] { eye(2, -1); }), {"eye", "2 and -1"}));
}

}  // namespace

}  // namespace xtape::test
