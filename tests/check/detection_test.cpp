// One element of a gradient that is wrong by a little is found, on programs that are well-conditioned.
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include <xtape/custom_op.hpp>
#include <xtape/gradient_check.hpp>
#include <xtape/xtape.hpp>

#include "support/tensor.hpp"

namespace xtape::test {

namespace {

using Vars = std::span<const Var>;
using Program = Var (*)(const Var& x, const Var& w);

/// Of x (n, 4) and w (4, 3).
constexpr Program kPrograms[] = {
    [](const Var& x, const Var& w) { return sum(tanh(matmul(x, w))); },
    [](const Var& x, const Var& w) { return mean(square(matmul(x, w) - 0.5)); },
    [](const Var& x, const Var& w) { return sum(logsumexp(matmul(x, w), 1)) + 0.1 * sum(square(w)); },
    [](const Var& x, const Var& w) { return softmax(matmul(x, w)) * sum(x, 1, true); },
    [](const Var& x, const Var& w) { return sum(sqrt(1 + square(x))) + sum(exp(0.3 * w)); },
    [](const Var& x, const Var& w) { return log1p(exp(matmul(sigmoid(x), w))); },
    [](const Var& x, const Var& w) { return mean(x * x * x, 0) * sum(sin(w), 1); },
};

/// The identity, whose rule makes one element wrong by a factor.
CustomOp wrong_element(const Shape& shape, DType dtype, std::size_t element, double factor) {
  Tensor factors{dtype, shape, std::vector<Real>(static_cast<std::size_t>(shape.size()), 1)};
  factors.elements[element] = factor;
  return CustomOp(
      "planted", [](Vars x) { return 1 * x[0]; },
      [factors](Vars, const Var&, const Var& c) {
        Tensor same = factors;
        same.dtype = c.dtype();
        return std::vector<Var>{c * array_of(same)};
      });
}

struct Trial {
  Program program;
  Array x, w;
  bool in_w = false;
  std::size_t element = 0;
};

Trial random_trial(Random& random, DType dtype) {
  const std::int64_t rows = random.chance(0.3L) ? random.integer(200, 3000) : random.integer(1, 12);
  Trial trial{kPrograms[random.integer(0, std::ssize(kPrograms) - 1)],
              array_of(random_tensor(random, {rows, 4}, dtype, 0.2L, 1.5L)),
              array_of(random_tensor(random, {4, 3}, dtype, 0.2L, 1.5L))};
  trial.in_w = random.chance(0.3L);
  trial.element = static_cast<std::size_t>(random.integer(0, (trial.in_w ? trial.w : trial.x).size() - 1));
  return trial;
}

bool found(const Trial& trial, double factor, std::uint64_t seed) {
  const Array& target = trial.in_w ? trial.w : trial.x;
  const CustomOp op = wrong_element(target.shape(), target.dtype(), trial.element, factor);
  const auto f = [&](const Var& x, const Var& w) {
    return trial.in_w ? trial.program(x, op(w)) : trial.program(op(x), w);
  };
  const CheckReport report = check_gradient(f, {trial.x, trial.w}, {.seed = seed});
  if (factor != 1) return report.status == CheckStatus::fail;
  EXPECT_TRUE(report.passed()) << report;
  return false;
}

/// 30 trials, or as many as XTAPE_CHECK_TRIALS says.
int trials() {
  const char* text = std::getenv("XTAPE_CHECK_TRIALS");
  return text == nullptr ? 30 : std::atoi(text);
}

void expect_found(DType dtype, double error) {
  Random random(dtype == DType::float32 ? 5 : 6);
  int hits = 0;
  for (int i = 0; i < trials(); ++i) {
    const Trial trial = random_trial(random, dtype);
    const bool hit = found(trial, 1 + error, static_cast<std::uint64_t>(i));
    hits += hit ? 1 : 0;
    if (i % 10 == 0) found(trial, 1, static_cast<std::uint64_t>(i));
    if (!hit) std::cout << "missed in trial " << i << ": element " << trial.element << " of " << trial.x.size() << "\n";
  }
  testing::Test::RecordProperty("found", hits);
  EXPECT_GE(hits, 0.99 * trials());
}

TEST(Detection, OneMillionthInFloat64) { expect_found(DType::float64, 1e-6); }

TEST(Detection, OneThousandthInFloat32) { expect_found(DType::float32, 1e-3); }

// What a report promises of random directions: an error of `found_by_directions` over the element's scale is found.
TEST(Detection, ByRandomDirectionsAsStated) {
  constexpr std::int64_t kSize = 4000;
  Random random(8);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Array x = array_of(random_tensor(random, {kSize}, DType::float64, -1.9L, 1.9L));
    std::vector<double> error(kSize, 0);
    const CustomOp op(
        "planted", [](Vars in) { return sin(in[0]); },
        [&](Vars in, const Var&, const Var& c) { return std::vector<Var>{c * (cos(in[0]) + Array::from(error))}; });
    const auto f = [&](const Var& in) { return sum(op(in)); };
    const CheckOptions options{.seed = seed, .coordinates = 4};
    const CheckReport right = check_gradient(f, x, options);
    ASSERT_TRUE(right.passed()) << right;
    const auto element = static_cast<std::size_t>(random.integer(0, kSize - 1));
    error[element] = right.found_by_directions;  // scales are at least 1 here
    const CheckReport wrong = check_gradient(f, x, options);
    EXPECT_EQ(wrong.status, CheckStatus::fail) << wrong;
  }
}

}  // namespace

}  // namespace xtape::test
