// Threads: tapes side by side, and results that do not depend on how many threads one evaluation uses.
#include <cmath>
#include <thread>

#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

/// Leaves the number of threads as it was.
class Restoring {
 public:
  ~Restoring() { set_num_threads(before_); }

 private:
  int before_ = num_threads();
};

Array wave(const Shape& shape, DType dtype, Real frequency) {
  Tensor values{dtype, shape, {}};
  for (std::int64_t i = 0; i < shape.size(); ++i) values.elements.push_back(std::sin(frequency * static_cast<Real>(i)));
  return array_of(values);
}

/// Elementwise loops, reductions along every axis, products, gradients: large enough to be cut into chunks.
std::vector<Array> work(DType dtype, std::uint64_t seed = 1) {
  const Real frequency = 0.37L * static_cast<Real>(seed);
  Tape tape;
  const Var x = tape.variable(wave({300, 401}, dtype, frequency)), w = tape.variable(wave({401, 70}, dtype, 0.11L));
  const Var hidden = tanh(matmul(x, w) * 0.1);
  const Var loss = sum(exp(-square(hidden))) + mean(log1p(square(x)));
  const auto [dx, dw] = tape.gradient<2>(loss, {x, w});
  return tape.evaluate({loss, dx, dw, matmul(transpose(hidden), x), sum(x * x, 0), sum(x * x, 1), max(x, 0),
                        logsumexp(x, 1), sum(exp(x)), hidden});
}

TEST(Threads, DoNotChangeABit) {
  const Restoring restoring;
  for (DType dtype : {DType::float32, DType::float64}) {
    set_num_threads(1);
    const std::vector<Array> reference = work(dtype);
    for (int threads : {2, 4, 3}) {
      set_num_threads(threads);
      EXPECT_EQ(num_threads(), threads);
      for (int repeat = 0; repeat < 3; ++repeat)
        EXPECT_TRUE(same_bits(work(dtype), reference)) << threads << " threads";
    }
  }
}

TEST(Threads, TapesRunSideBySide) {
  constexpr int kRounds = 8;
  const std::vector<Array> expected[] = {work(DType::float64, 1), work(DType::float64, 2)};
  int wrong[2] = {};
  const auto run = [&](std::size_t which) {
    for (int round = 0; round < kRounds; ++round)
      if (!same_bits(work(DType::float64, which + 1), expected[which])) ++wrong[which];
  };
  std::thread first(run, 0), second(run, 1);
  first.join();
  second.join();
  EXPECT_EQ(wrong[0], 0);
  EXPECT_EQ(wrong[1], 0);
}

TEST(Threads, ManySmallTapesSideBySide) {
  std::vector<std::thread> threads;
  std::vector<double> results(4);
  for (std::size_t which = 0; which < results.size(); ++which)
    threads.emplace_back([&results, which] {
      Parameter p("p", Array(static_cast<double>(which)));
      for (int i = 0; i < 500; ++i) {
        Tape tape;
        const Var x = tape.read(p);
        tape.evaluate({}, {{p, x - 0.1 * tape.gradient(square(x - 3), x)}});
      }
      results[which] = p.value().item<double>();
    });
  for (std::thread& thread : threads) thread.join();
  for (double result : results) EXPECT_NEAR(result, 3, 1e-12);
}

TEST(Threads, ReadOneParameterTogether) {
  const Parameter shared("shared", Array::full({1000}, 0.5));
  double sums[2] = {};
  const auto read = [&](std::size_t which) {
    for (int i = 0; i < 200; ++i) {
      Tape tape;
      sums[which] = sum(tape.read(shared)).item<double>();
    }
  };
  std::thread first(read, 0), second(read, 1);
  first.join();
  second.join();
  EXPECT_EQ(sums[0], 500);
  EXPECT_EQ(sums[1], 500);
}

}  // namespace

}  // namespace xtape::test
