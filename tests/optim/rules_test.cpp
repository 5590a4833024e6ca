// Each rule against a plain loop written from its formula, on every problem; and rules that a user writes.
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include <xtape/engine.hpp>
#include <xtape/optim/optim.hpp>

#include "problems.hpp"

namespace xtape::test {
namespace {

using optim::Optimizer;
using optim::State;

/// One step of a rule by plain loops: x, its gradient, the step from 1, and two slots of zeros at first.
using PlainRule = std::function<void(Vector& x, const Vector& gradient, int step, Vector& a, Vector& b)>;

Vector run_plain(const Problem& problem, int steps, const PlainRule& rule) {
  Vector x = problem.start, a(x.size(), 0.0), b(x.size(), 0.0);
  for (int step = 1; step <= steps; ++step) rule(x, problem.gradient(x), step, a, b);
  return x;
}

Array run_rule(const Problem& problem, int steps, const optim::UpdateRule& rule) {
  Parameter x("x", Array::from(problem.start));
  Optimizer optimizer(rule, {x});
  for (int i = 0; i < steps; ++i) {
    optim::Step step = optimizer.step([&](Tape& tape) { return problem.loss(tape.read(x)); });
    EXPECT_EQ(step.outcome, optim::Outcome::updated);
    EXPECT_EQ(step.iteration, i);
  }
  EXPECT_EQ(optimizer.iterations(), steps);
  return x.value();
}

void expect_near(const Array& actual, const Vector& expected, const std::string& name) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    double tolerance = 1e-12 * std::max(1.0, std::abs(expected[i]));
    EXPECT_NEAR(actual.values<double>()[i], expected[i], tolerance) << name << ", element " << i;
  }
}

TEST(Rules, GradientDescentIsItsFormula) {
  for (const Problem& problem : problems()) {
    Vector expected = run_plain(problem, 100, [&](Vector& x, const Vector& g, int, Vector&, Vector&) {
      for (std::size_t i = 0; i < x.size(); ++i) x[i] -= problem.rate * g[i];
    });
    expect_near(run_rule(problem, 100, optim::GradientDescent{.learning_rate = problem.rate}), expected, problem.name);
  }
}

TEST(Rules, MomentumIsItsFormula) {
  for (const Problem& problem : problems()) {
    Vector expected = run_plain(problem, 100, [&](Vector& x, const Vector& g, int, Vector& v, Vector&) {
      for (std::size_t i = 0; i < x.size(); ++i) {
        v[i] = 0.8 * v[i] + g[i];
        x[i] -= problem.rate * v[i];
      }
    });
    optim::Momentum rule{.learning_rate = problem.rate, .momentum = 0.8};
    expect_near(run_rule(problem, 100, rule), expected, problem.name);
  }
}

TEST(Rules, AdamIsItsFormula) {
  for (const Problem& problem : problems()) {
    Vector expected = run_plain(problem, 100, [&](Vector& x, const Vector& g, int step, Vector& m, Vector& v) {
      for (std::size_t i = 0; i < x.size(); ++i) {
        m[i] = 0.9 * m[i] + 0.1 * g[i];
        v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
        double unbiased_m = m[i] / (1 - std::pow(0.9, step)), unbiased_v = v[i] / (1 - std::pow(0.999, step));
        x[i] -= 0.01 * unbiased_m / (std::sqrt(unbiased_v) + 1e-8);
      }
    });
    expect_near(run_rule(problem, 100, optim::Adam{.learning_rate = 0.01}), expected, problem.name);
  }
}

TEST(Rules, ScheduleIsAFunctionOfTheStep) {
  Problem problem = problems()[0];
  Vector expected = run_plain(problem, 100, [&](Vector& x, const Vector& g, int step, Vector&, Vector&) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] -= 0.1 * std::pow(0.5, (step - 1) / 20.0) * g[i];
  });
  optim::ExponentialDecay decay{.initial = 0.1, .factor = 0.5, .steps = 20};
  expect_near(run_rule(problem, 100, optim::GradientDescent{.learning_rate = decay}), expected, "ExponentialDecay");
  auto lambda = [](std::int64_t step) { return 0.1 * std::pow(0.5, static_cast<double>(step - 1) / 20); };
  expect_near(run_rule(problem, 100, optim::GradientDescent{.learning_rate = lambda}), expected, "lambda");
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
  for (const Problem& problem : problems()) {
    Vector expected = run_plain(problem, 100, [&](Vector& x, const Vector& g, int step, Vector& v, Vector&) {
      for (std::size_t i = 0; i < x.size(); ++i) {
        v[i] = 0.9 * v[i] + g[i];
        x[i] -= problem.rate / step * (g[i] + 0.9 * v[i]);
      }
    });
    Nesterov rule{[&](std::int64_t step) { return problem.rate / static_cast<double>(step); }};
    expect_near(run_rule(problem, 100, rule), expected, problem.name);
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
  const std::vector<optim::UpdateRule> rules = {
      optim::GradientDescent{.learning_rate = rate}, optim::Momentum{.learning_rate = rate},
      optim::Adam{.learning_rate = rate}, Nesterov{rate},
      [rate](const Var& x, const Var& gradient, State& state) { return x - rate(state.step()) * gradient; }};
  for (std::size_t i = 0; i < rules.size(); ++i) {
    PlanCacheStatistics use = cache_use(rules[i], 1031 + static_cast<std::int64_t>(i), 200);
    EXPECT_EQ(use.misses, 1u) << "rule " << i;
    EXPECT_EQ(use.hits, 199u) << "rule " << i;
  }
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
