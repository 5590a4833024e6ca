// Matrix products of all forms: values against the interpreter, and bits of elements, which depend on a row, a column
// and nothing else where the kernel is our own.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "support/check.hpp"
#include "support/interpreter.hpp"

namespace xtape::test {

namespace {

Array random_array(const Shape& shape, DType dtype, std::uint64_t seed) {
  Random random(seed);
  return array_of(random_tensor(random, shape, dtype));
}

struct Extents {
  std::int64_t m, n, k;
};

/// a b, with each factor as it is or stored as its transpose.
std::vector<Var> products(Tape& tape, const Extents& extents, DType dtype) {
  const auto [m, n, k] = extents;
  const Var a = tape.variable(random_array({m, k}, dtype, 1)), turned_a = tape.variable(random_array({k, m}, dtype, 2));
  const Var b = tape.variable(random_array({k, n}, dtype, 3)), turned_b = tape.variable(random_array({n, k}, dtype, 4));
  return {matmul(a, b), matmul(transpose(turned_a), b), matmul(a, transpose(turned_b)),
          matmul(transpose(turned_a), transpose(turned_b))};
}

/// Tiles that are cut off by rows and by columns, one product and many, blocks of all depths and widths, products with
/// few columns, which are computed as their transposes, and small ones.
TEST(Products, AgreeWithTheInterpreter) {
  constexpr Extents kExtents[] = {{2, 2, 1100}, {3, 1500, 2},   {1500, 3, 2},  {7, 9, 300},   {9, 25, 100},
                                  {17, 31, 33}, {15, 47, 257},  {130, 70, 20}, {131, 300, 9}, {10, 600, 17},
                                  {8, 49, 513}, {300, 10, 600}, {20, 16, 300}, {600, 5, 259}, {8, 8, 8},
                                  {12, 12, 12}, {5, 9, 11},     {2, 2, 256},   {3, 2, 257},   {2, 256, 8}};
  for (DType dtype : {DType::float32, DType::float64})
    for (const Extents& extents : kExtents) {
      Tape tape;
      const std::vector<Var> results = products(tape, extents, dtype);
      tape.evaluate(results);
      const std::vector<Tensor> expected = interpret(results);
      const Real relative = dtype == DType::float32 ? 2e-7L : 4e-16L;
      for (std::size_t which = 0; which < results.size(); ++which)
        EXPECT_TRUE(close(results[which].value(), expected[which], relative * static_cast<Real>(extents.k)))
            << "product " << which << " of " << extents.m << " x " << extents.k << " x " << extents.n;
    }
}

class OwnKernel : public testing::Test {
 protected:
  void SetUp() override {
    if (instruction_set() != "avx512") GTEST_SKIP() << "OpenBLAS computes products here";
  }
};

/// Rows and columns of a product are the products of these rows and columns, however the factors are stored.
TEST_F(OwnKernel, GivesAnElementTheSameBitsWhateverIsBesideIt) {
  for (DType dtype : {DType::float32, DType::float64})
    for (const Extents extents : {Extents{150, 610, 300}, {200, 90, 40}, {29, 300, 600}}) {
      const auto [m, n, k] = extents;
      Tape tape;
      const Var a = tape.variable(random_array({m, k}, dtype, 5)), b = tape.variable(random_array({k, n}, dtype, 6));
      const Var turned_a = tape.variable(transpose(a).value()), turned_b = tape.variable(transpose(b).value());
      const Var whole = matmul(a, b);
      EXPECT_TRUE(same_bits(matmul(transpose(turned_a), transpose(turned_b)).value(), whole.value()));
      for (const Extents part : {Extents{13, 27, 0}, {1, 3, 0}, {18, 51, 0}, {3, n - 9, 0}}) {
        const Slice rows(part.m, m - 5), columns(part.n, n - 2), all(0, k);
        EXPECT_TRUE(same_bits(matmul(slice(a, {rows, all}), slice(b, {all, columns})).value(),
                              slice(whole, {rows, columns}).value()));
        EXPECT_TRUE(same_bits(matmul(transpose(slice(turned_a, {all, rows})), slice(b, {all, columns})).value(),
                              slice(whole, {rows, columns}).value()));
      }
    }
}

TEST_F(OwnKernel, DoesNotDependOnThreads) {
  const int before = num_threads();
  for (const Extents extents : {Extents{700, 300, 290}, {100, 900, 1000}}) {
    const auto run = [&](int threads) {
      set_num_threads(threads);
      Tape tape;
      return tape.evaluate(products(tape, extents, DType::float64));
    };
    const std::vector<Array> reference = run(1);
    for (int threads : {2, 3}) EXPECT_TRUE(same_bits(run(threads), reference)) << threads << " threads";
  }
  set_num_threads(before);
}

/// What fills up tiles and panels is no part of the product.
TEST(Products, KeepInfinitiesAndNaNInTheirRowsAndColumns) {
  constexpr std::int64_t kRows = 29, kColumns = 27, kDepth = 40;
  std::vector<double> left(kRows * kDepth, 1.0), right(kDepth * kColumns, 1.0);
  left[28 * kDepth + 3] = std::numeric_limits<double>::quiet_NaN();
  right[5 * kColumns + 26] = std::numeric_limits<double>::infinity();
  Tape tape;
  const Array product = matmul(tape.variable(Array::copy(left.data(), {kRows, kDepth})),
                               tape.variable(Array::copy(right.data(), {kDepth, kColumns})))
                            .value();
  for (std::int64_t i = 0; i < kRows; ++i)
    for (std::int64_t j = 0; j < kColumns; ++j) {
      const double element = product.values<double>()[static_cast<std::size_t>(i * kColumns + j)];
      if (i == 28) EXPECT_TRUE(std::isnan(element)) << j;
      else EXPECT_EQ(element, j == 26 ? std::numeric_limits<double>::infinity() : 40.0) << i << ", " << j;
    }
}

}  // namespace

}  // namespace xtape::test
