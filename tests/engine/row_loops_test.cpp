// Loops by rows: reductions of rows that are read again in the loop that makes them, and products with several columns
// beside them. Values against the interpreter, bits against unplanned runs.
#include <limits>

#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "plan/block_products.hpp"
#include "plan/cache.hpp"
#include "plan/faults.hpp"
#include "plan/in_place.hpp"
#include "support/check.hpp"
#include "support/interpreter.hpp"
#include "support/plans.hpp"

namespace xtape::test {

namespace {

/// Products with several columns are part of loops where the engine has a kernel of its own.
bool has_products() { return instruction_set() == "avx512"; }

/// Work on rows: a loss that reads their largest element, sums and a mean, and its gradient.
std::vector<Var> rows(Tape& tape, const Shape& shape, DType dtype) {
  const Var x = tape.variable(random_array(shape, dtype, 1));
  const Var gain = tape.variable(random_array({shape.back()}, dtype, 2));
  const Var probabilities = softmax(x, -1);
  const Var centered = x - mean(x, {-1}, true);
  const Var deviation = sqrt(mean(square(centered), {-1}, true) + 1e-3);
  const Var normal = centered / deviation * gain;
  const Var loss = mean(log_softmax(normal, -1) * probabilities);
  const std::vector<Var> gradients = tape.gradient(loss, {x, gain});
  return {loss, probabilities, deviation, gradients[0], gradients[1]};
}

/// A step of softmax regression, with a hidden value that is asked for.
std::vector<Var> regression(Tape& tape, std::int64_t n, std::int64_t depth, std::int64_t columns, DType dtype) {
  const Var x = tape.variable(random_array({n, depth}, dtype, 1));
  const Var w = tape.variable(random_array({depth, columns}, dtype, 2));
  const Var b = tape.variable(random_array({columns}, dtype, 3));
  const Var targets = softmax(tape.variable(random_array({n, columns}, dtype, 4)), -1);
  const Var product = matmul(x, w);
  const Var loss = softmax_cross_entropy(product + b, targets);
  const std::vector<Var> gradients = tape.gradient(loss, {w, b});
  return {loss, gradients[0], gradients[1], product};
}

/// A dense layer and its gradient; perhaps the product by itself and that of a matrix stored by columns.
std::vector<Var> dense(Tape& tape, std::int64_t n, std::int64_t depth, std::int64_t columns, DType dtype) {
  const Var x = tape.variable(random_array({n, depth}, dtype, 1));
  const Var w = transpose(tape.variable(random_array({columns, depth}, dtype, 2)));
  const Var b = tape.variable(random_array({columns}, dtype, 3));
  const Var product = matmul(x, w), y = relu(product + b);
  const Var loss = mean(square(y - tape.variable(random_array({n, columns}, dtype, 4))));
  std::vector<Var> results = tape.gradient(loss, {x, w, b});
  results.insert(results.end(), {loss, y, sum(tanh(product), {-1}), product});
  return results;
}

template <class Record>
void expect_same_bits(const Record& record, const std::string& what) {
  const int before = num_threads();
  const auto run = [&](const Options& options, int threads) {
    set_num_threads(threads);
    Tape tape(options);
    return tape.evaluate(record(tape));
  };
  const std::vector<Array> unplanned = run(kUnplanned, 1), planned = run(kPlanned, 1);
  EXPECT_TRUE(same_bits(run(kPlannedExactly, 1), unplanned)) << what;
  for (int threads : {2, 4}) {
    EXPECT_TRUE(same_bits(run(kPlannedExactly, threads), unplanned)) << what << ", " << threads << " threads";
    EXPECT_TRUE(same_bits(run(kPlanned, threads), planned)) << what << ", " << threads << " threads";
  }
  set_num_threads(before);
}

TEST(RowLoops, AgreeWithTheInterpreter) {
  for (DType dtype : {DType::float32, DType::float64})
    for (const Shape& shape : {Shape{40, 2}, {33, 3}, {7, 10}, {100, 17}, {5, 4, 6}, {3, 64}, {20, 65}, {2, 128}}) {
      Tape tape(kPlanned);
      const std::vector<Var> results = rows(tape, shape, dtype);
      tape.evaluate(results);
      const std::vector<Tensor> expected = interpret(results);
      for (std::size_t which = 0; which < results.size(); ++which)
        EXPECT_TRUE(close(results[which].value(), expected[which], dtype == DType::float32 ? 2e-4L : 1e-12L))
            << "value " << which << " for " << shape.rank() << " axes, rows of " << shape.back();
    }
}

TEST(RowLoops, ReadReductionsWhereTheyAreMade) {
  Tape tape(kPlanned);
  const Var x = tape.variable(random_array({1000, 10}, DType::float64, 1));
  const Var loss = mean(log_softmax(x, -1) * softmax(x, -1));
  const Var gradient = tape.gradient(loss, x);
  const std::string plan = tape.dump_plan({loss, gradient});
  EXPECT_EQ(count(plan, "\nloop over [1000, 10]"), 1U) << plan;
  EXPECT_EQ(count(plan, "\nloop over [1000, 10] by rows"), 1U) << plan;
}

/// Chunks end within a block, blocks within a vector; more rows than a chunk has.
TEST(RowLoops, DoNotDependOnFusionOrThreads) {
  for (DType dtype : {DType::float32, DType::float64})
    for (const Shape& shape : {Shape{30, 3}, {6000, 10}, {40000, 2}, {7, 9, 20}, {1031, 37}, {300, 128}, {300, 129}})
      expect_same_bits([&](Tape& tape) { return rows(tape, shape, dtype); }, "rows of " + std::to_string(shape.back()));
}

/// A sum over as many columns as many chunks runs in stripes, which cut rows.
TEST(RowLoops, StayApartFromStripes) {
  for (bool rows_first : {false, true})
    expect_same_bits(
        [&](Tape& tape) {
          const Var x = tape.variable(random_array({2, 9000, 3}, DType::float64, 7));
          const Var y = tanh(x);
          const auto stripes = [&] { return sum(y, {0}); };
          const auto by_rows = [&] { return y - max(y, {-1}, true); };
          std::vector<Var> results{rows_first ? by_rows() : stripes()};
          results.push_back(rows_first ? stripes() : by_rows());
          return results;
        },
        "stripes");
}

/// Values of rows in the first elements of a buffer that has an element at each place: written over, they would be read
/// too late.
TEST(RowLoops, ReadValuesOfRowsAtTheirOwnPace) {
  expect_same_bits(
      [&](Tape& tape) {
        const Var x = tanh(tape.variable(random_array({2000, 4}, DType::float64, 8)));
        const Var y = sum(reshape(x, {-1}), {0}) + x;
        const Var first = reshape(slice(reshape(y, {-1}), {Slice(0, 2000)}), {2000, 1});
        const Var largest = max(exp(x), {-1}, true) + first;
        return std::vector<Var>{sum(tanh(x - largest)), exp(x) * largest};
      },
      "paces");
}

/// The same in place of a Parameter.
TEST(RowLoops, UpdateParametersInPlace) {
  const std::size_t before = detail::least_bytes_in_place();
  detail::least_bytes_in_place() = 1;
  std::vector<Array> values[2];
  for (bool planned : {false, true}) {
    Parameter p("p", random_array({500, 6}, DType::float64, 9)),
        scale("scale", random_array({500, 1}, DType::float64, 3));
    for (int step = 0; step < 3; ++step) {
      Tape tape(planned ? kPlannedExactly : kUnplanned);
      const Var x = tape.read(p), s = tape.read(scale);
      const Var largest = max(x, {-1}, true);
      const Var next = softmax(x * s, -1) - x * largest, next_scale = largest * 0.5 + s;
      tape.evaluate({}, {{p, next}, {scale, next_scale}});
    }
    values[planned] = {p.value(), scale.value()};
  }
  detail::least_bytes_in_place() = before;
  EXPECT_TRUE(same_bits(values[0], values[1]));
}

/// Small ones join what reads them, too.
class BlockProducts : public testing::Test {
 protected:
  void SetUp() override { set(0); }
  void TearDown() override { set(least_bytes_); }

 private:
  static void set(std::size_t bytes) {
    detail::clear_plan_cache();
    detail::least_bytes_of_joining_product() = bytes;
  }
  const std::size_t least_bytes_ = detail::least_bytes_of_joining_product();
};

TEST_F(BlockProducts, AgreeWithTheInterpreter) {
  for (DType dtype : {DType::float32, DType::float64})
    for (const auto& [n, depth, columns] : {std::array<std::int64_t, 3>{1024, 2, 2},
                                            {1100, 7, 3},
                                            {1025, 30, 10},
                                            {1200, 64, 5},
                                            {1030, 257, 32},
                                            {1700, 24, 9},
                                            {1087, 100, 25}}) {
      Tape tape(kPlanned);
      const std::vector<Var> results = regression(tape, n, depth, columns, dtype);
      tape.evaluate(results);
      const std::vector<Tensor> expected = interpret(results);
      const Real relative = dtype == DType::float32 ? 1e-5L : 1e-14L;
      for (std::size_t which = 0; which < results.size(); ++which)
        EXPECT_TRUE(close(results[which].value(), expected[which], relative * static_cast<Real>(10 + depth)))
            << "value " << which << " of " << n << " x " << depth << " x " << columns;
    }
}

TEST_F(BlockProducts, AreOneLoop) {
  if (!has_products()) GTEST_SKIP() << "products with several columns are BLAS's here";
  Tape tape(kPlanned);
  const std::vector<Var> results = regression(tape, 2000, 30, 10, DType::float64);
  const std::string plan = tape.dump_plan({results[0], results[1], results[2]});
  EXPECT_EQ(count(plan, "\nloop over [2000, 10]"), 1U) << plan;
  EXPECT_EQ(count(plan, "\nproduct"), 0U) << plan;
}

TEST_F(BlockProducts, JoinTheWorkOnThem) {
  if (!has_products()) GTEST_SKIP() << "products with several columns are BLAS's here";
  Tape tape(kPlanned);
  const Var x = tape.variable(random_array({2000, 30}, DType::float64, 1));
  const Var w = tape.variable(random_array({30, 100}, DType::float64, 2));
  const Var b = tape.variable(random_array({100}, DType::float64, 3));
  const Var product = matmul(x, w);
  const std::string layer = tape.dump_plan({sum(relu(product + b))}), alone = tape.dump_plan({product});
  EXPECT_NE(layer.find("plan: 1 loop, 0 products"), std::string::npos) << layer;
  EXPECT_NE(layer.find("%3 = matmul(%0, %1)  float64[2000, 100]                   -> register"), std::string::npos)
      << layer;
  EXPECT_NE(alone.find("plan: 0 loops, 1 product"), std::string::npos) << alone;
}

/// A loop of its own finds these in a near cache.
TEST(LargeProducts, AloneJoinTheWorkOnThem) {
  if (!has_products()) GTEST_SKIP() << "products with several columns are BLAS's here";
  for (const auto& [rows, steps] : {std::pair{4000, "plan: 1 loop, 1 product"}, {5000, "plan: 1 loop, 0 products"}}) {
    Tape tape(kPlanned);
    const Var x = tape.variable(Array::ones({rows, 30})), w = tape.variable(Array::ones({30, 128}));
    const std::string plan = tape.dump_plan({relu(matmul(x, w))});
    EXPECT_NE(plan.find(steps), std::string::npos) << plan;
  }
}

TEST_F(BlockProducts, OfManyColumnsAgreeWithTheInterpreter) {
  for (DType dtype : {DType::float32, DType::float64})
    for (const auto& [n, depth, columns] :
         {std::array<std::int64_t, 3>{1024, 2, 33}, {1030, 257, 40}, {1025, 9, 129}}) {
      Tape tape(kPlanned);
      const std::vector<Var> results = dense(tape, n, depth, columns, dtype);
      tape.evaluate(results);
      const std::vector<Tensor> expected = interpret(results);
      const Real relative = dtype == DType::float32 ? 1e-5L : 1e-14L;
      for (std::size_t which = 0; which < results.size(); ++which)
        EXPECT_TRUE(close(results[which].value(), expected[which], relative * static_cast<Real>(10 + depth)))
            << "value " << which << " of " << n << " x " << depth << " x " << columns;
    }
}

/// Whole panels of the kernel and a rest, more columns than a loop by rows has else, a depth in two turns.
TEST_F(BlockProducts, OfManyColumnsDoNotDependOnFusionOrThreads) {
  for (DType dtype : {DType::float32, DType::float64})
    for (const auto& [n, depth, columns] : {std::array<std::int64_t, 3>{1024, 2, 2},
                                            {1024, 3, 33},
                                            {2000, 64, 128},
                                            {1100, 300, 100},
                                            {1500, 20, 200},
                                            {1031, 17, 512},
                                            {1031, 17, 513},
                                            {1025, 1000, 32}})
      for (bool asked : {false, true})
        expect_same_bits(
            [&](Tape& tape) {
              std::vector<Var> results = dense(tape, n, depth, columns, dtype);
              if (!asked) results.resize(4);
              return results;
            },
            std::to_string(n) + " x " + std::to_string(depth) + " x " + std::to_string(columns));
}

/// Chunks that end within a block; more columns than a panel of the kernel has; rows deeper than it sums up at once; a
/// product that is asked for, too, and so goes to memory.
TEST_F(BlockProducts, DoNotDependOnFusionOrThreads) {
  for (DType dtype : {DType::float32, DType::float64})
    for (const auto& [n, depth, columns] : {std::array<std::int64_t, 3>{1024, 3, 3},
                                            {5000, 33, 10},
                                            {20001, 5, 2},
                                            {1500, 300, 7},
                                            {3000, 20, 32},
                                            {2000, 8, 25}})
      for (bool asked : {false, true})
        expect_same_bits(
            [&](Tape& tape) {
              std::vector<Var> results = regression(tape, n, depth, columns, dtype);
              if (!asked) results.pop_back();
              return results;
            },
            std::to_string(n) + " x " + std::to_string(depth) + " x " + std::to_string(columns));
}

/// A matrix whose own elements the loop computes, which is as wide as the product.
TEST_F(BlockProducts, WaitForTheirMatrix) {
  expect_same_bits(
      [&](Tape& tape) {
        const Var x = tanh(tape.variable(random_array({1500, 6}, DType::float64, 1)));
        const Var w = tape.variable(random_array({6, 6}, DType::float64, 2));
        const Var gram = matmul(transpose(x), x), z = matmul(x, w);
        return std::vector<Var>{gram, matmul(transpose(x), tanh(z)), matmul(transpose(z), z), matmul(z, gram)};
      },
      "square products");
}

/// Rows of a matrix that are a part of longer ones, and every other row; a factor read by columns.
TEST_F(BlockProducts, TakeSlicesAsTheyAre) {
  const auto record = [](Tape& tape) {
    const Var whole = tape.variable(random_array({2700, 40}, DType::float64, 5));
    const Var part = slice(whole, {Slice(4, 2690, 2), Slice(3, 20)});
    const Var w = transpose(tape.variable(random_array({5, 17}, DType::float64, 6)));
    const Var z = matmul(part, w);
    return std::vector<Var>{z, matmul(transpose(part), tanh(z))};
  };
  expect_same_bits(record, "slices");
  Tape tape(kPlanned);
  const std::vector<Var> results = record(tape);
  tape.evaluate(results);
  const std::vector<Tensor> expected = interpret(results);
  EXPECT_TRUE(close(results[0].value(), expected[0], 1e-13L));
  EXPECT_TRUE(close(results[1].value(), expected[1], 1e-13L));
}

/// What is written beyond a row, or beside the columns, must not reach a neighbour.
TEST_F(BlockProducts, KeepInfinitiesToTheirElements) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  for (std::int64_t columns : {3, 10, 24, 30, 50, 100}) {
    constexpr std::int64_t kRows = 1100, kDepth = 9, kAt = 100;
    std::vector<double> matrix(static_cast<std::size_t>(kRows * kDepth), 1.0);
    matrix[static_cast<std::size_t>(kAt * kDepth)] = kInf;
    Tape tape;
    const Var x = tape.variable(Array::from(matrix, {kRows, kDepth}));
    const Var z = matmul(x, Array::ones({kDepth, columns})), back = matmul(transpose(x), tanh(z));
    tape.evaluate({z, back});
    const Array finite = isfinite(z).value();
    EXPECT_EQ(sum(cast(tape.variable(finite), DType::float64)).item<double>(),
              static_cast<double>((kRows - 1) * columns));
    EXPECT_EQ(sum(cast(isfinite(back), DType::float64)).item<double>(), static_cast<double>((kDepth - 1) * columns));
  }
}

/// Positive numbers, so that every rounding counts.
TEST_F(BlockProducts, SumManyRowsAccurately) {
  constexpr std::int64_t kRows = 1000000, kColumns = 2;
  Random random(9);
  const Tensor x = random_tensor(random, {kRows, kColumns}, DType::float32, 0.5L, 1);
  const Tensor s = random_tensor(random, {kRows, kColumns}, DType::float32, 0.5L, 1);
  std::vector<Real> expected(kColumns * kColumns);
  for (std::size_t row = 0; row < static_cast<std::size_t>(kRows); ++row)
    for (std::size_t i = 0; i < 4; ++i) expected[i] += x.elements[2 * row + i / 2] * s.elements[2 * row + i % 2];
  Tape tape;
  const Array sums = matmul(transpose(tape.variable(array_of(x))), tape.variable(array_of(s))).value();
  EXPECT_TRUE(close(sums, tensor(expected, {kColumns, kColumns}, DType::float32), 100 * 0x1p-24L));
}

}  // namespace

}  // namespace xtape::test
