// Stopping rules, and what happens when something is not finite.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <xtape/error.hpp>
#include <xtape/ops.hpp>
#include <xtape/optim/optim.hpp>

#include "support/check.hpp"

namespace xtape::test {
namespace {

using optim::GradientDescent;
using optim::minimize;
using optim::Result;
using optim::StopReason;

double value(const Parameter& parameter) { return parameter.value().item<double>(); }

/// f = x^2, whose gradient descent with rate r multiplies x by 1 - 2 r.
struct Parabola {
  Parameter x{"x", Array(8.0)};
  optim::LossFunction loss = [this](Tape& tape) { return square(tape.read(x)); };
};

TEST(Minimize, StopsAfterIterations) {
  Parabola f;
  Result result = minimize({f.x}, f.loss, GradientDescent{.learning_rate = 0.25}, {.iterations = 3});
  EXPECT_EQ(result.reason, StopReason::iterations);
  EXPECT_EQ(result.iterations, 3);
  EXPECT_EQ(value(f.x), 1);
  EXPECT_EQ(result.loss, 1);
  EXPECT_EQ(result.gradient_norm, 2);
  EXPECT_EQ(result.message, "the limit of iterations is reached after 3 iterations");
}

TEST(Minimize, StopsAtASmallGradientAndLeavesThePointThatHasIt) {
  Parabola f;
  Result result = minimize({f.x}, f.loss, GradientDescent{.learning_rate = 0.25}, {.gradient_norm = 1.5});
  EXPECT_EQ(result.reason, StopReason::gradient_norm);
  EXPECT_EQ(result.iterations, 4);
  EXPECT_EQ(value(f.x), 0.5);
  EXPECT_EQ(result.gradient_norm, 1);
  EXPECT_EQ(result.message, "the gradient norm 1 is below 1.5 after 4 iterations");
}

TEST(Minimize, AThresholdThatIsJustReachedIsNotBelow) {
  Parabola f;
  Result result = minimize({f.x}, f.loss, GradientDescent{.learning_rate = 0.25}, {.gradient_norm = 1});
  EXPECT_EQ(result.iterations, 5);
  EXPECT_EQ(result.gradient_norm, 0.5);
}

TEST(Minimize, StopsWhenTheLossHardlyDecreases) {
  Parabola f;  // losses 64, 16, 4, 1, 0.25: the decrease from 4 to 1 is the first below 3.5
  Result result = minimize({f.x}, f.loss, GradientDescent{.learning_rate = 0.25}, {.loss_decrease = 3.5});
  EXPECT_EQ(result.reason, StopReason::loss_decrease);
  EXPECT_EQ(result.iterations, 3);
  EXPECT_EQ(value(f.x), 1);
  EXPECT_EQ(result.message, "the loss decreased by less than 3.5 after 3 iterations");
}

TEST(Minimize, StopsWhenTheLossDecreasesByASmallFraction) {
  Parameter x("x", Array(8.0));  // losses 80, 32, 20, 17: falls by 0.6, 0.375 and 0.15 of what they were
  auto loss = [&](Tape& tape) { return square(tape.read(x)) + 16; };
  const GradientDescent rule{.learning_rate = 0.25};
  Result result = minimize({x}, loss, rule, {.relative_decrease = 0.3});
  EXPECT_EQ(result.reason, StopReason::loss_decrease);
  EXPECT_EQ(result.iterations, 3);
  EXPECT_EQ(result.message, "the loss decreased by less than 0.3 of itself after 3 iterations");
  x.assign(Array(8.0));
  result = minimize({x}, loss, rule, {.loss_decrease = 20, .relative_decrease = 0.3});
  EXPECT_EQ(result.iterations, 2);
  EXPECT_EQ(result.message, "the loss decreased by less than 20 or 0.3 of itself after 2 iterations");
}

TEST(Minimize, AFractionOfANegativeLossIsOneOfItsSize) {
  Parameter x("x", Array(8.0));  // losses -36, -84, -96, -99
  auto loss = [&](Tape& tape) { return square(tape.read(x)) - 100; };
  Result result = minimize({x}, loss, GradientDescent{.learning_rate = 0.25}, {.relative_decrease = 0.1});
  EXPECT_EQ(result.iterations, 3);
}

TEST(Minimize, CountsEvaluations) {
  Parabola f;
  EXPECT_EQ(minimize({f.x}, f.loss, GradientDescent{}, {.iterations = 3}).evaluations, 4);  // and where it ends
  Parameter y("y", Array{1, 2});
  auto quadratic = [&](Tape& tape) { return sum(square(tape.read(y))); };
  Result result = minimize({y}, quadratic, optim::Newton{}, {.iterations = 1});
  EXPECT_EQ(result.evaluations, 5);  // the start, two rows of the Hessian, a trial, and where it ends
}

TEST(Minimize, AnIncreaseIsNoDecrease) {
  Parabola f;
  Result result = minimize({f.x}, f.loss, GradientDescent{.learning_rate = 2}, {.loss_decrease = 0});
  EXPECT_EQ(result.reason, StopReason::loss_decrease);
  EXPECT_EQ(result.iterations, 1);
}

TEST(Minimize, ZeroIterationsOnlyMeasure) {
  Parabola f;
  Result result = minimize({f.x}, f.loss, GradientDescent{}, {.iterations = 0});
  EXPECT_EQ(result.iterations, 0);
  EXPECT_EQ(result.loss, 64);
  EXPECT_EQ(f.x.version(), 0u);
}

TEST(Minimize, ReportsProgressAtEveryIteration) {
  Parabola f;
  std::vector<double> losses;
  minimize({f.x}, f.loss, GradientDescent{.learning_rate = 0.25}, {.iterations = 2}, [&](const optim::Step& step) {
    EXPECT_EQ(step.iteration, static_cast<std::int64_t>(losses.size()));
    losses.push_back(step.loss);
  });
  EXPECT_EQ(losses, (std::vector<double>{64, 16, 4}));
}

TEST(Minimize, TrainsFloat32) {
  Parameter x("x", Array(8.0f));
  auto loss = [&](Tape& tape) { return square(tape.read(x)); };
  Result result = minimize({x}, loss, optim::Momentum{.learning_rate = 0.05}, {.gradient_norm = 1e-3});
  EXPECT_EQ(result.reason, StopReason::gradient_norm);
  EXPECT_EQ(x.dtype(), DType::float32);
  EXPECT_LT(std::abs(value(x)), 5e-4);
}

TEST(Guard, ALossThatIsNotFiniteStopsAndLeavesTheParameters) {
  Parameter x("x", Array(1.0));  // 1, 0.7, 0.341, and then -0.172, whose square root is NaN
  auto loss = [&](Tape& tape) { return sqrt(tape.read(x)); };
  Result result = minimize({x}, loss, GradientDescent{.learning_rate = 0.6});
  EXPECT_EQ(result.reason, StopReason::non_finite);
  EXPECT_EQ(result.iterations, 3);
  EXPECT_TRUE(contains(result.message, {"the loss is nan at iteration 3"})) << result.message;
  double expected = 1;
  for (int i = 0; i < 3; ++i) expected -= 0.6 * 0.5 / std::sqrt(expected);
  EXPECT_NEAR(value(x), expected, 1e-15);
}

TEST(Guard, AGradientThatIsNotFiniteIsNamed) {
  Parameter x("x", Array(0.0)), y("y", Array(1.0));
  auto loss = [&](Tape& tape) { return sqrt(tape.read(x)) + square(tape.read(y)); };
  Result result = minimize({y, x}, loss, GradientDescent{});
  EXPECT_EQ(result.reason, StopReason::non_finite);
  EXPECT_EQ(result.message, "the gradient of 'x' is not finite at iteration 0");
  EXPECT_EQ(value(y), 1);
  EXPECT_EQ(y.version(), 0u);
}

TEST(Guard, ANewValueThatIsNotFiniteIsNamedAndStateIsKept) {
  Parameter x("x", Array(-1.0));
  auto rate = [](std::int64_t step) { return step < 3 ? 1.0 : 1.7e308; };
  optim::Optimizer optimizer(optim::Momentum{.learning_rate = rate, .momentum = 0.5}, {x});
  auto loss = [&](Tape& tape) { return 4 * tape.read(x); };
  optimizer.step(loss);
  optimizer.step(loss);
  EXPECT_EQ(value(x), -11);
  std::string message = message_of<NumericalError>([&] { optimizer.step(loss); });
  EXPECT_EQ(message, "Optimizer: the new value of 'x' is not finite at iteration 2");
  EXPECT_EQ(value(x), -11);
  EXPECT_EQ(optimizer.state(0).slots()[0]->value().item<double>(), 6);
  EXPECT_EQ(optimizer.iterations(), 2);
}

TEST(Guard, OneBadElementKeepsAllParameters) {
  Parameter x("x", Array{1, 2, -1, 4}), y("y", Array{1});
  auto loss = [&](Tape& tape) { return sum(square(tape.read(y))) + 0 * sum(tape.read(x)); };
  auto rule = [](const Var& var, const Var& gradient, optim::State&) { return sqrt(var) - gradient; };
  EXPECT_EQ(minimize({y, x}, loss, rule).message, "the new value of 'x' is not finite at iteration 0");
  EXPECT_EQ(y.version(), 0u);
  EXPECT_EQ(x.version(), 0u);
}

}  // namespace
}  // namespace xtape::test
