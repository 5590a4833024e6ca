// Schedules against closed values.
#include <cmath>

#include <gtest/gtest.h>

#include <xtape/optim/schedule.hpp>

namespace xtape::test {
namespace {

using optim::CosineDecay;
using optim::ExponentialDecay;
using optim::InverseTimeDecay;
using optim::LearningRate;
using optim::StepDecay;

TEST(Schedules, ExponentialDecayShrinksByItsFactorInSomeSteps) {
  LearningRate rate = ExponentialDecay{.initial = 0.5, .factor = 0.25, .steps = 10};
  EXPECT_EQ(rate(1), 0.5);
  EXPECT_EQ(rate(6), 0.25);
  EXPECT_DOUBLE_EQ(rate(10), 0.5 * std::exp(-0.9 * std::log(4.0)));
  EXPECT_EQ(rate(11), 0.125);
  EXPECT_EQ(rate(31), 0.5 / 64);
  EXPECT_EQ((ExponentialDecay{.initial = 1, .factor = 0.5}(4)), 0.125);
}

TEST(Schedules, InverseTimeDecayIsOneOverTheTime) {
  LearningRate rate = InverseTimeDecay{.initial = 0.5, .factor = 3, .steps = 10};
  EXPECT_EQ(rate(1), 0.5);
  EXPECT_DOUBLE_EQ(rate(10), 0.5 / 3.7);
  EXPECT_EQ(rate(11), 0.125);
  EXPECT_EQ(rate(51), 0.03125);
  EXPECT_EQ(InverseTimeDecay{.initial = 1}(8), 0.125);
  EXPECT_EQ((InverseTimeDecay{.initial = 1, .factor = 0}(100)), 1);
}

TEST(Schedules, StepDecayFallsAfterEverySteps) {
  LearningRate rate = StepDecay{.initial = 0.5, .factor = 0.25, .steps = 10};
  EXPECT_EQ(rate(1), 0.5);
  EXPECT_EQ(rate(10), 0.5);
  EXPECT_EQ(rate(11), 0.125);
  EXPECT_EQ(rate(20), 0.125);
  EXPECT_EQ(rate(21), 0.03125);
}

TEST(Schedules, StepDecayFallsAtMultiplesOfAnySteps) {
  for (int steps = 1; steps <= 100; ++steps) {
    StepDecay rate{.initial = 1, .factor = 0.5, .steps = static_cast<double>(steps)};
    for (int k = 1; k <= 20; ++k) {
      EXPECT_EQ(rate(k * steps), std::ldexp(1.0, 1 - k)) << k << " times " << steps;
      EXPECT_EQ(rate(k * steps + 1), std::ldexp(1.0, -k)) << k << " times " << steps;
    }
  }
}

TEST(Schedules, CosineDecayEndsAtItsFinalRate) {
  LearningRate rate = CosineDecay{.initial = 0.3, .steps = 12, .final = 0.1};
  EXPECT_EQ(rate(1), 0.3);
  EXPECT_DOUBLE_EQ(rate(4), 0.2 + 0.1 * std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(rate(5), 0.25);
  EXPECT_DOUBLE_EQ(rate(7), 0.2);
  EXPECT_DOUBLE_EQ(rate(9), 0.15);
  EXPECT_DOUBLE_EQ(rate(12), 0.2 - 0.1 * (std::sqrt(6.0) + std::sqrt(2.0)) / 4);  // cos 165 degrees
  EXPECT_EQ(rate(13), 0.1);
  EXPECT_EQ(rate(14), 0.1);
  EXPECT_EQ(rate(1000), 0.1);
}

TEST(Schedules, CosineDecayFallsToZeroByDefault) {
  LearningRate rate = CosineDecay{.initial = 0.3, .steps = 2};
  EXPECT_EQ(rate(1), 0.3);
  EXPECT_DOUBLE_EQ(rate(2), 0.15);
  EXPECT_EQ(rate(3), 0);
}

}  // namespace
}  // namespace xtape::test
