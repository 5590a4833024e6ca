// Rules whose gradient is taken at a point looked ahead.
#include <cmath>

#include <gtest/gtest.h>

#include <xtape/ops.hpp>
#include <xtape/optim/optim.hpp>

#include "problems.hpp"
#include "support/check.hpp"

namespace xtape::test {
namespace {

using optim::minimize;
using optim::Nesterov;
using optim::Optimizer;
using optim::Result;
using optim::StopReason;

/// The formula with the rate inside the velocity, in which the gradient is taken at x + momentum v.
Vector run_plain(const Problem& problem, int steps, double momentum) {
  Vector x = problem.start, v(x.size(), 0.0);
  for (int step = 0; step < steps; ++step) {
    Vector ahead = x;
    for (std::size_t i = 0; i < x.size(); ++i) ahead[i] += momentum * v[i];
    Vector gradient = problem.gradient(ahead);
    for (std::size_t i = 0; i < x.size(); ++i) {
      v[i] = momentum * v[i] - problem.rate * gradient[i];
      x[i] += v[i];
    }
  }
  return x;
}

TEST(Nesterov, IsItsFormula) {
  for (const Problem& problem : problems()) {
    Parameter x("x", Array::from(problem.start));
    Optimizer optimizer(Nesterov{.learning_rate = problem.rate, .momentum = 0.8}, {x});
    for (int i = 0; i < 100; ++i) optimizer.step([&](Tape& tape) { return problem.loss(tape.read(x)); });
    Vector expected = run_plain(problem, 100, 0.8);
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(x.value().values<double>()[i], expected[i], 1e-12) << problem.name << ", element " << i;
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
