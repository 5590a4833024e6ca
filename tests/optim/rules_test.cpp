// Each rule against a plain loop written from its formula, on every problem, with its plan, slots and dtypes; and rules
// that a user writes.
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include <xtape/engine.hpp>
#include <xtape/optim/adadelta.hpp>
#include <xtape/optim/adagrad.hpp>
#include <xtape/optim/adam.hpp>
#include <xtape/optim/adamw.hpp>
#include <xtape/optim/amsgrad.hpp>
#include <xtape/optim/gradient_descent.hpp>
#include <xtape/optim/optimizer.hpp>
#include <xtape/optim/rmsprop.hpp>

#include "problems.hpp"
#include "rule_cases.hpp"

namespace xtape::test {
namespace {

using optim::Optimizer;
using optim::State;

/// The rate falls, so that a rule which counts its steps wrongly is found out.
Rate falling(double rate) {
  return [rate](std::int64_t step) { return rate / (1 + 0.01 * static_cast<double>(step - 1)); };
}

TEST(Rules, EachIsItsFormula) {
  for (const RuleCase& row : rule_cases()) {
    for (const Problem& problem : problems()) {
      Rate rate = falling(row.rate.value_or(problem.rate));
      Vector expected = run_plain(problem, 100, rate, row.plain);
      expect_near(run_rule(problem, 100, row.rule(rate)), expected, row.name + " on " + problem.name);
    }
  }
}

TEST(Rules, Float32FollowsFloat64) {
  Problem problem = problems()[0];
  std::vector<float> start(problem.start.begin(), problem.start.end());
  for (const RuleCase& row : rule_cases()) {
    Rate rate = falling(row.rate.value_or(problem.rate));
    Vector expected = run_plain(problem, 100, rate, row.plain);
    Parameter x("x", Array::from(start));
    Optimizer optimizer(row.rule(rate), {x});
    for (int i = 0; i < 100; ++i) optimizer.step([&](Tape& tape) { return problem.loss(tape.read(x)); });
    ASSERT_EQ(x.dtype(), DType::float32) << row.name;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      double tolerance = 2e-6 * std::max(1.0, std::abs(problem.start[i]));
      EXPECT_NEAR(x.value().values<float>()[i], expected[i], tolerance) << row.name << ", element " << i;
    }
    for (const Parameter* slot : optimizer.state(0).slots()) EXPECT_EQ(slot->dtype(), DType::float32) << row.name;
  }
}

TEST(Rules, ScheduleIsAFunctionOfTheStep) {
  Problem problem = problems()[0];
  auto halving = [](std::int64_t step) { return 0.1 * std::pow(0.5, static_cast<double>(step - 1) / 20); };
  auto plain = [](double x, double g, int step, const Rate& rate, Slots&) { return x - rate(step) * g; };
  Vector expected = run_plain(problem, 100, halving, plain);
  optim::ExponentialDecay decay{.initial = 0.1, .factor = 0.5, .steps = 20};
  expect_near(run_rule(problem, 100, optim::GradientDescent{.learning_rate = decay}), expected, "ExponentialDecay");
  expect_near(run_rule(problem, 100, optim::GradientDescent{.learning_rate = halving}), expected, "lambda");
}

/// Nesterov's form, as a user would write it.
struct Nesterov {
  std::function<double(std::int64_t)> rate;
  Var update(const Var& x, const Var& gradient, State& state) const {
    Var& v = state["v"];
    v = 0.9 * v + gradient;
    return x - rate(state.step()) * (gradient + 0.9 * v);
  }
};

TEST(Rules, AUsersRuleIsItsFormula) {
  auto plain = [](double x, double g, int step, const Rate& rate, Slots& s) {
    s[0] = 0.9 * s[0] + g;
    return x - rate(step) * (g + 0.9 * s[0]);
  };
  for (const Problem& problem : problems()) {
    Rate rate = [&](std::int64_t step) { return problem.rate / static_cast<double>(step); };
    Vector expected = run_plain(problem, 100, rate, plain);
    expect_near(run_rule(problem, 100, Nesterov{rate}), expected, problem.name);
  }
}

TEST(Rules, ALambdaIsARule) {
  Parameter x("x", Array{3, -2});
  auto sign_descent = [](const Var& var, const Var& gradient, State&) { return var - 0.5 * sign(gradient); };
  Optimizer optimizer(sign_descent, {x});
  for (int i = 0; i < 3; ++i) optimizer.step([&](Tape& tape) { return sum(square(tape.read(x))); });
  EXPECT_EQ(x.value().values<double>()[0], 1.5);
  EXPECT_EQ(x.value().values<double>()[1], -0.5);
}

/// Steps of a rule on a problem of this size: how many plans were looked for and not found, and found.
PlanCacheStatistics cache_use(const optim::UpdateRule& rule, std::int64_t size, int steps) {
  Parameter x("x", Array::full({size}, 0.5)), y("y", Array(0.25));
  Optimizer optimizer(rule, {x, y});
  PlanCacheStatistics before = plan_cache_statistics();
  for (int i = 0; i < steps; ++i) {
    optimizer.step([&](Tape& tape) { return mean(square(tanh(tape.read(x)) * y - 0.1 * i)); });
  }
  PlanCacheStatistics after = plan_cache_statistics();
  return {after.hits - before.hits, after.misses - before.misses, 0, 0};
}

TEST(Rules, ForwardGradientAndUpdateAreOnePlanForAllSteps) {
  auto rate = [](std::int64_t step) { return 0.1 / static_cast<double>(step); };
  std::vector<std::pair<std::string, optim::UpdateRule>> rules = {
      {"a user's struct", Nesterov{rate}},
      {"a user's lambda", [rate](const Var& x, const Var& g, State& state) { return x - rate(state.step()) * g; }}};
  for (const RuleCase& row : rule_cases()) rules.emplace_back(row.name, row.rule(rate));
  for (std::size_t i = 0; i < rules.size(); ++i) {
    PlanCacheStatistics use = cache_use(rules[i].second, 1031 + static_cast<std::int64_t>(i), 200);
    EXPECT_EQ(use.misses, 1u) << rules[i].first;
    EXPECT_EQ(use.hits, 199u) << rules[i].first;
  }
}

TEST(Rules, EachHasItsSlots) {
  for (const RuleCase& row : rule_cases()) {
    Parameter x("x", Array{1, 2});
    Optimizer optimizer(row.rule([](std::int64_t) { return 0.1; }), {x});
    optimizer.step([&](Tape& tape) { return sum(square(tape.read(x))); });
    std::vector<std::string> names;
    for (const Parameter* slot : optimizer.state(0).slots()) names.push_back(slot->name());
    std::vector<std::string> expected;
    for (const std::string& slot : row.slots) expected.push_back("x." + slot);
    EXPECT_EQ(names, expected) << row.name;
  }
}

TEST(Rules, ACenteredRMSpropBearsAConstantGradient) {
  Parameter x("x", Array{0.1, 0.3, 0.7});  // the averages of g^2 and g leave nothing but rounding between them
  Optimizer optimizer(optim::RMSprop{.learning_rate = 1e-9, .decay = 0.5, .centered = true}, {x});
  for (int i = 0; i < 200; ++i) {
    optim::Step step = optimizer.step([&](Tape& tape) { return sum(tape.read(x) * Array{0.1, 0.3, 0.7}); });
    ASSERT_EQ(step.outcome, optim::Outcome::updated) << "step " << i;
  }
}

TEST(Rules, DefaultsAreAsDocumented) {
  EXPECT_EQ(optim::AdaGrad{}.learning_rate(1), 0.01);
  EXPECT_EQ(optim::RMSprop{}.learning_rate(1), 0.01);
  EXPECT_EQ(optim::AdaDelta{}.learning_rate(1), 1);
  EXPECT_EQ(optim::Adam{}.learning_rate(1), 0.001);
  EXPECT_EQ(optim::AMSGrad{}.learning_rate(1), 0.001);
  EXPECT_EQ(optim::AdamW{}.learning_rate(1), 0.001);
  EXPECT_EQ(optim::AMSGrad{}.beta2, 0.999);
}

TEST(Rules, SlotsAreParametersNamedAfterParameterAndSlot) {
  Parameter weights("weights", Array{1, 2}), bias("bias", Array(1.0f));
  Optimizer optimizer(optim::Adam{}, {weights, bias});
  EXPECT_TRUE(optimizer.state(0).slots().empty());
  optimizer.step(
      [&](Tape& tape) { return sum(square(tape.read(weights))) + cast(square(tape.read(bias)), DType::float64); });
  std::vector<const Parameter*> slots = optimizer.state(1).slots();
  ASSERT_EQ(slots.size(), 2u);
  EXPECT_EQ(slots[0]->name(), "bias.first_moment");
  EXPECT_EQ(slots[1]->name(), "bias.second_moment");
  EXPECT_EQ(slots[0]->dtype(), DType::float32);
  EXPECT_NEAR(slots[0]->value().item<double>(), 0.2, 1e-7);
  EXPECT_EQ(optimizer.state(0).slots()[0]->shape(), Shape({2}));
}

TEST(Rules, StepTellsLossAndGradientNormBeforeTheUpdate) {
  Parameter x("x", Array{3}), y("y", Array(2.0));
  Optimizer optimizer(optim::GradientDescent{.learning_rate = 0.25}, {x, y});
  auto loss = [&](Tape& tape) { return sum(square(tape.read(x))) + tape.read(y) * 8; };
  optim::Step step = optimizer.step(loss);
  EXPECT_EQ(step.loss, 25);
  EXPECT_EQ(step.gradient_norm, 10);
  EXPECT_EQ(x.value().values<double>()[0], 1.5);
  EXPECT_EQ(y.value().item<double>(), 0);
  optim::Step measured = optimizer.measure(loss);
  EXPECT_EQ(measured.loss, 2.25);
  EXPECT_EQ(measured.outcome, optim::Outcome::unchanged);
  EXPECT_EQ(optimizer.iterations(), 1);
}

TEST(Rules, ARuleMaySwapParameterAndSlot) {
  Parameter x("x", Array{1, 2});
  auto swap = [](const Var& var, const Var&, State& state) {
    Var& slot = state["other"];
    Var old = slot;
    slot = var;
    return old;
  };
  Optimizer optimizer(swap, {x});
  auto loss = [&](Tape& tape) { return sum(tape.read(x)); };
  optimizer.step(loss);
  EXPECT_EQ(x.value().values<double>()[1], 0);
  optimizer.step(loss);
  EXPECT_EQ(x.value().values<double>()[1], 2);
}

}  // namespace
}  // namespace xtape::test
