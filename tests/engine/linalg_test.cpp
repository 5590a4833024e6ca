// Decompositions of Arrays: the definition of each, by plain loops, on random matrices; and what is refused.
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include <xtape/error.hpp>
#include <xtape/linalg.hpp>

#include "support/check.hpp"

namespace xtape::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Array random_matrix(std::int64_t rows, std::int64_t columns, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<double> elements(static_cast<std::size_t>(rows * columns));
  for (double& element : elements) element = uniform(random);
  return Array::from(elements, {rows, columns});
}

double at(const Array& matrix, std::int64_t row, std::int64_t column) {
  return matrix.data<double>()[row * matrix.shape()[1] + column];
}

Array product(const Array& a, const Array& b) {
  std::vector<double> elements;
  for (std::int64_t i = 0; i < a.shape()[0]; ++i)
    for (std::int64_t j = 0; j < b.shape()[1]; ++j) {
      double sum = 0;
      for (std::int64_t k = 0; k < a.shape()[1]; ++k) sum += at(a, i, k) * at(b, k, j);
      elements.push_back(sum);
    }
  return Array::from(elements, {a.shape()[0], b.shape()[1]});
}

Array transposed(const Array& a) {
  std::vector<double> elements;
  for (std::int64_t j = 0; j < a.shape()[1]; ++j)
    for (std::int64_t i = 0; i < a.shape()[0]; ++i) elements.push_back(at(a, i, j));
  return Array::from(elements, {a.shape()[1], a.shape()[0]});
}

double largest_difference(const Array& a, const Array& b) {
  EXPECT_EQ(a.shape(), b.shape());
  double largest = 0;
  for (std::int64_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(a.data<double>()[i] - b.data<double>()[i]));
  return largest;
}

Array as_column(const Array& x) { return Array::copy(x.data<double>(), {x.size(), 1}); }

/// b b^T + 1, which is positive definite.
Array positive_definite(std::int64_t n, unsigned seed) {
  Array b = random_matrix(n, n, seed), square = product(b, transposed(b));
  std::vector<double> elements(square.values<double>().begin(), square.values<double>().end());
  for (std::int64_t i = 0; i < n; ++i) elements[static_cast<std::size_t>(i * n + i)] += 1;
  return Array::from(elements, {n, n});
}

TEST(Linalg, CholeskyTimesItsTransposeIsTheMatrix) {
  for (std::int64_t n : {1, 2, 5, 40}) {
    Array a = positive_definite(n, 1);
    std::optional<Array> factor = linalg::cholesky(a);
    ASSERT_TRUE(factor.has_value());
    EXPECT_LT(largest_difference(product(*factor, transposed(*factor)), a), 1e-13 * static_cast<double>(n));
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = i + 1; j < n; ++j) EXPECT_EQ(at(*factor, i, j), 0);
    Array b = random_matrix(n, 1, 2), x = linalg::cholesky_solve(*factor, Array::copy(b.data<double>(), {n}));
    EXPECT_EQ(x.shape(), Shape({n}));
    EXPECT_LT(largest_difference(product(a, as_column(x)), b), 1e-12);
  }
}

TEST(Linalg, CholeskyReadsTheLowerTriangle) {
  Array a{{4, kNaN}, {2, 5}};
  EXPECT_THROW(linalg::cholesky(a), ValueError);
  std::optional<Array> factor = linalg::cholesky(Array{{4, 99}, {2, 5}});
  ASSERT_TRUE(factor.has_value());
  EXPECT_EQ(to_string(*factor), to_string(Array{{2, 0}, {1, 2}}));
}

TEST(Linalg, CholeskyOfAMatrixThatIsNotPositiveDefiniteIsNothing) {
  EXPECT_FALSE(linalg::cholesky(Array{{1, 2}, {2, 1}}).has_value());
  EXPECT_FALSE(linalg::cholesky(Array{{1, 1}, {1, 1}}).has_value());
  EXPECT_FALSE(linalg::cholesky(Array::zeros({3, 3})).has_value());
  EXPECT_FALSE(linalg::cholesky(Array::full({1, 1}, -1)).has_value());
}

TEST(Linalg, CholeskySolveRefusesASingularFactor) {
  for (const Array& b : {Array{1, 1}, Array{1, 0}, Array{0, 0}}) {
    EXPECT_EQ(message_of<NumericalError>([&] {
                linalg::cholesky_solve(Array{{1, 0}, {1, 0}}, b);
              }),
              "cholesky_solve: the factor is singular: pivot 1 (counted from 0) is 0");
  }
  // 1e310 - 1e310 stands in the last equation.
  EXPECT_EQ(message_of<NumericalError>([] {
              linalg::cholesky_solve(Array{{1e-310, 0, 0}, {0, 1e-310, 0}, {1, 1, 1}}, Array{1, -1, 0});
            }),
            "cholesky_solve: the factor is too near to singular: the solution overflows");
}

TEST(Linalg, LeastSquaresCutsAtAShareOfTheLargestSingularValue) {
  const Array a{{1, 0}, {0, 0.5}}, b{1, 1};
  for (const double rcond : {kNaN, -0.1, 1.1, 5.0}) {
    EXPECT_TRUE(
        contains(message_of<ValueError>([&] { linalg::lstsq(a, b, rcond); }), {"lstsq: rcond must be in [0, 1], is "}));
  }
  EXPECT_EQ(linalg::lstsq(a, b, 0).rank, 2);
  EXPECT_EQ(linalg::lstsq(a, b, 0.6).rank, 1);
}

TEST(Linalg, EighDiagonalizes) {
  for (std::int64_t n : {1, 3, 30}) {
    Array a = positive_definite(n, 4);
    auto [values, vectors] = linalg::eigh(a);
    EXPECT_EQ(values.shape(), Shape({n}));
    Array moved = product(a, vectors);
    for (std::int64_t j = 0; j < n; ++j) {
      if (j > 0) {
        EXPECT_LE(values.data<double>()[j - 1], values.data<double>()[j]);
      }
      for (std::int64_t i = 0; i < n; ++i)
        EXPECT_NEAR(at(moved, i, j), values.data<double>()[j] * at(vectors, i, j), 1e-12);
    }
    Array gram = product(transposed(vectors), vectors);
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < n; ++j) EXPECT_NEAR(at(gram, i, j), i == j, 1e-13);
  }
  linalg::Eigh indefinite = linalg::eigh(Array{{0, 2}, {2, 0}});
  EXPECT_NEAR(indefinite.eigenvalues.data<double>()[0], -2, 1e-15);
  EXPECT_NEAR(indefinite.eigenvalues.data<double>()[1], 2, 1e-15);
}

TEST(Linalg, LeastSquaresLeavesAResidualNormalToTheColumns) {
  for (std::int64_t sides : {1, 3}) {
    Array a = random_matrix(20, 4, 5), b = random_matrix(20, sides, 6);
    auto [x, rank, singular_values] = linalg::lstsq(a, b);
    EXPECT_EQ(rank, 4);
    EXPECT_EQ(x.shape(), Shape({4, sides}));
    EXPECT_EQ(singular_values.shape(), Shape({4}));
    Array normal = product(transposed(a), a), right = product(transposed(a), b);
    EXPECT_LT(largest_difference(product(normal, x), right), 1e-13);
  }
}

TEST(Linalg, LeastSquaresOfAWideMatrixHasTheLeastNorm) {
  linalg::LeastSquares wide = linalg::lstsq(Array{{1, 2, 2}}, Array{9});
  EXPECT_EQ(wide.rank, 1);
  EXPECT_NEAR(wide.singular_values.item<double>(), 3, 1e-15);
  EXPECT_LT(largest_difference(wide.solution, Array{1, 2, 2}), 1e-14);
  // Of all x with x0 + x1 = 2, (1, 1) is the shortest.
  linalg::LeastSquares deficient = linalg::lstsq(Array{{1, 1}, {2, 2}, {3, 3}}, Array{2, 4, 6});
  EXPECT_EQ(deficient.rank, 1);
  EXPECT_LT(largest_difference(deficient.solution, Array{1, 1}), 1e-14);
  linalg::LeastSquares cut = linalg::lstsq(Array{{1, 0}, {0, 1e-3}}, Array{1, 1}, 0.01);
  EXPECT_EQ(cut.rank, 1);
  EXPECT_LT(largest_difference(cut.solution, Array{1, 0}), 1e-15);
}

TEST(Linalg, RefusesWhatDoesNotFit) {
  EXPECT_EQ(message_of<ShapeError>([] {
              linalg::cholesky(Array{1, 2});
            }),
            "cholesky: a must be a square matrix, is [2]");
  EXPECT_EQ(message_of<ShapeError>([] {
              linalg::eigh(Array::zeros({2, 3}));
            }),
            "eigh: a must be a square matrix, is [2, 3]");
  EXPECT_EQ(message_of<DTypeError>([] {
              linalg::eigh(Array::zeros({2, 2}, DType::float32));
            }),
            "eigh: a is float32, it must be float64");
  EXPECT_EQ(message_of<ValueError>([] { linalg::eigh(Array{{1, 0}, {INFINITY, 1}}); }), "eigh: a has the element inf");
  EXPECT_EQ(message_of<ShapeError>([] {
              linalg::cholesky_solve(Array{{1, 0}, {0, 1}}, Array{1, 2, 3});
            }),
            "cholesky_solve: the rows differ: the factor is [2, 2], b is [3]");
  EXPECT_EQ(message_of<ShapeError>([] {
              linalg::cholesky_solve(Array{{1, 0}, {0, 1}}, Array::zeros({2, 2}));
            }),
            "cholesky_solve: b must be a vector, is [2, 2]");
  EXPECT_EQ(message_of<ShapeError>([] {
              linalg::lstsq(Array::zeros({3, 2}), Array{1, 2});
            }),
            "lstsq: the rows differ: a is [3, 2], b is [2]");
  EXPECT_EQ(message_of<ShapeError>([] {
              linalg::lstsq(Array::zeros({0, 2}), Array::zeros({0}));
            }),
            "lstsq: a must be a matrix with elements, is [0, 2]");
  EXPECT_EQ(message_of<ShapeError>([] {
              linalg::lstsq(Array::zeros({2, 2}), Array(1.0));
            }),
            "lstsq: b must have one or two axes, is []");
}

TEST(Linalg, EmptyMatricesHaveEmptyResults) {
  Array empty = Array::zeros({0, 0});
  EXPECT_EQ(linalg::cholesky(empty)->shape(), Shape({0, 0}));
  EXPECT_EQ(linalg::eigh(empty).eigenvalues.shape(), Shape({0}));
  EXPECT_EQ(linalg::lstsq(Array{{1, 2}}, Array::zeros({1, 0})).solution.shape(), Shape({2, 0}));
}

}  // namespace
}  // namespace xtape::test
