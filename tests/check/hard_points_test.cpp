// The checker where numeric derivatives are hard: beside singularities, on scales far apart, in rounding, at kinks.
#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <xtape/gradient_check.hpp>
#include <xtape/testing.hpp>

#include "check/functions.hpp"
#include "support/check.hpp"

namespace xtape::test {

namespace {

TEST(HardPoints, DomainEdges) {
  const Array near_zero{1e-9, 1e-3, 0.5, 4};
  EXPECT_THAT(check_gradient([](const Var& a) { return log(a); }, near_zero, {.order = 2}), PassesGradientCheck());
  EXPECT_THAT(check_gradient([](const Var& a) { return sum(sqrt(a) * a); }, near_zero), PassesGradientCheck());
  // x^2.5 is defined on the right of 0 only, where its slope is 0.
  const auto one_sided = [](const Var& a) { return power(a, 2.5) + 3 * a; };
  const CheckReport report = check_gradient(one_sided, Array{0.0, 1.0});
  EXPECT_THAT(report, PassesGradientCheck());
}

TEST(HardPoints, ElementsFarSmallerThanTheOthers) {  // whose slope lives on steps that no other element needs
  EXPECT_THAT(check_gradient([](const Var& a) { return log(a); }, Array{1e-300, 1}), PassesGradientCheck());
  EXPECT_THAT(check_gradient([](const Var& a) { return 1 / a; }, Array{1e-8, 1e-3, 1}), PassesGradientCheck());
  const CustomOp op =
      unary_op([](const Var& x) { return log(x); }, [](const Var& x, const Var& c) { return 1.01 * c / x; });
  EXPECT_THAT(check_gradient([&](const Var& a) { return op(a); }, Array{1e-300, 1}),
              HasGradientStatus(CheckStatus::fail));
}

TEST(HardPoints, NextToSingularities) {
  EXPECT_THAT(check_gradient([](const Var& a) { return asin(a); }, 1 - 1e-9), PassesGradientCheck());
  EXPECT_THAT(check_gradient([](const Var& a) { return power(a, 1.5); }, Array{0, 0}), PassesGradientCheck());
  // The slope of x^1.1 at 0 is 0, but no step is short enough to see it.
  const CheckReport report = check_gradient([](const Var& a) { return power(a, 1.1); }, Array{0, 1});
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::kink));
  EXPECT_TRUE(contains(report.reason, {"for 1 of 2 elements no numeric derivative"})) << report;
}

TEST(HardPoints, FastOscillations) {
  for (double frequency : {1e4, 1e6, 1e8}) {
    const CustomOp op(
        "planted", [=](Vars x) { return sin(frequency * x[0]); },
        [=](Vars x, const Var&, const Var& c) {
          return std::vector<Var>{1.001 * frequency * c * cos(frequency * x[0])};
        });
    const Array x{0.12, 0.45, 0.79};
    EXPECT_THAT(check_gradient([=](const Var& a) { return sin(frequency * a); }, x), PassesGradientCheck());
    EXPECT_THAT(check_gradient([=](const Var& a) { return op(a); }, x), HasGradientStatus(CheckStatus::fail));
  }
}

TEST(HardPoints, GradientsThatVaryFastAreNotNoisy) {  // a step of width 1e-6, looked at in its middle
  const CustomOp op = unary_op([](const Var& x) { return tanh(x); },
                               [](const Var& x, const Var& c) { return 1.01 * c * (1 - square(tanh(x))); });
  const Array x{1.0, 1.0};
  EXPECT_THAT(check_gradient([](const Var& a) { return tanh(1e6 * (a - 1)); }, x), PassesGradientCheck());
  EXPECT_THAT(check_gradient([&](const Var& a) { return op(1e6 * (a - 1)); }, x), HasGradientStatus(CheckStatus::fail));
}

TEST(HardPoints, PiecewiseConstant) {
  const auto f = [](const Var& a) { return floor(a); };
  EXPECT_THAT(check_gradient(f, Array{0.4, 1.7, 2.9, 4.2}), PassesGradientCheck());
  const CheckReport report = check_gradient(f, Array{1, 2, 3});
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::kink));
  EXPECT_EQ(report.left_slope, INFINITY) << report;
}

TEST(HardPoints, PointsOfAnyScale) {
  for (double scale : {1e-12, 1e-5, 1.0, 1e7, 1e12}) {
    const Array x{0.7 * scale, -1.3 * scale, 2.1 * scale};
    const auto f = [scale](const Var& a) { return sum(tanh(a / scale)) * 1e-3; };
    const CheckReport report = check_gradient(f, x);
    EXPECT_THAT(report, PassesGradientCheck());
    EXPECT_LT(report.error, 1e-7 * std::abs(report.numeric)) << report;
  }
}

TEST(HardPoints, FarFromTheOrigin) {  // 1e6 (x - 1e6), where the value is small beside what it is made of
  const auto f = [](const Var& a) { return sum(square(a - 1e6)); };
  EXPECT_THAT(check_gradient(f, Array{1e6 + 0.5, 1e6 - 0.25, 1e6 + 3}), PassesGradientCheck());
}

TEST(HardPoints, SaturatedFunctionsInFloat32) {  // 1 - tanh^2 is all rounding, and the same at all points close by
  const auto single = [](float a, float b) { return Array::from(std::vector<float>{a, b}); };
  EXPECT_THAT(check_gradient([](const Var& x) { return tanh(x); }, single(9, 8.5)), PassesGradientCheck());
  EXPECT_THAT(check_gradient([](const Var& x) { return sigmoid(x); }, single(20, 30)), PassesGradientCheck());
}

TEST(HardPoints, Float32WithinAFloat64Function) {
  const auto f = [](const Var& x) { return minimum(cast(cast(x, DType::float32) * 1.5F, DType::float64), 2 * x); };
  for (double x : {0.3, 1.7, -2.9}) {
    EXPECT_THAT(check_gradient(f, Array{x, x + 0.1, x - 0.2}), PassesGradientCheck());
    EXPECT_THAT(check_gradient(f, x), PassesGradientCheck());
  }
}

TEST(HardPoints, IllConditionedSystems) {  // whose factorization holds pivots, which are not to be shaken
  std::vector<double> hilbert;
  for (int i = 0; i < 25; ++i) hilbert.push_back(1.0 / (i / 5 + i % 5 + 1));
  const auto f = [](const Var& a, const Var& b) { return solve(a, b); };
  EXPECT_TRUE(gradient_is_right(f, {Array::from(hilbert, {5, 5}), Array{1, -2, 3, 0.5, 1}}));
}

TEST(HardPoints, CancellationIsNoError) {  // smooth where the cosine does not change, and wrong in the third digit
  const CheckReport report = check_gradient([](const Var& x) { return (1 - cos(x)) / square(x); }, Array{1e-7, 2e-7});
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::kink));
  EXPECT_TRUE(contains(report.reason, {"for 2 of 2 elements no numeric derivative could be measured"})) << report;
}

// ---- Kinks

TEST(Kinks, OneAmongManyIsAccepted) {
  std::vector<double> x;
  for (int i = 0; i < 30; ++i) x.push_back(0.3 * i - 2.1);  // x[7] is 0 but for rounding
  x[7] = 0;
  for (const auto& f : {relu, abs}) {
    const CheckReport report = check_gradient([&](const Var& a) { return sum(f(a) * 2); }, Array::from(x));
    EXPECT_THAT(report, PassesGradientCheck());
    EXPECT_EQ(report.kinks, 1) << report;
  }
}

TEST(Kinks, NearOnesAreAccepted) {
  for (double distance : {1e-14, 1e-11, 1e-9, 1e-7, 1e-5, 1e-3}) {
    std::vector<double> x(40, 1.5);
    x[3] = distance;
    x[4] = -distance;
    const CheckReport report = check_gradient([](const Var& a) { return sum(relu(a)); }, Array::from(x));
    EXPECT_THAT(report, PassesGradientCheck()) << distance;
  }
}

TEST(Kinks, AWrongSlopeAtOneIsFound) {  // outside of the one-sided slopes 0 and 1
  const CustomOp op = unary_op([](const Var& x) { return relu(x); },
                               [](const Var& x, const Var& c) { return where(x == 0, 1.25 * c, where(x > 0, c, 0)); });
  std::vector<double> x(30, 1.0);
  x[11] = 0;
  const CheckReport report = check_gradient([&](const Var& a) { return sum(op(a)); }, Array::from(x));
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::fail));
  EXPECT_EQ(report.index, std::vector<std::int64_t>{11});
  EXPECT_NEAR(report.left_slope, 0, 1e-9);
  EXPECT_NEAR(report.right_slope, 1, 1e-9);
}

TEST(Kinks, AllZeroInputDoesNotPassVacuously) {
  for (std::int64_t size : {1, 20, 5000})
    for (const auto& f : {relu, abs}) {
      const CheckReport report = check_gradient([&](const Var& a) { return sum(f(a)); }, Array::zeros({size}));
      EXPECT_THAT(report, HasGradientStatus(CheckStatus::kink)) << size;
      EXPECT_EQ(report.kinks, report.checked);
    }
}

TEST(Kinks, ShareIsAnOption) {
  const Array x{0, 1, 2, 3};
  const auto f = [](const Var& a) { return sum(relu(a)); };
  EXPECT_THAT(check_gradient(f, x), HasGradientStatus(CheckStatus::kink));
  EXPECT_THAT(check_gradient(f, x, {.kink_share = 0.25}), PassesGradientCheck());
}

TEST(Kinks, ManyAmongVeryMany) {  // about 1 % of 20,000 elements exactly at kinks of either direction
  std::vector<double> x;
  Random random(3);
  for (int i = 0; i < 20000; ++i) x.push_back(random.chance(0.01L) ? 0 : static_cast<double>(random.uniform(-2, 2)));
  const auto f = [](const Var& a) { return sum(relu(a)) + 0.5 * sum(abs(a)); };
  EXPECT_THAT(check_gradient(f, Array::from(x)), PassesGradientCheck());
}

}  // namespace

}  // namespace xtape::test
