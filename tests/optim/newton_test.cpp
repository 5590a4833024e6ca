// Newton's method: one step on quadratics, quadratic convergence, and no rest at saddles and maxima.
#include <cmath>

#include <gtest/gtest.h>

#include <xtape/engine.hpp>
#include <xtape/ops.hpp>
#include <xtape/optim/optim.hpp>

#include "problems.hpp"
#include "support/check.hpp"

namespace xtape::test {
namespace {

using optim::LossFunction;
using optim::minimize;
using optim::Newton;
using optim::Result;
using optim::StopReason;

const Newton kPure{.damping = false, .line_search = false};

double element(const Parameter& x, int i) { return x.value().values<double>()[static_cast<std::size_t>(i)]; }

TEST(Newton, LandsOnAQuadraticsMinimumInOneStep) {
  const Array matrix{{6, 1, 0}, {1, 3, -1}, {0, -1, 2}}, b{4, -7, 1};  // the minimum solves matrix x = b
  for (const Newton& newton : {Newton{}, kPure}) {
    Parameter x("x", Array{10, -20, 30});
    auto loss = [&](Tape& tape) {
      Var v = tape.read(x);
      return 0.5 * sum(v * matmul(matrix, v)) - sum(b * v);
    };
    Result result = minimize({x}, loss, newton, {.gradient_norm = 1e-12});
    EXPECT_EQ(result.iterations, 1);
    EXPECT_EQ(result.reason, StopReason::gradient_norm);
    for (int i = 0; i < 3; ++i) {
      double left = 0;
      for (int j = 0; j < 3; ++j) left += matrix.data<double>()[3 * i + j] * element(x, j);
      EXPECT_NEAR(left, b.data<double>()[i], 1e-13);
    }
  }
}

TEST(Newton, TakesSeveralParametersOfAnyShapeAndDType) {
  Parameter a("a", Array{{1, 2}, {3, 4}}), b("b", Array(5.0)), c("c", Array::full({3}, 2, DType::float32));
  auto loss = [&](Tape& tape) {
    Var mixed = square(tape.read(b) - sum(tape.read(a)));
    return mixed + sum(square(tape.read(a) - 1)) + cast(sum(square(tape.read(c) - 0.5f)), DType::float64);
  };
  Result result = minimize({a, b, c}, loss, Newton{}, {.gradient_norm = 1e-6});
  EXPECT_LE(result.iterations, 2);
  EXPECT_NEAR(b.value().item<double>(), 4, 1e-12);
  EXPECT_NEAR(a.value().values<double>()[3], 1, 1e-12);
  EXPECT_EQ(c.dtype(), DType::float32);
  EXPECT_EQ(c.value().values<float>()[2], 0.5f);
}

TEST(Newton, ConvergesOnRosenbrocksFunction) {
  for (std::vector<double> start : {std::vector<double>{-1.2, 1}, {2, 2}, {-1.2, 1, 0.7, -0.4, 3}}) {
    Parameter x("x", Array::from(start));
    auto loss = [&](Tape& tape) { return rosenbrock(tape.read(x)); };
    Result result = minimize({x}, loss, Newton{}, {.iterations = 100, .gradient_norm = 1e-9});
    EXPECT_EQ(result.reason, StopReason::gradient_norm) << result.message;
    EXPECT_LT(result.iterations, 40);
    if (start.size() == 2) {
      EXPECT_NEAR(element(x, 0), 1, 1e-9);
      EXPECT_NEAR(element(x, 1), 1, 1e-9);
    }
  }
}

TEST(Newton, ThePureFormIsItsFormula) {
  Parameter x("x", Array{1.3});
  auto loss = [&](Tape& tape) { return sum(exp(tape.read(x)) - 2 * tape.read(x)); };
  double plain = 1.3;
  for (int i = 0; i < 5; ++i) {
    minimize({x}, loss, kPure, {.iterations = 1});
    plain -= (std::exp(plain) - 2) / std::exp(plain);
    EXPECT_NEAR(element(x, 0), plain, 1e-14);
  }
  EXPECT_NEAR(plain, std::log(2), 1e-10);
}

/// x^2 - y^2 + y^4 / 4: a saddle at 0, minima at y = +-sqrt(2).
Var saddle(const Var& x) {
  Var a = slice(x, {0}), b = slice(x, {1});
  return square(a) - square(b) + square(square(b)) / 4;
}

TEST(Newton, LeavesASaddleThatThePureFormRunsTo) {
  // On the ridge, whose gradient points to the saddle; at the saddle itself; and where the Hessian is indefinite.
  for (const Array& start : {Array{1, 0}, Array{0, 0}, Array{0.5, 0.3}}) {
    Parameter x("x", start);
    auto loss = [&](Tape& tape) { return saddle(tape.read(x)); };
    Result result = minimize({x}, loss, Newton{}, {.iterations = 50, .gradient_norm = 1e-10});
    EXPECT_EQ(result.reason, StopReason::gradient_norm) << result.message;
    EXPECT_NEAR(result.loss, -1, 1e-12);
    EXPECT_NEAR(std::abs(element(x, 1)), std::sqrt(2), 1e-9);
    x.assign(start);
    EXPECT_NEAR(minimize({x}, loss, kPure, {.iterations = 50, .gradient_norm = 1e-10}).loss, 0, 1e-20);
  }
}

TEST(Newton, LeavesAMaximum) {
  for (double start : {0.0, 0.4}) {
    Parameter x("x", Array{start, start});
    auto loss = [&](Tape& tape) { return sum(square(square(tape.read(x))) - square(tape.read(x))); };
    Result result = minimize({x}, loss, Newton{}, {.iterations = 100, .gradient_norm = 1e-9});
    EXPECT_NEAR(result.loss, -0.5, 1e-12) << result.message;
  }
}

TEST(Newton, DoesNotCallASaddleTheEnd) {
  Parameter x("x", Array{0, 0});
  auto loss = [&](Tape& tape) { return saddle(tape.read(x)); };
  Result result = minimize({x}, loss, Newton{}, {.iterations = 0, .gradient_norm = 1e-3});
  EXPECT_EQ(result.reason, StopReason::iterations);
  EXPECT_EQ(minimize({x}, loss, kPure, {.iterations = 0, .gradient_norm = 1e-3}).reason, StopReason::gradient_norm);
}

TEST(Newton, TheLossNeverRises) {
  for (const Problem& problem : problems()) {
    Parameter x("x", Array::from(problem.start));
    double last = INFINITY;
    minimize(
        {x}, [&](Tape& tape) { return problem.loss(tape.read(x)); }, Newton{}, {.iterations = 30},
        [&](const optim::Step& step) {
          EXPECT_LE(step.loss, last * (1 + 1e-15)) << problem.name;
          last = step.loss;
        });
  }
}

TEST(Newton, StopsWhereRoundingHidesAnyProgress) {
  for (const Problem& problem : problems()) {
    if (problem.name == "logistic") continue;  // its points are separable: the loss falls for ever
    Parameter x("x", Array::from(problem.start));
    LossFunction loss = [&](Tape& tape) { return problem.loss(tape.read(x)); };
    Result result = minimize({x}, loss, Newton{}, {.iterations = 200});
    EXPECT_EQ(result.reason, StopReason::line_search) << problem.name << ": " << result.message;
    EXPECT_LT(result.gradient_norm, 1e-8) << problem.name;
    EXPECT_TRUE(contains(result.message, {"no step along Newton's direction lowers the loss after"}));
  }
}

TEST(Newton, ASingularHessianIsNoObstacle) {
  Parameter x("x", Array{3, -1});
  auto loss = [&](Tape& tape) { return square(sum(tape.read(x)) - 5); };
  Result result = minimize({x}, loss, Newton{}, {.gradient_norm = 1e-10});
  EXPECT_LE(result.iterations, 2);
  EXPECT_NEAR(element(x, 0), 4.5, 1e-7);  // the least change that makes the sum 5
  EXPECT_NEAR(element(x, 1), 0.5, 1e-7);
  std::string message = message_of<NumericalError>([&] { minimize({x}, loss, kPure); });
  EXPECT_TRUE(contains(message, {"Newton: the Hessian is singular", "use damping"})) << message;
}

TEST(Newton, AllRowsOfTheHessianRunAsOnePlan) {
  Parameter x("x", Array::full({57}, 0.5));
  auto loss = [&](Tape& tape) { return sum(square(square(tape.read(x)))); };
  PlanCacheStatistics before = plan_cache_statistics();
  minimize({x}, loss, Newton{}, {.iterations = 5});
  EXPECT_LE(plan_cache_statistics().misses - before.misses, 4u);  // the point, a row, a trial, the final measure
}

TEST(Newton, ALossThatIsNotFiniteKeepsTheParameters) {
  Parameter x("x", Array(-1.0));
  auto loss = [&](Tape& tape) { return log(tape.read(x)); };
  Result result = minimize({x}, loss, Newton{});
  EXPECT_EQ(result.reason, StopReason::non_finite);
  EXPECT_EQ(result.message, "the loss is nan at iteration 0");
  EXPECT_EQ(x.version(), 0u);
}

TEST(Newton, APureStepOutOfTheDomainKeepsTheParameters) {
  Parameter x("x", Array(3.0));
  auto loss = [&](Tape& tape) { return tape.read(x) - log(tape.read(x)); };  // the step leads to -3
  Result result = minimize({x}, loss, kPure);
  EXPECT_EQ(result.reason, StopReason::non_finite);
  EXPECT_EQ(result.message, "the loss or a new value is not finite after iteration 0");
  EXPECT_EQ(x.value().item<double>(), 3);
}

TEST(Newton, UnitsOfTheParametersDoNotMatter) {
  for (const Newton& newton : {Newton{}, kPure}) {
    Parameter x("x", Array{3, 3, 3});
    auto loss = [&](Tape& tape) { return sum(square(tape.read(x) - 1) * Array{1e4, 1, 1e-12}); };
    Result result = minimize({x}, loss, newton, {.iterations = 1});
    for (int i = 0; i < 3; ++i) EXPECT_NEAR(element(x, i), 1, 1e-12) << result.message;
  }
}

TEST(Newton, BearsAScaleBeyondFloat64) {
  Parameter x("x", Array{1, 1});
  auto loss = [&](Tape& tape) { return sum(tape.read(x) * Array{1e150, 1} + square(tape.read(x)) * Array{1e-320, 1}); };
  Result result = minimize({x}, loss, Newton{}, {.iterations = 1});
  EXPECT_EQ(result.reason, StopReason::iterations) << result.message;
  EXPECT_LT(result.loss, -1e150);
}

TEST(Newton, LeavesASaddleOfAnyScale) {
  for (double k : {1e-9, 1.0, 1e8, 1e12})
    for (double b : {0.0, 1e-10}) {
      Parameter x("x", Array{1, b});
      auto loss = [&](Tape& tape) {
        Var a = slice(tape.read(x), {0}), c = slice(tape.read(x), {1});
        return k * square(a) - square(c) + square(square(c));
      };
      Result result = minimize({x}, loss, Newton{}, {.iterations = 100, .gradient_norm = 1e-8});
      EXPECT_NEAR(result.loss, -0.25, 1e-12) << "k " << k << ", b " << b << ": " << result.message;
    }
}

TEST(Newton, LeavesAFlatMaximumAndOneOnAHighLevel) {
  Parameter x("x", Array(0.0));
  auto flat = [&](Tape& tape) { return cos(1e-8 * tape.read(x)); };
  EXPECT_NEAR(minimize({x}, flat, Newton{}, {.iterations = 100}).loss, -1, 1e-12);
  x.assign(Array(0.0));
  auto high = [&](Tape& tape) { return 1e12 + cos(tape.read(x)); };
  EXPECT_NEAR(minimize({x}, high, Newton{}, {.iterations = 100}).loss, 1e12 - 1, 1e-3);
  Parameter y("y", Array::zeros({2}, DType::float32));
  auto single = [&](Tape& tape) { return 100 + saddle(tape.read(y)); };
  EXPECT_NEAR(minimize({y}, single, Newton{}, {.iterations = 100}).loss, 99, 1e-4);
}

TEST(Newton, ALossThatHardlyFallsBesideASaddleIsNotTheEnd) {
  Parameter x("x", Array{0, 0});
  auto loss = [&](Tape& tape) { return saddle(tape.read(x)); };
  Result result = minimize({x}, loss, Newton{}, {.loss_decrease = 1e-6});
  EXPECT_EQ(result.reason, StopReason::loss_decrease);
  EXPECT_NEAR(result.loss, -1, 1e-6);
}

TEST(Newton, WithoutDampingTheLineSearchRefusesToClimb) {
  Parameter x("x", Array(2.0));
  auto loss = [&](Tape& tape) { return cos(tape.read(x) - 1.9); };
  Result result = minimize({x}, loss, Newton{.damping = false});
  EXPECT_EQ(result.reason, StopReason::line_search);
  EXPECT_EQ(result.iterations, 0);
}

TEST(Newton, TheLineSearchComesBackFromOutsideTheDomain) {
  Parameter x("x", Array(3.0));
  auto loss = [&](Tape& tape) { return tape.read(x) - log(tape.read(x)); };  // the full step leads to -3
  Result result = minimize({x}, loss, Newton{}, {.gradient_norm = 1e-12});
  EXPECT_EQ(result.reason, StopReason::gradient_norm) << result.message;
  EXPECT_NEAR(x.value().item<double>(), 1, 1e-12);
}

TEST(Newton, BadArgumentsAreNamed) {
  Parameter x("x", Array(1.0)), large("large", Array::zeros({200, 200})), empty("empty", Array::zeros({0}));
  auto loss = [&](Tape& tape) { return sum(square(tape.read(x))); };
  EXPECT_EQ(message_of<ValueError>([&] { minimize({x}, loss, Newton{.sufficient_decrease = 0.5}); }),
            "Newton: sufficient_decrease must be in (0, 1/2), is 0.5");
  EXPECT_EQ(message_of<ValueError>([&] { minimize({}, loss, Newton{}); }), "Optimizer: there are no parameters");
  EXPECT_EQ(message_of<ValueError>([&] {
              minimize({x, x}, loss, Newton{});
            }),
            "Optimizer: parameter 'x' is given twice, at places 0 and 1");
  EXPECT_EQ(message_of<ValueError>([&] { minimize({large}, loss, Newton{}); }),
            "Newton: the parameters hold 40000 scalars; a dense Hessian takes 1 to 16384");
  EXPECT_EQ(message_of<ValueError>([&] { minimize({empty}, loss, Newton{}); }),
            "Newton: the parameters hold 0 scalars; a dense Hessian takes 1 to 16384");
  EXPECT_EQ(x.version(), 0u);
}

}  // namespace
}  // namespace xtape::test
