// The standardizer neither overflows nor divides by a scale that vanished.
#include <gtest/gtest.h>

#include <cmath>

#include <xtape/models/standardizer.hpp>
#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::models {
namespace {

TEST(Standardizer, TinyAndHugeColumnsHaveUnitDeviation) {
  const Array x{{0, 1e200}, {1e-200, -1e200}, {0, 0}};
  Standardizer standardizer;
  const Array z = standardizer.fit(x).transform(x);
  for (std::size_t column : {0U, 1U}) {
    double sum = 0, squares = 0;
    for (std::size_t row = 0; row < 3; ++row) {
      const double element = z.values<double>()[row * 2 + column];
      sum += element;
      squares += element * element;
    }
    EXPECT_NEAR(sum, 0, 1e-12);
    EXPECT_NEAR(squares, 3, 1e-12);
  }
}

TEST(Standardizer, SaysWhatOverflows) {
  Standardizer standardizer;
  standardizer.fit(Array{{1, 2}, {3, 4}});
  EXPECT_EQ(test::message_of<ValueError>([&] {
              standardizer.fit(Array{{1, 1.5e308}, {2, 1.6e308}});
            }),
            "Standardizer.fit: the mean of x overflows float64 in column 1 (counted from 0)");
  EXPECT_EQ(test::message_of<ValueError>([&] {
              standardizer.fit(Array{{1.7e308, 1}, {-1.7e308, 2}, {-1.7e308, 3}});
            }),
            "Standardizer.fit: x less its mean overflows float64 in column 0 (counted from 0)");
  EXPECT_TRUE(test::equals(standardizer.mean, {2, 3}));
  EXPECT_TRUE(test::equals(standardizer.scale, {1, 1}));
}

}  // namespace
}  // namespace xtape::models
