// The range of float32 must not limit what stopping rules see.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

namespace xtape::optim {
namespace {

TEST(Float32, AnUnchangedLossStops) {
  Parameter w("w", Array::from(std::vector<float>{1000.F}));
  const auto loss = [&](Tape& tape) { return sum(tape.read(w)); };
  const Result result =
      minimize({w}, loss, GradientDescent{.learning_rate = 1e-12}, {.iterations = 500, .loss_decrease = 1e-9});
  EXPECT_EQ(result.reason, StopReason::loss_decrease) << result.message;
}

TEST(Float32, TheGradientNormDoesNotOverflow) {
  Parameter w("w", Array::from(std::vector<float>{1.F, 1.F}));
  const auto loss = [&](Tape& tape) { return sum(tape.read(w) * 1e20F); };
  Optimizer optimizer(GradientDescent{.learning_rate = 1e-30}, {w});
  EXPECT_NEAR(optimizer.measure(loss).gradient_norm / 1e20, std::sqrt(2.0), 1e-6);
}

TEST(Range, ASlotThatOverflowsIsNotKept) {
  Parameter x("x", Array(100.0f));
  float scale = 1e20f;  // the square of a gradient of 2e22 is beyond float32
  auto loss = [&](Tape& tape) { return square(tape.read(x) * scale); };
  optim::Result result = optim::minimize({x}, loss, optim::Adam{.learning_rate = 1});
  EXPECT_EQ(result.reason, optim::StopReason::non_finite);
  Parameter y("y", Array(1.0f));
  auto steep = [&](Tape& tape) { return sum(tape.read(y) * 1e25f); };
  optim::Optimizer optimizer(optim::Adam{}, {y});
  optim::Step step = optimizer.step_unless(steep, {});
  EXPECT_EQ(step.outcome, optim::Outcome::non_finite);
  EXPECT_EQ(step.problem, "the rule's slot 'y.second_moment' is not finite at iteration 0");
  EXPECT_EQ(y.version(), 0u);
  EXPECT_EQ(optimizer.state(0).slots()[1]->value().item<float>(), 0);
}

TEST(Range, AGradientWhoseNormOverflowsIsTold) {
  Parameter x("x", Array(600.0));
  auto loss = [&](Tape& tape) { return exp(tape.read(x)); };
  optim::ClipNorm rule{.rule = optim::GradientDescent{.learning_rate = 1}, .max_norm = 1};
  optim::Result result = optim::minimize({x}, loss, rule);
  EXPECT_EQ(result.message, "the gradient is too large: its norm overflows at iteration 0");
  x.assign(Array(300.0));
  EXPECT_LT(optim::minimize({x}, loss, rule).loss, 1e-2);
}

}  // namespace
}  // namespace xtape::optim
