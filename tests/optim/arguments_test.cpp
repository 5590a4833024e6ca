// Arguments that make no sense: each a clear exception, with the parameters as they were.
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <xtape/error.hpp>
#include <xtape/ops.hpp>
#include <xtape/optim/optim.hpp>
#include <xtape/warning.hpp>

#include "support/check.hpp"

namespace xtape::test {
namespace {

using optim::Adam;
using optim::GradientDescent;
using optim::Momentum;
using optim::Optimizer;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Arguments, LearningRatesAreFiniteAndNotNegative) {
  auto message = [](double rate) { return message_of<ValueError>([&] { optim::LearningRate{rate}; }); };
  EXPECT_EQ(message(-0.1), "learning rate: must be finite and not negative, is -0.1");
  EXPECT_TRUE(contains(message(kNaN), {"learning rate", "nan"})) << message(kNaN);
  EXPECT_TRUE(contains(message(kInfinity), {"learning rate", "inf"})) << message(kInfinity);
  EXPECT_EQ(optim::LearningRate(0)(1), 0);
}

TEST(Arguments, ABadScheduleIsNamedWithItsStep) {
  Parameter x("x", Array(1.0));
  auto loss = [&](Tape& tape) { return square(tape.read(x)); };
  auto rate = [](std::int64_t step) { return step == 3 ? -1.0 : 0.25; };
  EXPECT_EQ(message_of<ValueError>([&] { optim::minimize({x}, loss, Momentum{.learning_rate = rate}); }),
            "learning rate: must be finite and not negative, is -1 at step 3");
  EXPECT_EQ(x.version(), 2u);
  std::function<double(std::int64_t)> none;
  EXPECT_EQ(message_of<ValueError>([&] { optim::LearningRate empty(none); }),
            "learning rate: the schedule is an empty function");
}

TEST(Arguments, SettingsOfRulesAreInRange) {
  Parameter x("x", Array(1.0));
  auto message = [&](const auto& rule) { return message_of<ValueError>([&] { Optimizer(rule, {x}); }); };
  EXPECT_EQ(message(Momentum{.momentum = 1}), "Momentum: momentum must be in [0, 1), is 1");
  EXPECT_EQ(message(Momentum{.momentum = -0.5}), "Momentum: momentum must be in [0, 1), is -0.5");
  EXPECT_EQ(message(Adam{.beta1 = 1}), "Adam: beta1 must be in [0, 1), is 1");
  EXPECT_EQ(message(Adam{.beta2 = -0.1}), "Adam: beta2 must be in [0, 1), is -0.1");
  EXPECT_TRUE(contains(message(Adam{.beta2 = kNaN}), {"Adam: beta2 must be in [0, 1), is", "nan"}));
  EXPECT_EQ(message(Adam{.epsilon = -1}), "Adam: epsilon must be finite and not negative, is -1");
  EXPECT_EQ(x.version(), 0u);
}

TEST(Arguments, ParametersAreSomeAndDistinctAndFloating) {
  Parameter x("x", Array(1.0)), y("y", Array(1.0)), count("count", Array(std::int64_t{3}));
  EXPECT_EQ(message_of<ValueError>([] { Optimizer(GradientDescent{}, {}); }), "Optimizer: there are no parameters");
  EXPECT_EQ(message_of<ValueError>([&] {
              Optimizer(GradientDescent{}, {x, y, x});
            }),
            "Optimizer: parameter 'x' is given twice, at places 0 and 2");
  EXPECT_EQ(message_of<DTypeError>([&] {
              Optimizer(GradientDescent{}, {x, count});
            }),
            "Optimizer: parameter 'count' must be float32 or float64, is int64");
}

TEST(Arguments, TheLossIsAScalar) {
  Parameter x("x", Array{1, 2, 3});
  auto loss = [&](Tape& tape) { return square(tape.read(x)); };
  EXPECT_EQ(message_of<ShapeError>([&] { optim::minimize({x}, loss, GradientDescent{}); }),
            "Optimizer: the loss must be a scalar, is [3]; reduce it, for instance with mean");
  EXPECT_EQ(x.version(), 0u);
}

TEST(Arguments, TheLossIsFloating) {
  Parameter x("x", Array(1.0));
  auto loss = [&](Tape& tape) { return tape.read(x) > 0; };
  EXPECT_EQ(message_of<DTypeError>([&] { optim::minimize({x}, loss, GradientDescent{}); }),
            "Optimizer: the loss must be float32 or float64, is bool");
}

/// The warnings of a run.
template <class Function>
std::vector<std::string> warnings_of(const Function& function) {
  std::vector<std::string> texts;
  WarningHandler before = set_warning_handler([&](std::string_view text) { texts.emplace_back(text); });
  function();
  set_warning_handler(before);
  return texts;
}

TEST(Arguments, AParameterThatTheLossDoesNotDependOnIsToldOnce) {
  for (const optim::Method& method : {optim::Method(GradientDescent{.learning_rate = 0.25}),
                                      optim::Method(optim::Newton{}), optim::Method(optim::LBFGS{})}) {
    Parameter x("x", Array(8.0)), unused("unused", Array{1, 2});
    auto loss = [&](Tape& tape) { return square(tape.read(x)); };
    auto run = [&] { optim::minimize({x, unused}, loss, method, {.iterations = 5}); };
    EXPECT_EQ(
        warnings_of(run),
        (std::vector<std::string>{"Optimizer: the loss does not depend on parameter 'unused': its gradient is zero"}));
    EXPECT_LT(x.value().item<double>(), 1);
    EXPECT_EQ(unused.value().values<double>()[1], 2);
    EXPECT_TRUE(warnings_of([&] { optim::minimize({x}, loss, method, {.iterations = 1}); }).empty());
  }
}

TEST(Arguments, ALossThatDependsOnNoParameterIsRefused) {
  Parameter x("x", Array(1.0)), y("y", Array(1.0));
  auto loss = [&](Tape& tape) { return square(tape.variable(x.value())); };
  for (const optim::Method& method :
       {optim::Method(Adam{}), optim::Method(optim::Newton{}), optim::Method(optim::LBFGS{})}) {
    EXPECT_TRUE(contains(message_of<ValueError>([&] {
                           optim::minimize({x, y}, loss, method);
                         }),
                         {"Optimizer: the loss depends on none of the parameters", "read them through the tape"}));
  }
  EXPECT_EQ(x.version(), 0u);
}

TEST(Arguments, LossAndRuleRecordOnTheGivenTape) {
  Parameter x("x", Array(1.0));
  Tape other;
  auto elsewhere = [&](Tape&) { return square(other.read(x)); };
  EXPECT_EQ(message_of<ValueError>([&] { optim::minimize({x}, elsewhere, GradientDescent{}); }),
            "Optimizer: the loss is a Var of another tape; record it on the tape that the function is given");
  auto loss = [&](Tape& tape) { return square(tape.read(x)); };
  auto rule = [&](const Var&, const Var&, optim::State&) { return other.read(x); };
  EXPECT_EQ(message_of<ValueError>([&] { optim::minimize({x}, loss, optim::UpdateRule(rule)); }),
            "Optimizer: the rule gives a Var of another tape for 'x'");
  EXPECT_EQ(x.version(), 0u);
}

TEST(Arguments, SlotsAreForSteps) {
  Parameter x("x", Array(1.0));
  optim::State state(x);
  EXPECT_EQ(message_of<ValueError>([&] { state["velocity"]; }),
            "State: slot 'velocity' is used outside of an Optimizer's step");
}

TEST(Arguments, AnEmptyFunctionIsNoRule) {
  std::function<Var(const Var&, const Var&, optim::State&)> none;
  EXPECT_EQ(message_of<ValueError>([&] { optim::UpdateRule rule(none); }), "UpdateRule: the rule is an empty function");
}

TEST(Arguments, EpochsAreForMiniBatches) {
  Parameter x("x", Array(1.0));
  auto loss = [&](Tape& tape) { return square(tape.read(x)); };
  EXPECT_EQ(message_of<ValueError>([&] { optim::minimize({x}, loss, GradientDescent{}, {.epochs = 3}); }),
            "minimize: Stopping::epochs is for mini-batches; use iterations");
}

TEST(Arguments, ARuleKeepsShapeAndDType) {
  Parameter x("x", Array{1, 2, 3});
  auto loss = [&](Tape& tape) { return sum(square(tape.read(x))); };
  auto shrink = [](const Var& var, const Var&, optim::State&) { return sum(var); };
  EXPECT_EQ(message_of<ShapeError>([&] { optim::minimize({x}, loss, shrink); }),
            "Optimizer: the rule gives float64 [] for parameter 'x', which is float64 [3]");
  EXPECT_EQ(x.version(), 0u);
}

TEST(Arguments, StoppingRulesAreNotNegative) {
  Parameter x("x", Array(1.0));
  auto message = [&](const optim::Stopping& stopping) {
    auto loss = [&](Tape& tape) { return square(tape.read(x)); };
    return message_of<ValueError>([&] { optim::minimize({x}, loss, GradientDescent{}, stopping); });
  };
  EXPECT_EQ(message({.iterations = -1}), "Stopping: iterations must not be negative, is -1");
  EXPECT_EQ(message({.gradient_norm = -2}), "Stopping: gradient_norm must not be negative or NaN, is -2");
  EXPECT_TRUE(contains(message({.loss_decrease = kNaN}), {"Stopping: loss_decrease must not be negative", "nan"}));
  EXPECT_EQ(message({.relative_decrease = -1}), "Stopping: relative_decrease must not be negative or NaN, is -1");
  EXPECT_EQ(x.version(), 0u);
}

TEST(Arguments, AnOptimizerGoesOnAfterALossThatThrows) {
  Parameter x("x", Array(1.0));
  Optimizer optimizer(GradientDescent{.learning_rate = 0.25}, {x});
  EXPECT_THROW(optimizer.step([&](Tape& tape) { return tape.read(x) + Array{1, 2}; }), ShapeError);
  optimizer.step([&](Tape& tape) { return square(tape.read(x)); });
  EXPECT_EQ(x.value().item<double>(), 0.5);
}

}  // namespace
}  // namespace xtape::test
