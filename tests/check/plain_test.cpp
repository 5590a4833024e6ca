// The checker on plain C++: functions and hand-written gradients without any tape.
#include <cmath>
#include <numbers>
#include <sstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <xtape/error.hpp>
#include <xtape/gradient_check.hpp>
#include <xtape/testing.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

using Point = std::vector<double>;
using View = std::span<const double>;

const Point kStart{-1.2, 1.0, 0.4, 2.0};

double rosenbrock(View x) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i)
    sum += 100 * std::pow(x[i + 1] - x[i] * x[i], 2) + std::pow(1 - x[i], 2);
  return sum;
}

Point rosenbrock_gradient(View x) {
  Point g(x.size(), 0);
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    const double valley = x[i + 1] - x[i] * x[i];
    g[i] += -400 * x[i] * valley - 2 * (1 - x[i]);
    g[i + 1] += 200 * valley;
  }
  return g;
}

TEST(Plain, RightGradientPasses) {
  const CheckReport report = check_gradient(rosenbrock, rosenbrock_gradient, kStart);
  EXPECT_THAT(report, PassesGradientCheck());
  EXPECT_EQ(report.checked, 4);
  EXPECT_TRUE(passes(report));
  EXPECT_TRUE(gradient_is_right(rosenbrock, rosenbrock_gradient, kStart));
  EXPECT_TRUE(gradient_is_right(rosenbrock, rosenbrock_gradient, kStart, {.seed = 3}));
}

TEST(Plain, WrongElementIsNamed) {
  const auto wrong = [](View x) {
    Point g = rosenbrock_gradient(x);
    g[2] *= 1 + 1e-6;
    return g;
  };
  const CheckReport report = check_gradient(rosenbrock, wrong, kStart);
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::fail));
  EXPECT_EQ(report.index, std::vector<std::int64_t>{2});
  EXPECT_DOUBLE_EQ(report.analytic, wrong(kStart)[2]);
  EXPECT_NEAR(report.numeric, rosenbrock_gradient(kStart)[2], 1e-8 * std::abs(report.analytic));
  EXPECT_FALSE(passes(report));
  std::ostringstream text;
  text << report;
  EXPECT_TRUE(contains(text.str(), {"fail", "input 0 at [2]", "analytic", "numeric", "slopes", "seed 2024"}));
}

TEST(Plain, WrongSize) {
  const CheckReport report = check_gradient(
      rosenbrock, [](View) { return Point(3, 0.0); }, kStart);
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::wrong_shape));
  EXPECT_TRUE(contains(report.reason, {"3", "4"}));
}

TEST(Plain, MutatedInput) {
  const auto writes = [](View x) {
    const_cast<double&>(x[0]) += 1;
    return rosenbrock(x);
  };
  EXPECT_THAT(check_gradient(writes, rosenbrock_gradient, kStart), HasGradientStatus(CheckStatus::mutated_input));
  Point outside = kStart;
  const auto writes_outside = [&](View x) {
    outside[1] += 1;
    return rosenbrock(x);
  };
  EXPECT_THAT(check_gradient(writes_outside, rosenbrock_gradient, outside),
              HasGradientStatus(CheckStatus::mutated_input));
}

TEST(Plain, NonDeterministic) {
  int calls = 0;
  const auto drifts = [&](View x) { return rosenbrock(x) + 1e-9 * ++calls; };
  EXPECT_THAT(check_gradient(drifts, rosenbrock_gradient, kStart), HasGradientStatus(CheckStatus::non_deterministic));
}

TEST(Plain, NonFinite) {
  const auto value = [](View x) { return std::log(x[0]); };
  const auto gradient = [](View x) { return Point{1 / x[0]}; };
  EXPECT_THAT(check_gradient(value, gradient, Point{-1}), HasGradientStatus(CheckStatus::non_finite));
  const auto infinite = [](View) { return Point{INFINITY}; };
  EXPECT_THAT(check_gradient(value, infinite, Point{2}), HasGradientStatus(CheckStatus::non_finite));
  const auto undefined = [](View) { return Point{1, -NAN}; };
  const CheckReport report = check_gradient(value, undefined, Point{2, 3});
  EXPECT_TRUE(contains(report.reason, {"input 0 at [1] is nan"})) << report;
}

TEST(Plain, ExceptionsBesideThePoint) {  // defined for x >= 1 only, and checked at 1
  const auto value = [](View x) {
    if (x[0] < 1) throw std::domain_error("below 1");
    return x[0] * x[0];
  };
  const auto gradient = [](View x) { return Point{2 * x[0]}; };
  EXPECT_THAT(check_gradient(value, gradient, Point{1.0}), PassesGradientCheck());
  const auto wrong = [](View x) { return Point{x[0]}; };
  EXPECT_THAT(check_gradient(value, wrong, Point{1.0}), HasGradientStatus(CheckStatus::fail));
  EXPECT_THROW(check_gradient(value, gradient, Point{0.5}), std::domain_error);
}

TEST(Plain, StepFunctionsAndJumps) {
  const auto jump = [](View x) { return x[0] >= 1 ? x[0] + 1 : x[0]; };
  const auto gradient = [](View) { return Point{1.0}; };
  EXPECT_THAT(check_gradient(jump, gradient, Point{1.0}), HasGradientStatus(CheckStatus::kink));
  EXPECT_THAT(check_gradient(jump, gradient, Point{1.0 + 1e-3}), PassesGradientCheck());
  const auto stairs = [](View x) { return x[0] + std::floor(x[0]); };  // as steep as 2 at all whole steps
  const CheckReport report = check_gradient(stairs, gradient, Point{2.0});
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::kink));
  EXPECT_EQ(report.left_slope, INFINITY);
  EXPECT_NEAR(report.right_slope, 1, 1e-9);
}

TEST(Plain, NoiseLeavesLargeErrorsVisible) {
  const auto noisy = [](View x) { return static_cast<double>(static_cast<float>(rosenbrock(x))); };
  EXPECT_THAT(check_gradient(noisy, rosenbrock_gradient, kStart), PassesGradientCheck());
  const auto wrong = [](View x) {
    Point g = rosenbrock_gradient(x);
    g[1] *= 1.05;
    return g;
  };
  EXPECT_THAT(check_gradient(noisy, wrong, kStart), HasGradientStatus(CheckStatus::fail));
}

TEST(Plain, Options) {
  const auto checked = [](const CheckOptions& options) {
    return message_of<ValueError>([&] { check_gradient(rosenbrock, rosenbrock_gradient, kStart, options); });
  };
  EXPECT_TRUE(contains(checked({.order = 0}), {"order", "0"}));
  EXPECT_TRUE(contains(checked({.order = 2}), {"order 2", "Vars"}));
  EXPECT_TRUE(contains(checked({.kink_share = 1.5}), {"kink_share", "1.5"}));
  EXPECT_TRUE(contains(checked({.coordinates = -1}), {"negative"}));
  EXPECT_TRUE(contains(checked({.all_elements = 0, .coordinates = 0, .directions = 0}), {"nothing to check"}));
}

TEST(Plain, SeedsRepeat) {
  Point x;
  for (int i = 0; i < 500; ++i) x.push_back(std::sin(i));
  const CheckOptions options{.seed = 77};
  const CheckReport first = check_gradient(rosenbrock, rosenbrock_gradient, x, options);
  const CheckReport second = check_gradient(rosenbrock, rosenbrock_gradient, x, options);
  EXPECT_EQ(to_string(first), to_string(second));
  EXPECT_EQ(first.seed, 77U);
  EXPECT_EQ(first.directions, 16);
}

TEST(Plain, EveryStatusHasAName) {
  EXPECT_EQ(name(CheckStatus::pass), "pass");
  EXPECT_EQ(name(CheckStatus::fail), "fail");
  EXPECT_EQ(name(CheckStatus::kink), "kink");
  EXPECT_EQ(name(CheckStatus::non_deterministic), "non-deterministic");
  EXPECT_EQ(name(CheckStatus::non_finite), "non-finite");
  EXPECT_EQ(name(CheckStatus::wrong_shape), "wrong shape");
  EXPECT_EQ(name(CheckStatus::mutated_input), "mutated input");
}

}  // namespace

}  // namespace xtape::test
