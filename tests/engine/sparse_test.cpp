// Sparse Jacobians and Hessians: patterns, numbers of products, values against closed forms and dense matrices.
#include <xtape/sparse.hpp>

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

#include <xtape/custom_op.hpp>
#include <xtape/functional.hpp>
#include <xtape/vectorize.hpp>
#include <xtape/xtape.hpp>

#include "support/check.hpp"
#include "transform/sparse_colouring.hpp"

namespace xtape::test {
namespace {

const Slice kHead(0, -1), kTail(1, Slice::kNone);

/// 0.1, 0.2, ..., never 0.
Array some_point(std::int64_t n) {
  std::vector<double> elements(static_cast<std::size_t>(n));
  std::iota(elements.begin(), elements.end(), 1);
  for (double& element : elements) element /= 10;
  return Array::from(elements);
}

Var rosenbrock(const Var& x) {
  const Var head = slice(x, {kHead});
  return sum(100 * square(slice(x, {kTail}) - square(head)) + square(1 - head));
}

TEST(Sparse, HessianOfRosenbrockTakesThreeProducts) {
  for (std::int64_t n : {2, 3, 10, 100, 1000}) {
    const SparseMatrix<Array> h = sparse_hessian(rosenbrock)(some_point(n));
    EXPECT_EQ(h.products, n > 3 ? 3 : 2);
    EXPECT_EQ(std::ssize(h.rows), 3 * n - 2);
    if (n > 100) continue;
    EXPECT_TRUE(close(h.dense(), tensor_of(hessian(rosenbrock)(some_point(n))), 1e-14L));
  }
}

// With a = x_i, b = x_(i+1): 100 (b - a^2)^2 + (1 - a)^2 has the derivatives 1200 a^2 - 400 b + 2, -400 a, 200.
TEST(Sparse, ElementsAreInOrder) {
  const SparseMatrix<Array> h = sparse_hessian(rosenbrock)(Array{2, 3});
  EXPECT_EQ(h.rows, (std::vector<std::int64_t>{0, 0, 1, 1}));
  EXPECT_EQ(h.columns, (std::vector<std::int64_t>{0, 1, 0, 1}));
  EXPECT_EQ(h.row_count, 2);
  EXPECT_EQ(h.column_count, 2);
  EXPECT_TRUE(equals(h.values, {3602, -800, -800, 200}));
}

// Broyden's tridiagonal function, (3 - 2 x_i) x_i - x_(i-1) - 2 x_(i+1) + 1.
TEST(Sparse, TridiagonalJacobian) {
  const std::int64_t n = 7;
  const auto f = [](const Var& x) {
    const Var before = pad(slice(x, {kHead}), {{1, 0}}), after = pad(slice(x, {kTail}), {{0, 1}});
    return (3 - 2 * x) * x - before - 2 * after + 1;
  };
  const SparseMatrix<Array> j = sparse_jacobian(f)(some_point(n));
  EXPECT_EQ(j.products, 3);
  EXPECT_EQ(std::ssize(j.rows), 3 * n - 2);
  for (std::size_t at = 0; at < j.rows.size(); ++at) {
    const double x = 0.1 * static_cast<double>(j.rows[at] + 1);
    const double expected = j.rows[at] == j.columns[at] ? 3 - 4 * x : j.rows[at] > j.columns[at] ? -1 : -2;
    EXPECT_NEAR(j.values.values<double>()[at], expected, 1e-14);
  }
}

// A function of x_0 and every other x_i has an arrow: a column colouring needs n colours, a star colouring two.
TEST(Sparse, ArrowHessianTakesTwoProducts) {
  const auto f = [](const Var& x) { return sum(slice(x, {Slice(0)}) * square(slice(x, {kTail}))); };
  const SparseMatrix<Array> h = sparse_hessian(f)(some_point(50));
  EXPECT_EQ(h.products, 2);
  EXPECT_TRUE(close(h.dense(), tensor_of(hessian(f)(some_point(50))), 1e-15L));
}

TEST(Sparse, FewRowsAreFoundByCotangents) {
  const auto f = [](const Var& x) { return stack({sum(square(x)), sum(x)}); };
  const SparseMatrix<Array> j = sparse_jacobian(f)(Array{1, 2, 3, 4});
  EXPECT_EQ(j.products, 2);
  EXPECT_TRUE(equals(j.dense(), {2, 4, 6, 8, 1, 1, 1, 1}));
}

template <class F>
std::int64_t products_of(const F& f, const Array& x) {
  const SparseMatrix<Array> j = sparse_jacobian(f)(x);
  const Array dense = jacobian(f)(x);
  EXPECT_TRUE(close(j.dense(), {dense.dtype(), {j.row_count, j.column_count}, tensor_of(dense).elements}, 1e-14L));
  return j.products;
}

TEST(Sparse, MovementsAreFollowed) {
  const Array x = some_point(12), matrix = Array::from(std::vector<double>(12, 0.5), {3, 4});
  const Array taps = Array::from(std::vector<double>{1, 2, 3}, {1, 1, 3});
  const Array column = Array::from(std::vector<double>{1, 0, 2, 1}, {4, 1});
  const Array places = Array::from(std::vector<std::int64_t>{3, 3, -1, 0});
  EXPECT_EQ(products_of([](const Var& v) { return exp(v); }, x), 1);
  EXPECT_EQ(products_of([&](const Var& v) { return take(square(v), places, 0); }, x), 1);
  EXPECT_EQ(products_of([&](const Var& v) { return scatter_add(v * 0, 0, places, slice(v, {Slice(0, 4)})); }, x), 2);
  EXPECT_EQ(products_of([](const Var& v) { return concatenate({v, flip(v)}); }, x), 1);
  EXPECT_EQ(products_of([&](const Var& v) { return conv1d(reshape(v, {1, 1, 12}), taps); }, x), 3);
  EXPECT_EQ(products_of([](const Var& v) { return sum(square(v), 0); }, matrix), 1);
  EXPECT_EQ(products_of([](const Var& v) { return norm(v, 2, 1); }, matrix), 1);
  EXPECT_EQ(products_of([](const Var& v) { return var(v, 1); }, matrix), 1);
  EXPECT_EQ(products_of([](const Var& v) { return softmax(v, -1); }, matrix), 4);
  EXPECT_EQ(products_of([&](const Var& v) { return matmul(v, column); }, matrix), 1);
  EXPECT_EQ(products_of([](const Var& v) { return where(v > 0.5, v, square(v)); }, x), 1);
}

// Where elements go depends on the values: the pattern must hold for all.
TEST(Sparse, SortingDependsOnAllElements) {
  EXPECT_EQ(products_of([](const Var& v) { return sort(v); }, Array{3, 1, 2}), 3);
  const SparseMatrix<Array> j = sparse_jacobian([](const Var& v) { return sort(v); })(Array{3, 1, 2});
  EXPECT_EQ(j.rows.size(), 9u);
}

TEST(Sparse, CustomOpsDependOnAllTheirInputs) {
  const CustomOp reversed(
      "reversed", [](std::span<const Var> x) { return stop_gradient(flip(x[0])); },
      [](std::span<const Var>, const Var&, const Var& cotangent) { return std::vector<Var>{flip(cotangent)}; });
  const auto f = [&](const Var& x) { return reversed(x); };
  const SparseMatrix<Array> j = sparse_jacobian(f)(Array{1, 2});
  EXPECT_EQ(j.products, 2);
  EXPECT_TRUE(equals(j.dense(), {0, 1, 1, 0}));
}

TEST(Sparse, NothingToFind) {
  const auto f = [](const Var& x) { return floor(x); };
  const SparseMatrix<Array> j = sparse_jacobian(f)(Array{1, 2, 3});
  EXPECT_EQ(j.products, 0);
  EXPECT_EQ(j.values.shape(), Shape{0});
  EXPECT_TRUE(equals(j.dense(), {0, 0, 0, 0, 0, 0, 0, 0, 0}));
  const SparseMatrix<Array> h = sparse_hessian([](const Var& x) { return sum(x); })(Array{1, 2});
  EXPECT_EQ(h.products, 0);
  EXPECT_TRUE(equals(h.dense(), {0, 0, 0, 0}));
}

TEST(Sparse, OfAnyArgumentShapeAndDType) {
  const auto f = [](const Var& a, const Var& x) { return a * square(x); };
  const Array x = Array::from(std::vector<float>{1, 2, 3, 4}, {2, 2});
  const SparseMatrix<Array> j = sparse_jacobian<1>(f)(Array::from(std::vector<float>{2, 3}), x);
  EXPECT_EQ(j.values.dtype(), DType::float32);
  EXPECT_TRUE(equals(j.values, {4, 12, 12, 24}));
  EXPECT_EQ(sparse_jacobian<0>(f)(Array::from(std::vector<float>{2, 3}), x).column_count, 2);
}

// The third derivatives of sum(x^3) / 6 are 1.
TEST(Sparse, ValuesAreVarsInsideOtherTransforms) {
  const auto cubic = [](const Var& x) { return sum(x * x * x) / 6; };
  const auto trace_of = [&](const Var& x) { return sum(square(sparse_hessian(cubic)(x).values)); };
  EXPECT_TRUE(equals(gradient(trace_of)(Array{1, 2, 3}), {2, 4, 6}));
  const auto values = [&](const Var& x) { return sparse_hessian(cubic)(x).values; };
  EXPECT_TRUE(equals(vectorize(values)(Array{{1, 2}, {3, 4}}), {1, 2, 3, 4}));
}

detail::Pattern random_pattern(Random& random, std::size_t rows, std::size_t columns) {
  detail::Pattern pattern{static_cast<std::int64_t>(columns), {}};
  pattern.rows.resize(rows);
  const Real density = random.uniform(0, 0.5);
  for (auto& row : pattern.rows)
    for (std::uint32_t j = 0; j < columns; ++j)
      if (random.chance(density)) row.push_back(j);
  return pattern;
}

bool is_alone(const std::vector<std::uint32_t>& row, std::uint32_t column, const detail::Colouring& colouring) {
  return std::ranges::count_if(row, [&](std::uint32_t j) { return colouring.of[j] == colouring.of[column]; }) == 1;
}

TEST(Sparse, ColouringsTellElementsApart) {
  Random random(5);
  for (int round = 0; round < 200; ++round) {
    const bool large = round % 20 == 0;  // with more colours than a word has bits
    const auto n = static_cast<std::size_t>(random.integer(large ? 100 : 1, large ? 150 : 20));
    const detail::Pattern any = random_pattern(random, static_cast<std::size_t>(random.integer(1, 20)), n);
    const detail::Pattern square = symmetric(random_pattern(random, n, n));
    const detail::Colouring columns = column_colouring(any), stars = star_colouring(square);
    for (const auto& row : any.rows)
      for (std::uint32_t j : row) EXPECT_TRUE(is_alone(row, j, columns));
    for (std::uint32_t i = 0; i < n; ++i)
      for (std::uint32_t j : square.rows[i])
        EXPECT_TRUE(is_alone(square.rows[i], j, stars) || is_alone(square.rows[j], i, stars)) << i << ", " << j;
  }
}

TEST(Sparse, Errors) {
  const auto identity = [](const Var& x) { return x; };
  const auto text = [](const auto& call) { return message_of<Error>(call); };
  EXPECT_TRUE(contains(text([&] { sparse_jacobian(identity)(Array::from(std::vector<std::int64_t>{1})); }),
                       {"sparse_jacobian: argument 0 is int64"}));
  EXPECT_TRUE(contains(text([&] {
                         sparse_hessian(identity)(Array{1, 2});
                       }),
                       {"sparse_hessian: the function gives [2], it must give a scalar"}));
  const auto rounded = [](const Var& x) { return cast(x, DType::int64); };
  EXPECT_TRUE(contains(text([&] { sparse_jacobian(rounded)(Array{1, 2}); }), {"sparse_jacobian", "int64"}));
}

}  // namespace
}  // namespace xtape::test
