// Products of a matrix and a vector run by rows inside of loops: values against the interpreter, bits against unplanned
// runs, and rows with inf and NaN.
#include <limits>

#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "support/check.hpp"
#include "support/interpreter.hpp"
#include "support/plans.hpp"

namespace xtape::test {

namespace {

struct Extents {
  std::int64_t rows, columns;
};

/// X w, and the transpose of X times a function of it, both ways to write each.
std::vector<Var> products(Tape& tape, const Extents& extents, DType dtype) {
  const Var x = tape.variable(random_array({extents.rows, extents.columns}, dtype, 1));
  const Var w = tape.variable(random_array({extents.columns}, dtype, 2));
  const Var z = matmul(x, w), other = matmul(w, transpose(x));
  const Var s = tanh(z);
  const Var back = matmul(transpose(x), s), other_back = matmul(s, x);
  return {z, other, back, other_back};
}

TEST(RowProducts, AgreeWithTheInterpreter) {
  for (DType dtype : {DType::float32, DType::float64})
    for (const Extents extents :
         {Extents{2, 2}, {3, 5}, {17, 7}, {64, 8}, {65, 9}, {100, 16}, {130, 31}, {70, 67}, {40, 300}}) {
      Tape tape(kPlanned);
      const std::vector<Var> results = products(tape, extents, dtype);
      tape.evaluate(results);
      const std::vector<Tensor> expected = interpret(results);
      const Real relative = dtype == DType::float32 ? 1e-5L : 1e-14L;
      for (std::size_t which = 0; which < results.size(); ++which)
        EXPECT_TRUE(close(results[which].value(), expected[which], relative * static_cast<Real>(extents.columns)))
            << "product " << which << " of " << extents.rows << " x " << extents.columns;
    }
}

TEST(RowProducts, AreOneLoop) {
  Tape tape(kPlanned);
  const std::vector<Var> results = products(tape, {100, 30}, DType::float64);
  const std::string plan = tape.dump_plan(results);
  EXPECT_EQ(count(plan, "\nloop over [100]"), 1U) << plan;
  EXPECT_EQ(count(plan, "\nproduct"), 0U) << plan;
}

/// The same bits whether rows are read in one loop or in many, by any number of threads; more rows than a chunk has.
TEST(RowProducts, DoNotDependOnFusionOrThreads) {
  const int before = num_threads();
  for (DType dtype : {DType::float32, DType::float64})
    for (const Extents extents : {Extents{50, 50}, {1000, 33}, {40000, 12}}) {
      const auto run = [&](const Options& options, int threads) {
        set_num_threads(threads);
        Tape tape(options);
        return tape.evaluate(products(tape, extents, dtype));
      };
      const std::vector<Array> exactly = run(kUnplanned, 1), planned = run(kPlanned, 1);
      EXPECT_TRUE(same_bits(run(kPlannedExactly, 1), exactly));
      for (int threads : {2, 4}) {
        EXPECT_TRUE(same_bits(run(kPlannedExactly, threads), exactly)) << threads;
        EXPECT_TRUE(same_bits(run(kPlanned, threads), planned)) << threads;
      }
    }
  set_num_threads(before);
}

/// A sum over an axis of one element, as wide as many chunks, runs in stripes; sums of rows never do.
TEST(RowProducts, StayApartFromStripes) {
  for (bool rows_first : {false, true}) {
    const auto run = [&](const Options& options) {
      Tape tape(options);
      const Var x = tape.variable(random_array({20000, 3}, DType::float64, 7));
      const Var s = tanh(tape.variable(random_array({20000}, DType::float64, 8)));
      const auto stripes = [&] { return sum(expand_dims(s, 0), {0}); };
      std::vector<Var> results{rows_first ? matmul(s, x) : stripes()};
      results.push_back(rows_first ? stripes() : matmul(s, x));
      return tape.evaluate(results);
    };
    EXPECT_TRUE(same_bits(run(kPlannedExactly), run(kUnplanned)));
    EXPECT_TRUE(same_bits(run(kPlanned), run(kUnplanned)));
  }
}

/// A square matrix: the vector is as long as the loop, but each row needs all of it.
TEST(RowProducts, WaitForTheWholeVector) {
  Tape tape(kPlanned);
  const Var x = tape.variable(random_array({300, 300}, DType::float64, 3));
  const Var w = tanh(tape.variable(random_array({300}, DType::float64, 4)));
  const Var z = matmul(x, w), next = matmul(x, tanh(z));
  tape.evaluate({z, next});
  const std::vector<Tensor> expected = interpret(std::vector<Var>{z, next});
  EXPECT_TRUE(close(z.value(), expected[0], 1e-13L));
  EXPECT_TRUE(close(next.value(), expected[1], 1e-13L));
}

/// Rows and vectors that end within a SIMD vector: an infinite element meets no zero that is not there.
TEST(RowProducts, KeepInfinitiesToTheirElements) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  for (std::int64_t columns : {3, 9, 13, 30})
    for (std::int64_t at = 0; at < columns; ++at) {
      const auto n = static_cast<double>(columns);
      std::vector<double> matrix(static_cast<std::size_t>(4 * columns), 1.0),
          vector(matrix.begin(), matrix.begin() + columns);
      std::vector<Real> sums(vector.size(), 4);
      matrix[static_cast<std::size_t>(columns + at)] = vector[static_cast<std::size_t>(at)] = kInf;
      sums[static_cast<std::size_t>(at)] = kInf;
      Tape tape;
      const Var x = tape.variable(Array::from(matrix, {4, columns})), ones = tape.variable(Array::ones({columns}));
      EXPECT_TRUE(equals(matmul(x, ones).value(), {n, kInf, n, n})) << columns << " columns, inf in " << at;
      EXPECT_TRUE(equals(matmul(Array::ones({4}), x).value(), sums)) << columns << " columns, inf in " << at;
      EXPECT_TRUE(equals(matmul(Array::ones({4, columns}), tape.variable(Array::from(vector))).value(),
                         {kInf, kInf, kInf, kInf}));
    }
}

/// Positive numbers, so that every rounding counts: one after the other, a million of them would lose 15 bits.
TEST(RowProducts, SumManyRowsAccurately) {
  constexpr std::int64_t kRows = 1000000, kColumns = 3;
  Random random(9);
  const Tensor x = random_tensor(random, {kRows, kColumns}, DType::float32, 0.5L, 1);
  const Tensor s = random_tensor(random, {kRows}, DType::float32, 0.5L, 1);
  std::vector<Real> expected(kColumns);
  for (std::size_t i = 0; i < x.elements.size(); ++i)
    expected[i % kColumns] += s.elements[i / kColumns] * x.elements[i];
  Tape tape;
  const Array sums = matmul(tape.variable(array_of(s)), tape.variable(array_of(x))).value();
  EXPECT_TRUE(close(sums, tensor(expected, {kColumns}, DType::float32), 8 * 0x1p-24L));
}

/// Rows of a matrix that are a part of longer ones, and every other row.
TEST(RowProducts, TakeSlicesAsTheyAre) {
  Tape tape(kPlanned);
  const Var whole = tape.variable(random_array({60, 40}, DType::float64, 5));
  const Var part = slice(whole, {Slice(4, 50, 2), Slice(3, 20)});
  const Var w = tape.variable(random_array({17}, DType::float64, 6));
  const Var z = matmul(part, w), back = matmul(z, part);
  EXPECT_EQ(count(tape.dump_plan({z, back}), "copy"), 0U) << tape.dump_plan({z, back});
  tape.evaluate({z, back});
  const std::vector<Tensor> expected = interpret(std::vector<Var>{z, back});
  EXPECT_TRUE(close(z.value(), expected[0], 1e-14L));
  EXPECT_TRUE(close(back.value(), expected[1], 1e-14L));
}

}  // namespace

}  // namespace xtape::test
