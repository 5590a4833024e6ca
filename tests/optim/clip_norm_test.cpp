// Clipping the gradient of all parameters, around any rule.
#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include <xtape/engine.hpp>
#include <xtape/error.hpp>
#include <xtape/ops.hpp>
#include <xtape/optim/adam.hpp>
#include <xtape/optim/clip_norm.hpp>
#include <xtape/optim/gradient_descent.hpp>
#include <xtape/optim/momentum.hpp>
#include <xtape/optim/nesterov.hpp>
#include <xtape/optim/optimizer.hpp>

#include "problems.hpp"
#include "rule_cases.hpp"
#include "support/check.hpp"

namespace xtape::test {
namespace {

using optim::ClipNorm;
using optim::GradientDescent;
using optim::Momentum;
using optim::Nesterov;
using optim::Optimizer;

double norm(const Vector& x) {
  double squares = 0;
  for (double element : x) squares += element * element;
  return std::sqrt(squares);
}

/// Half the length of the first gradient, so that some steps are clipped and others not.
double limit(const Problem& problem) { return norm(problem.gradient(problem.start)) / 2; }

TEST(ClipNorm, IsItsFormulaAroundMomentum) {
  for (const Problem& problem : problems()) {
    const double max_norm = limit(problem);
    Vector x = problem.start, v(x.size(), 0.0);
    int clipped = 0;
    for (int step = 0; step < 100; ++step) {
      Vector g = problem.gradient(x);
      double factor = norm(g) > max_norm ? max_norm / norm(g) : 1;
      clipped += factor < 1;
      for (std::size_t i = 0; i < x.size(); ++i) {
        v[i] = 0.8 * v[i] + factor * g[i];
        x[i] -= problem.rate * v[i];
      }
    }
    EXPECT_GT(clipped, 0) << problem.name;
    EXPECT_LT(clipped, 100) << problem.name;
    Momentum momentum{.learning_rate = problem.rate, .momentum = 0.8};
    expect_near(run_rule(problem, 100, ClipNorm{.rule = momentum, .max_norm = max_norm}), x, problem.name);
  }
}

TEST(ClipNorm, TakesTheGradientWhereItsRuleLooksAhead) {
  for (const Problem& problem : problems()) {
    const double max_norm = limit(problem);
    Vector x = problem.start, v(x.size(), 0.0);
    for (int step = 0; step < 100; ++step) {
      Vector ahead = x;
      for (std::size_t i = 0; i < x.size(); ++i) ahead[i] -= problem.rate * 0.8 * v[i];
      Vector g = problem.gradient(ahead);
      double factor = norm(g) > max_norm ? max_norm / norm(g) : 1;
      for (std::size_t i = 0; i < x.size(); ++i) {
        v[i] = 0.8 * v[i] + factor * g[i];
        x[i] -= problem.rate * v[i];
      }
    }
    Nesterov nesterov{.learning_rate = problem.rate, .momentum = 0.8};
    expect_near(run_rule(problem, 100, ClipNorm{.rule = nesterov, .max_norm = max_norm}), x, problem.name);
  }
}

TEST(ClipNorm, TheNormIsOverAllParametersOfAnyDType) {
  Parameter x("x", Array{0, 0}), y("y", Array(0.0f));  // the gradient is (1, 2, 2), of norm 3
  Optimizer optimizer(ClipNorm{.rule = GradientDescent{.learning_rate = 1}, .max_norm = 1.5}, {x, y});
  optimizer.step([&](Tape& tape) { return sum(tape.read(x) * Array{1, 2}) + cast(2 * tape.read(y), DType::float64); });
  EXPECT_EQ(x.value().values<double>()[0], -0.5);
  EXPECT_EQ(x.value().values<double>()[1], -1);
  EXPECT_EQ(y.dtype(), DType::float32);
  EXPECT_EQ(y.value().item<float>(), -1);
}

TEST(ClipNorm, LeavesShortGradientsAsTheyAre) {
  for (double start : {0.0, 0.3, 0.75}) {  // norms 0, 0.6 and, just the limit, 1.5
    Parameter x("x", Array(start));
    Optimizer optimizer(ClipNorm{.rule = GradientDescent{.learning_rate = 0.1}, .max_norm = 1.5}, {x});
    optim::Step step = optimizer.step([&](Tape& tape) { return square(tape.read(x)); });
    EXPECT_EQ(step.outcome, optim::Outcome::updated);
    EXPECT_EQ(step.gradient_norm, 2 * start);
    EXPECT_EQ(x.value().item<double>(), start - 0.1 * (2 * start));
  }
}

TEST(ClipNorm, IsOnePlanForAllSteps) {
  Parameter x("x", Array::full({1201}, 0.5)), y("y", Array(0.25));
  Optimizer optimizer(ClipNorm{.rule = optim::Adam{}, .max_norm = 1e-3}, {x, y});
  PlanCacheStatistics before = plan_cache_statistics();
  for (int i = 0; i < 50; ++i) {
    optimizer.step([&](Tape& tape) { return mean(square(tanh(tape.read(x)) * y - 0.1 * i)); });
  }
  PlanCacheStatistics after = plan_cache_statistics();
  EXPECT_EQ(after.misses - before.misses, 1u);
  EXPECT_EQ(after.hits - before.hits, 49u);
}

TEST(ClipNorm, ItsLimitIsPositive) {
  auto message = [](double max_norm) {
    return message_of<ValueError>(
        [&] { optim::UpdateRule{ClipNorm{.rule = GradientDescent{}, .max_norm = max_norm}}; });
  };
  EXPECT_EQ(message(0), "ClipNorm: max_norm must be finite and positive, is 0");
  EXPECT_EQ(message(-1), "ClipNorm: max_norm must be finite and positive, is -1");
  EXPECT_EQ(message(std::numeric_limits<double>::infinity()), "ClipNorm: max_norm must be finite and positive, is inf");
  auto inner = [] { return ClipNorm{.rule = Momentum{.momentum = 2}}; };
  EXPECT_EQ(message_of<ValueError>(inner), "Momentum: momentum must be in [0, 1), is 2");
}

}  // namespace
}  // namespace xtape::test
