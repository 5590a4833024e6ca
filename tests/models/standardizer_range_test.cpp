// The standardizer neither overflows nor divides by a scale that vanished.
#include <gtest/gtest.h>

#include <cmath>

#include <xtape/models/standardizer.hpp>
#include <xtape/xtape.hpp>

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

}  // namespace
}  // namespace xtape::models
