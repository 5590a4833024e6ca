// Rules whose gradient is taken at a point looked ahead.
#include <cmath>

#include <gtest/gtest.h>

#include <xtape/engine.hpp>
#include <xtape/ops.hpp>
#include <xtape/optim/optim.hpp>

#include "problems.hpp"
#include "rule_cases.hpp"
#include "support/check.hpp"

namespace xtape::test {
namespace {

using optim::minimize;
using optim::Nesterov;
using optim::Optimizer;
using optim::Result;
using optim::StopReason;

/// x moves by steps, and the gradient is taken where `momentum` of the last step leads. The last step is measured at
/// the present rate if the rate stands outside of the velocity.
Vector run_plain(const Problem& problem, int steps, double momentum, const Rate& rate, bool rate_in_velocity) {
  Vector x = problem.start, last(x.size(), 0.0);
  for (int step = 1; step <= steps; ++step) {
    double grown = rate_in_velocity || step == 1 ? 1 : rate(step) / rate(step - 1);
    Vector ahead = x;
    for (std::size_t i = 0; i < x.size(); ++i) ahead[i] += momentum * grown * last[i];
    Vector gradient = problem.gradient(ahead);
    for (std::size_t i = 0; i < x.size(); ++i) {
      last[i] = momentum * grown * last[i] - rate(step) * gradient[i];
      x[i] += last[i];
    }
  }
  return x;
}

TEST(Nesterov, IsItsFormulaUnderASchedule) {
  for (const Problem& problem : problems())
    for (bool inside : {false, true}) {
      Rate rate = [&](std::int64_t step) { return problem.rate / (1 + 0.01 * static_cast<double>(step)); };
      Nesterov rule{.learning_rate = rate, .momentum = 0.8, .rate_in_velocity = inside};
      expect_near(run_rule(problem, 100, rule), run_plain(problem, 100, 0.8, rate, inside), problem.name);
    }
}

TEST(Nesterov, RunsAsOnePlan) {
  Parameter x("x", Array::full({1033}, 0.5));
  Optimizer optimizer(Nesterov{.learning_rate = optim::InverseTimeDecay{.initial = 0.1}}, {x});
  PlanCacheStatistics before = plan_cache_statistics();
  for (int i = 0; i < 50; ++i) optimizer.step([&](Tape& tape) { return mean(square(tanh(tape.read(x)))); });
  EXPECT_EQ(plan_cache_statistics().misses - before.misses, 1u);
  EXPECT_EQ(optimizer.state(0).slots()[0]->name(), "x.velocity");
}

TEST(Nesterov, StopsForTheSameReasonWhateverTheLimit) {
  for (std::int64_t limit : {3, 4, 5, 200}) {
    Parameter x("x", Array{8, 8});
    auto loss = [&](Tape& tape) { return sum(square(tape.read(x)) * Array{1, 0.1}); };
    Result result = minimize({x}, loss, Nesterov{.learning_rate = 0.01}, {.iterations = limit, .loss_decrease = 3});
    EXPECT_EQ(result.reason, limit < 10 ? StopReason::iterations : StopReason::loss_decrease) << limit;
  }
}

TEST(Nesterov, AResultBelongsToTheParameters) {
  Parameter x("x", Array{8, -3});
  auto loss = [&](Tape& tape) { return sum(square(tape.read(x))); };
  Nesterov rule{.learning_rate = 0.1, .momentum = 0.9};
  for (optim::Stopping stopping : {optim::Stopping{.gradient_norm = 1e-3}, optim::Stopping{.loss_decrease = 1e-9},
                                   optim::Stopping{.iterations = 7}}) {
    Result result = minimize({x}, loss, rule, stopping);
    double a = x.value().values<double>()[0], b = x.value().values<double>()[1];
    EXPECT_DOUBLE_EQ(result.loss, a * a + b * b);
    EXPECT_DOUBLE_EQ(result.gradient_norm, 2 * std::hypot(a, b));
    if (stopping.gradient_norm) {
      EXPECT_EQ(result.reason, StopReason::gradient_norm);
      EXPECT_LT(result.gradient_norm, 1e-3);
    }
    x.assign(Array{8, -3});
  }
}

/// A user's rule that looks ahead, by another point than Nesterov's: the extragradient step.
struct HalfWay {
  Var look_ahead(const Var& x, optim::State&) const { return 0.5 * x; }
  Var update(const Var& x, const Var& gradient, optim::State&) const { return x - gradient; }
};

TEST(Nesterov, AUsersRuleMayLookAhead) {
  Parameter x("x", Array(8.0)), y("y", Array(4.0));
  Optimizer optimizer(HalfWay{}, {x, y});
  optim::Step step = optimizer.step([&](Tape& tape) { return square(tape.read(x)) * 0.25 + tape.read(x) * y; });
  EXPECT_EQ(step.loss, 4 * 4 * 0.25 + 4 * 2);
  EXPECT_EQ(x.value().item<double>(), 8 - (0.5 * 4 + 2));
  EXPECT_EQ(y.value().item<double>(), 4 - 4);
}

TEST(Nesterov, APointOfAnotherShapeIsRefused) {
  struct Bad {
    Var look_ahead(const Var& x, optim::State&) const { return sum(x); }
    Var update(const Var& x, const Var& gradient, optim::State&) const { return x - gradient; }
  };
  Parameter x("x", Array{1, 2});
  Optimizer optimizer(Bad{}, {x});
  EXPECT_TRUE(contains(message_of<ShapeError>([&] { optimizer.step([&](Tape& tape) { return sum(tape.read(x)); }); }),
                       {"\"x\" is [2]", "[]"}));
  EXPECT_EQ(x.version(), 0u);
}

TEST(Nesterov, MomentumIsInRange) {
  Parameter x("x", Array(1.0));
  EXPECT_EQ(message_of<ValueError>([&] { Optimizer(Nesterov{.momentum = 1}, {x}); }),
            "Nesterov: momentum must be in [0, 1), is 1");
}

}  // namespace
}  // namespace xtape::test
