// Settings of rules and schedules that make no sense: each a ValueError at once, with whose setting it is, its name and
// its value.
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include <xtape/error.hpp>
#include <xtape/optim/adadelta.hpp>
#include <xtape/optim/adagrad.hpp>
#include <xtape/optim/adam.hpp>
#include <xtape/optim/adamw.hpp>
#include <xtape/optim/amsgrad.hpp>
#include <xtape/optim/momentum.hpp>
#include <xtape/optim/rmsprop.hpp>

#include "support/check.hpp"

namespace xtape::test {
namespace {

using optim::AdaDelta;
using optim::AdaGrad;
using optim::Adam;
using optim::AdamW;
using optim::AMSGrad;
using optim::CosineDecay;
using optim::ExponentialDecay;
using optim::InverseTimeDecay;
using optim::Momentum;
using optim::RMSprop;
using optim::StepDecay;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class Rule>
std::string of_rule(const Rule& rule) {
  return message_of<ValueError>([&] { optim::UpdateRule{rule}; });
}

template <class Schedule>
std::string of_schedule(const Schedule& schedule) {
  return message_of<ValueError>([&] { optim::LearningRate{schedule}; });
}

TEST(Settings, OfAdaGrad) {
  EXPECT_EQ(of_rule(AdaGrad{.epsilon = -1}), "AdaGrad: epsilon must be finite and not negative, is -1");
  EXPECT_EQ(of_rule(AdaGrad{.epsilon = kInfinity}), "AdaGrad: epsilon must be finite and not negative, is inf");
  EXPECT_EQ(of_rule(AdaGrad{.initial_accumulator = -0.5}),
            "AdaGrad: initial_accumulator must be finite and not negative, is -0.5");
}

TEST(Settings, OfRMSprop) {
  EXPECT_EQ(of_rule(RMSprop{.decay = 1}), "RMSprop: decay must be in [0, 1), is 1");
  EXPECT_EQ(of_rule(RMSprop{.decay = kNaN}), "RMSprop: decay must be in [0, 1), is nan");
  EXPECT_EQ(of_rule(RMSprop{.epsilon = -1}), "RMSprop: epsilon must be finite and not negative, is -1");
  EXPECT_EQ(of_rule(RMSprop{.momentum = -0.1}), "RMSprop: momentum must be in [0, 1), is -0.1");
}

TEST(Settings, OfAdaDelta) {
  EXPECT_EQ(of_rule(AdaDelta{.decay = -0.1}), "AdaDelta: decay must be in [0, 1), is -0.1");
  EXPECT_EQ(of_rule(AdaDelta{.epsilon = 0}), "AdaDelta: epsilon must be finite and positive, is 0");
  EXPECT_EQ(of_rule(AdaDelta{.epsilon = kInfinity}), "AdaDelta: epsilon must be finite and positive, is inf");
}

TEST(Settings, OfAdamAndItsKin) {
  EXPECT_EQ(of_rule(Adam{.beta1 = 1}), "Adam: beta1 must be in [0, 1), is 1");
  EXPECT_EQ(of_rule(Adam{.beta2 = kNaN}), "Adam: beta2 must be in [0, 1), is nan");
  EXPECT_EQ(of_rule(AMSGrad{.beta1 = -1}), "AMSGrad: beta1 must be in [0, 1), is -1");
  EXPECT_EQ(of_rule(AMSGrad{.beta2 = 1.5}), "AMSGrad: beta2 must be in [0, 1), is 1.5");
  EXPECT_EQ(of_rule(AMSGrad{.epsilon = -1}), "AMSGrad: epsilon must be finite and not negative, is -1");
  EXPECT_EQ(of_rule(AdamW{.beta1 = 1}), "AdamW: beta1 must be in [0, 1), is 1");
  EXPECT_EQ(of_rule(AdamW{.epsilon = kNaN}), "AdamW: epsilon must be finite and not negative, is nan");
  EXPECT_EQ(of_rule(AdamW{.weight_decay = -0.01}), "AdamW: weight_decay must be finite and not negative, is -0.01");
  EXPECT_EQ(of_rule(AdamW{.base_rate = 0}), "AdamW: base_rate must be finite and positive, is 0");
}

TEST(Settings, OfMomentum) {
  EXPECT_EQ(of_rule(Momentum{.momentum = 1}), "Momentum: momentum must be in [0, 1), is 1");
  EXPECT_EQ(of_rule(Momentum{.dampening = 1}), "Momentum: dampening must be in [0, 1), is 1");
  EXPECT_EQ(of_rule(Momentum{.dampening = 0.5, .nesterov = true}),
            "Momentum: nesterov goes without dampening, which is 0.5");
}

TEST(Settings, AtTheEdgeOfTheirRangeAreTaken) {
  EXPECT_NO_THROW(optim::UpdateRule(AdaGrad{.epsilon = 0}));
  EXPECT_NO_THROW(optim::UpdateRule(RMSprop{.decay = 0, .epsilon = 0}));
  EXPECT_NO_THROW(optim::UpdateRule(AdaDelta{.decay = 0}));
  EXPECT_NO_THROW(optim::UpdateRule(AdamW{.beta1 = 0, .beta2 = 0, .epsilon = 0, .weight_decay = 0}));
  EXPECT_NO_THROW(optim::LearningRate(ExponentialDecay{.initial = 0, .factor = 1}));
  EXPECT_NO_THROW(optim::LearningRate(CosineDecay{.initial = 0.1, .steps = 0.5, .final = 0.1}));
}

TEST(Settings, OfExponentialDecay) {
  EXPECT_EQ(of_schedule(ExponentialDecay{.initial = -1, .factor = 0.5}),
            "ExponentialDecay: initial must be finite and not negative, is -1");
  EXPECT_EQ(of_schedule(ExponentialDecay{.initial = 1, .factor = 2}),
            "ExponentialDecay: factor must be in (0, 1], is 2");
  EXPECT_EQ(of_schedule(ExponentialDecay{.initial = 1, .factor = 0}),
            "ExponentialDecay: factor must be in (0, 1], is 0");
  EXPECT_EQ(of_schedule(ExponentialDecay{.initial = 1, .factor = 0.5, .steps = 0}),
            "ExponentialDecay: steps must be finite and positive, is 0");
}

TEST(Settings, OfInverseTimeDecay) {
  EXPECT_EQ(of_schedule(InverseTimeDecay{.initial = kInfinity}),
            "InverseTimeDecay: initial must be finite and not negative, is inf");
  EXPECT_EQ(of_schedule(InverseTimeDecay{.initial = 1, .factor = -1}),
            "InverseTimeDecay: factor must be finite and not negative, is -1");
  EXPECT_EQ(of_schedule(InverseTimeDecay{.initial = 1, .steps = kNaN}),
            "InverseTimeDecay: steps must be finite and positive, is nan");
}

TEST(Settings, OfStepDecay) {
  EXPECT_EQ(of_schedule(StepDecay{.initial = kNaN, .factor = 0.5, .steps = 1}),
            "StepDecay: initial must be finite and not negative, is nan");
  EXPECT_EQ(of_schedule(StepDecay{.initial = 1, .factor = kNaN, .steps = 1}),
            "StepDecay: factor must be in (0, 1], is nan");
  EXPECT_EQ(of_schedule(StepDecay{.initial = 1, .factor = 0.5, .steps = -3}),
            "StepDecay: steps must be finite and positive, is -3");
}

TEST(Settings, OfCosineDecay) {
  EXPECT_EQ(of_schedule(CosineDecay{.initial = -1, .steps = 1}),
            "CosineDecay: initial must be finite and not negative, is -1");
  EXPECT_EQ(of_schedule(CosineDecay{.initial = 1, .steps = kInfinity}),
            "CosineDecay: steps must be finite and positive, is inf");
  EXPECT_EQ(of_schedule(CosineDecay{.initial = 0.5, .steps = 1, .final = 0.75}),
            "CosineDecay: final must be in [0, 0.5], is 0.75");
  EXPECT_EQ(of_schedule(CosineDecay{.initial = 0.5, .steps = 1, .final = -1}),
            "CosineDecay: final must be in [0, 0.5], is -1");
}

TEST(Settings, OfAScheduleAreCheckedWithinARule) {
  auto rule = [] { return Adam{.learning_rate = StepDecay{.initial = 1, .factor = 0, .steps = 1}}; };
  EXPECT_EQ(message_of<ValueError>(rule), "StepDecay: factor must be in (0, 1], is 0");
}

}  // namespace
}  // namespace xtape::test
