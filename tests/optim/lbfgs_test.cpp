// L-BFGS: where it ends, and why.
#include <cmath>
#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>

#include <xtape/ops.hpp>
#include <xtape/optim/optim.hpp>
#include <xtape/warning.hpp>

#include "landscapes.hpp"
#include "support/check.hpp"

namespace xtape::test {
namespace {

using optim::LBFGS;
using optim::minimize;
using optim::Result;
using optim::StopReason;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double at(const Parameter& x, std::size_t i) { return x.value().values<double>()[i]; }

TEST(LBFGS, FindsTheMinimaOfNamedFunctions) {
  for (const Landscape& landscape : landscapes()) {
    const Path path = path_of(landscape, LBFGS{}, {.iterations = 100, .gradient_norm = 1e-9});
    EXPECT_EQ(path.result.reason, StopReason::gradient_norm) << landscape.name << ": " << path.result.message;
    EXPECT_LE(path.result.evaluations, 60) << landscape.name;  // SciPy 1.10's L-BFGS-B takes 46 for Rosenbrock's
    for (std::size_t i = 0; i < 2; ++i)
      EXPECT_NEAR(path.stops.back().x[i], landscape.minimum[i], 1e-8) << landscape.name;
  }
}

TEST(LBFGS, FollowsALongValley) {
  Parameter x("x", Array::full({100}, 0.5));
  auto loss = [&](Tape& tape) { return rosenbrock(tape.read(x)); };
  Result result = minimize({x}, loss, LBFGS{}, {.gradient_norm = 1e-8});
  EXPECT_EQ(result.reason, StopReason::gradient_norm) << result.message;
  for (std::size_t i = 0; i < 100; ++i) EXPECT_NEAR(at(x, i), 1, 1e-8);
}

TEST(LBFGS, EndsABadlyScaledQuadraticInFewSteps) {
  const Array scales{1e-2, 1, 1e2, 1e4};
  Parameter x("x", Array{1, 1, 1, 1});
  auto loss = [&](Tape& tape) { return sum(scales * square(tape.read(x) - 3)); };
  Result result = minimize({x}, loss, LBFGS{}, {.gradient_norm = 1e-9});
  EXPECT_EQ(result.reason, StopReason::gradient_norm) << result.message;
  EXPECT_LE(result.iterations, 60);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(at(x, i), 3, 1e-6);
  x.assign(Array{1, 1, 1, 1});  // with almost exact line searches, in theory as many steps as there are dimensions
  result = minimize({x}, loss, LBFGS{.curvature = 1e-3}, {.gradient_norm = 1e-6});
  EXPECT_LE(result.iterations, 6) << result.message;
}

/// Hours of study and whether twenty students passed, and the coefficients: Wikipedia, Logistic regression (read in
/// 2024: -4.0777, 1.5046, log-likelihood -8.02988); their further digits by Newton's method in long double.
TEST(LBFGS, FitsALogisticRegressionToPublishedFigures) {
  const Array hours{0.5, 0.75, 1, 1.25, 1.5, 1.75, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.25, 3.5, 4, 4.25, 4.5, 4.75, 5, 5.5};
  const Array passed{0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1};
  Parameter slope("slope", Array(0.0)), intercept("intercept", Array(0.0));
  auto loss = [&](Tape& tape) {
    return binary_cross_entropy_with_logits(tape.read(slope) * hours + tape.read(intercept), passed, Reduction::sum);
  };
  Result result = minimize({slope, intercept}, loss, LBFGS{}, {.gradient_norm = 1e-9});
  EXPECT_EQ(result.reason, StopReason::gradient_norm) << result.message;
  EXPECT_LE(result.evaluations, 25);  // SciPy 1.10's L-BFGS-B takes 21
  EXPECT_NEAR(intercept.value().item<double>(), -4.07771343, 1e-8);
  EXPECT_NEAR(slope.value().item<double>(), 1.50464543, 1e-8);
  EXPECT_NEAR(result.loss, 8.029878464344674, 1e-13);
}

TEST(LBFGS, TakesFloat32ToItsPrecision) {
  Parameter x("x", Array::full({10}, -1, DType::float32));
  auto loss = [&](Tape& tape) { return rosenbrock(tape.read(x)); };
  Result result = minimize({x}, loss, LBFGS{});
  EXPECT_NE(result.reason, StopReason::iterations) << result.message;
  EXPECT_EQ(x.dtype(), DType::float32);
  for (float each : x.value().values<float>()) EXPECT_NEAR(each, 1, 1e-5);
}

TEST(LBFGS, TakesSeveralParametersOfAnyShapeAndDType) {
  Parameter a("a", Array{{1, 2}, {3, 4}}), b("b", Array(5.0)), c("c", Array::full({3}, 2, DType::float32)),
      none("none", Array::zeros({0}));
  auto loss = [&](Tape& tape) {
    Var mixed = square(tape.read(b) - sum(tape.read(a))) + sum(tape.read(none));
    return mixed + sum(square(tape.read(a) - 1)) + cast(sum(square(tape.read(c) - 0.5f)), DType::float64);
  };
  Result result = minimize({a, b, none, c}, loss, LBFGS{}, {.gradient_norm = 1e-7});
  EXPECT_EQ(result.reason, StopReason::gradient_norm) << result.message;
  EXPECT_NEAR(b.value().item<double>(), 4, 1e-7);
  EXPECT_NEAR(at(a, 3), 1, 1e-7);
  EXPECT_EQ(c.value().values<float>()[2], 0.5f);
}

TEST(LBFGS, NeedsFewerEvaluationsThanGradientDescent) {
  for (const Problem& problem : problems()) {
    Parameter x("x", Array::from(problem.start));
    auto loss = [&](Tape& tape) { return problem.loss(tape.read(x)); };
    auto evaluations = [&](const optim::Method& method) {
      x.assign(Array::from(problem.start));
      Result result = minimize({x}, loss, method, {.iterations = 20000, .gradient_norm = 1e-3});
      return result.reason == StopReason::gradient_norm ? result.evaluations : 20001;
    };
    EXPECT_LT(5 * evaluations(LBFGS{}), evaluations(optim::GradientDescent{.learning_rate = problem.rate}))
        << problem.name;
  }
}

/// x^2 - y^2 + y^4 / 4: a saddle at 0, minima at y = +-sqrt(2).
Var saddle(const Var& x) {
  Var a = element(x, 0), b = element(x, 1);
  return square(a) - square(b) + square(square(b)) / 4;
}

TEST(LBFGS, LeavesTheNeighbourhoodOfASaddle) {
  for (double beside : {1e-2, -1e-8}) {
    const Path path = path_of({"saddle", {1, beside}, {}, saddle}, LBFGS{}, {.gradient_norm = 1e-9});
    EXPECT_EQ(path.result.reason, StopReason::gradient_norm) << path.result.message;
    EXPECT_NEAR(path.result.loss, -1, 1e-12);
    EXPECT_NEAR(path.stops.back().x[1], std::copysign(std::sqrt(2), beside), 1e-8);
  }
}

TEST(LBFGS, AZeroGradientIsTheEnd) {
  for (const Vector& start : {Vector{0, 0}, Vector{1, 0}}) {  // the saddle, and the ridge that leads to it
    const Path path = path_of({"saddle", start, {}, saddle}, LBFGS{}, {});
    EXPECT_EQ(path.result.reason, StopReason::gradient_norm);
    EXPECT_TRUE(contains(path.result.message, {"the gradient is zero after "})) << path.result.message;
    EXPECT_EQ(path.stops.back().x, (Vector{0, 0}));
  }
  Parameter x("x", Array{2});
  Result result = minimize(
      {x}, [&](Tape& tape) { return sum(square(tape.read(x) - 2)); }, LBFGS{});
  EXPECT_EQ(result.message, "the gradient is zero after 0 iterations");
  EXPECT_EQ(result.evaluations, 1);
  EXPECT_EQ(x.version(), 0u);
}

TEST(LBFGS, StepsBackFromACliff) {
  // inf, NaN and a gradient that is not finite, on the far side of a wall that the first step jumps over.
  auto inf = [](const Var& x) { return where(x < 2.5, INFINITY, square(x)); };
  auto nan = [](const Var& x) { return square(x) + 0 * sqrt(x - 2.5); };
  auto steep = [](const Var& x) { return square(x) + 0 * exp(400 * (2.5 - x)); };  // inf from 0.73 on
  for (Var (*height)(const Var&) : {+inf, +nan, +steep}) {
    Parameter x("x", Array(3.0));
    double last = kInfinity;
    Result result = minimize(
        {x}, [&](Tape& tape) { return height(tape.read(x)); }, LBFGS{}, {.iterations = 30},
        [&](const optim::Step& step) {
          EXPECT_LE(step.loss, last);
          last = step.loss;
        });
    EXPECT_TRUE(std::isfinite(result.loss)) << result.message;
    EXPECT_TRUE(std::isfinite(result.gradient_norm)) << result.message;
    EXPECT_LT(result.loss, 7.5);
    EXPECT_GT(result.iterations, 0);
  }
}

TEST(LBFGS, StepsBackToAVeryNearCliff) {
  Parameter x("x", Array(3.0));
  auto loss = [&](Tape& tape) { return where(tape.read(x) < 3 - 1e-12, INFINITY, square(tape.read(x))); };
  Result result = minimize({x}, loss, LBFGS{}, {.iterations = 1});
  EXPECT_EQ(result.iterations, 1) << result.message;
  EXPECT_LT(result.loss, 9);
}

TEST(LBFGS, DoesNotGoWhereTheGradientOrAParameterOverflows) {
  Parameter x("x", Array(3.0)), single("single", Array(1.0f));
  auto steep = [&](Tape& tape) {  // the square of 1e160 is too large for the norm
    Var v = tape.read(x);
    return where(v < 2.5, 1e160 * (v - 2.5), square(v));
  };
  Result result = minimize({x}, steep, LBFGS{}, {.iterations = 20});
  EXPECT_NE(result.reason, StopReason::unbounded) << result.message;
  EXPECT_TRUE(std::isfinite(result.gradient_norm));
  EXPECT_GE(x.value().item<double>(), 2.5);
  auto plain = [&](Tape& tape) {
    return where(tape.read(single) < -3e38f, -4e38, cast(tape.read(single), DType::float64));
  };
  minimize({single}, plain, LBFGS{.line_search_steps = 60}, {.iterations = 1});
  EXPECT_TRUE(std::isfinite(single.value().item<double>()));
}

TEST(LBFGS, ComesBackFromOutsideTheDomain) {
  Parameter x("x", Array{0.01, 50});
  auto loss = [&](Tape& tape) { return sum(tape.read(x) - log(tape.read(x))); };  // NaN below 0, the minimum at 1
  Result result = minimize({x}, loss, LBFGS{}, {.gradient_norm = 1e-9});
  EXPECT_EQ(result.reason, StopReason::gradient_norm) << result.message;
  EXPECT_NEAR(at(x, 0), 1, 1e-9);
  EXPECT_NEAR(at(x, 1), 1, 1e-8);
}

TEST(LBFGS, ALossWithoutABoundIsTold) {
  Parameter x("x", Array{1, 1}), single("single", Array::full({2}, 1, DType::float32)), y("y", Array(3.0));
  auto linear = [&](Tape& tape) { return sum(tape.read(x) * Array{3, -4}); };
  auto concave = [&](Tape& tape) { return -sum(square(tape.read(x))); };
  auto linear32 = [&](Tape& tape) { return sum(tape.read(single)); };
  for (const optim::LossFunction& loss : {optim::LossFunction(linear), optim::LossFunction(concave)}) {
    Result result = minimize({x}, loss, LBFGS{});
    EXPECT_EQ(result.reason, StopReason::unbounded);
    EXPECT_TRUE(contains(result.message, {"the loss falls without bound: it is -", "e+",
                                          "times the direction of L-BFGS", "after 0 iterations"}))
        << result.message;
    EXPECT_EQ(x.version(), 0u);
  }
  EXPECT_EQ(minimize({single}, linear32, LBFGS{}).reason, StopReason::unbounded);
  auto abyss = [&](Tape& tape) { return where(tape.read(y) > 5, -INFINITY, -tape.read(y)); };
  Result result = minimize({y}, abyss, LBFGS{});
  EXPECT_EQ(result.reason, StopReason::unbounded);
  EXPECT_TRUE(contains(result.message, {"it is -inf at"})) << result.message;
  EXPECT_EQ(y.value().item<double>(), 3);
  EXPECT_EQ(name(StopReason::unbounded), "unbounded");
}

TEST(LBFGS, AFlatMaximumIsNotUnbounded) {
  Parameter x("x", Array(1e9 + 1));  // the slope grows for 1e9 to come
  Result result = minimize(
      {x}, [&](Tape& tape) { return cos((tape.read(x) - 1e9) / 1e9); }, LBFGS{.line_search_steps = 8});
  EXPECT_NEAR(result.loss, -1, 1e-12) << result.message;
}

TEST(LBFGS, ALossThatFallsForEverButLessAndLessIsNotUnbounded) {
  Parameter x("x", Array(0.0));
  Result result = minimize({x}, [&](Tape& tape) { return exp(-tape.read(x)); }, LBFGS{}, {.gradient_norm = 1e-6});
  EXPECT_EQ(result.reason, StopReason::gradient_norm) << result.message;
}

TEST(LBFGS, StopsWhereNoStepLowersTheLoss) {
  Parameter x("x", Array{3, -2});
  Result result = minimize(
      {x}, [&](Tape& tape) { return sum(abs(tape.read(x))); }, LBFGS{});
  EXPECT_EQ(result.reason, StopReason::line_search);
  EXPECT_TRUE(contains(result.message, {"no step along the direction of L-BFGS lowers the loss after "}));
  EXPECT_LT(result.loss, 1);
}

TEST(LBFGS, EndsSoonWhereRoundingHidesAnyProgress) {
  for (int k = 0; k < 60; ++k) {
    Parameter x("x", Array{2.0 - 0.1 * k, 0.3});
    auto loss = [&](Tape& tape) {
      Var a = element(tape.read(x), 0), b = element(tape.read(x), 1);
      return 0.3 * softplus(7 * a - 5 * b + 0.1 * k) + sqrt(1 + square(a + 0.7 * b - 2)) + 0.05 * square(b);
    };
    Result result = minimize({x}, loss, LBFGS{});
    EXPECT_NE(result.reason, StopReason::iterations) << k << ": " << result.message;
    EXPECT_LT(result.evaluations, 200) << k;
    EXPECT_LT(result.gradient_norm, 1e-7) << k;
  }
}

TEST(LBFGS, DropsAHistoryThatMisleads) {
  Parameter x("x", Array(1000.0));  // after a first step of 1 the slope tells of a minimum 1e9 away
  auto loss = [&](Tape& tape) { return sqrt(1 + square(tape.read(x))); };
  Result result = minimize({x}, loss, LBFGS{.line_search_steps = 3}, {.iterations = 20});
  EXPECT_NE(result.reason, StopReason::line_search) << result.message;
  EXPECT_NEAR(result.loss, 1, 1e-12);
}

TEST(LBFGS, GoesOnWhereRoundingHidesTheDecrease) {
  Parameter x("x", Array{1, 1});
  auto loss = [&](Tape& tape) { return 1e6 + sum(square(tape.read(x) - Array{0.2, 0.3}) * Array{1, 5}); };
  Result result = minimize({x}, loss, LBFGS{}, {.gradient_norm = 1e-9});
  EXPECT_EQ(result.reason, StopReason::gradient_norm) << result.message;  // losses differ by 1e-19 there
  EXPECT_NEAR(at(x, 1), 0.3, 1e-9);
}

TEST(LBFGS, TheUnitOfTheLossDoesNotMatter) {
  for (double unit : {1e-120, 1.0, 1e120}) {
    Parameter x("x", Array{-1.2, 1});
    auto loss = [&](Tape& tape) { return unit * rosenbrock(tape.read(x)); };
    Result result = minimize({x}, loss, LBFGS{}, {.gradient_norm = 1e-8 * unit});
    EXPECT_EQ(result.reason, StopReason::gradient_norm) << unit << ": " << result.message;
    EXPECT_NEAR(at(x, 0), 1, 1e-7) << unit;
  }
}

TEST(LBFGS, ALossThatIsNotFiniteAtTheStartKeepsTheParameters) {
  Parameter x("x", Array(-1.0));
  Result result = minimize(
      {x}, [&](Tape& tape) { return log(tape.read(x)); }, LBFGS{});
  EXPECT_EQ(result.reason, StopReason::non_finite);
  EXPECT_EQ(result.message, "the loss is nan at iteration 0");
  x.assign(Array(0.0));
  EXPECT_EQ(minimize(
                {x}, [&](Tape& tape) { return sqrt(tape.read(x)); }, LBFGS{})
                .message,
            "the gradient of 'x' is not finite at iteration 0");
  EXPECT_EQ(x.version(), 1u);
}

TEST(LBFGS, AnErrorInATrialLeavesTheParametersWhereTheyWere) {
  Parameter x("x", Array{4, 1});
  int calls = 0;
  auto loss = [&](Tape& tape) {
    if (++calls == 4) throw std::logic_error("enough");
    return sum(square(tape.read(x)) * Array{1, 30});
  };
  Array last;
  auto progress = [&](const optim::Step&) { last = x.value(); };
  EXPECT_EQ(message_of<std::logic_error>([&] { minimize({x}, loss, LBFGS{}, {}, progress); }), "enough");
  EXPECT_TRUE(same_bits(x.value(), last.has_value() ? last : Array{4, 1}));
}

TEST(LBFGS, ReportsProgressAndCountsEvaluations) {
  Parameter x("x", Array{-1.2, 1});
  std::int64_t calls = 0, steps = 0;
  auto loss = [&](Tape& tape) {
    ++calls;
    return rosenbrock(tape.read(x));
  };
  Result result = minimize({x}, loss, LBFGS{}, {.iterations = 10},
                           [&](const optim::Step& step) { EXPECT_EQ(step.iteration, steps++); });
  EXPECT_EQ(result.iterations, 10);
  EXPECT_EQ(result.reason, StopReason::iterations);
  EXPECT_EQ(steps, 11);
  EXPECT_EQ(result.evaluations, calls);
  EXPECT_EQ(result.loss, stop_at(x.value(), rosenbrock).loss);
}

TEST(LBFGS, NoticesThatSomebodyElseMovedTheParameters) {
  Parameter x("x", Array{-1.2, 1});
  auto loss = [&](Tape& tape) { return rosenbrock(tape.read(x)); };
  auto move_once = [&](const optim::Step& step) {
    if (step.iteration == 5) x.assign(Array{3, -3});
    if (step.iteration == 6) {
      EXPECT_EQ(step.loss, 100 * 144 + 4);
    }
  };
  Result result = minimize({x}, loss, LBFGS{}, {.gradient_norm = 1e-9}, move_once);
  EXPECT_EQ(result.reason, StopReason::gradient_norm) << result.message;
  EXPECT_NEAR(at(x, 1), 1, 1e-8);
}

TEST(LBFGS, StopsByEveryRule) {
  auto run = [](const optim::Stopping& stopping) {
    Parameter x("x", Array{-1.2, 1});
    return minimize(
        {x}, [&](Tape& tape) { return rosenbrock(tape.read(x)); }, LBFGS{}, stopping);
  };
  EXPECT_EQ(run({.iterations = 0}).evaluations, 1);
  EXPECT_EQ(run({.gradient_norm = 1}).reason, StopReason::gradient_norm);
  EXPECT_EQ(run({.loss_decrease = 1e-3}).reason, StopReason::loss_decrease);
  Result result = run({.relative_decrease = 1e-2});
  EXPECT_EQ(result.reason, StopReason::loss_decrease);
  EXPECT_TRUE(contains(result.message, {"the loss decreased by less than 0.01 of itself after "})) << result.message;
}

TEST(LBFGS, GivesBackTheParametersOfTheLowestValidationLoss) {
  Parameter x("x", Array(3.0));
  auto loss = [&](Tape& tape) { return square(square(tape.read(x))); };
  auto validation = [&](Tape& tape) { return square(tape.read(x) - 2); };
  const optim::EarlyStopping early{.validation_loss = validation, .patience = 2};
  Result result = minimize({x}, loss, LBFGS{}, {.early_stopping = early});
  EXPECT_EQ(result.reason, StopReason::validation_loss) << result.message;
  EXPECT_EQ(*result.validation_loss, std::pow(x.value().item<double>() - 2, 2));
  EXPECT_EQ(result.loss, std::pow(x.value().item<double>(), 4));
}

TEST(LBFGS, BadSettingsAreNamed) {
  Parameter x("x", Array(1.0));
  auto message = [&](const LBFGS& settings) {
    return message_of<ValueError>([&] {
      minimize(
          {x}, [&](Tape& tape) { return square(tape.read(x)); }, settings);
    });
  };
  EXPECT_EQ(message({.history_size = 0}), "LBFGS: history_size must be positive, is 0");
  EXPECT_EQ(message({.line_search_steps = -1}), "LBFGS: line_search_steps must be positive, is -1");
  const std::string order = "LBFGS: 0 < sufficient_decrease < curvature < 1 must hold, they are ";
  EXPECT_EQ(message({.sufficient_decrease = 0}), order + "0 and 0.9");
  EXPECT_EQ(message({.sufficient_decrease = 0.3, .curvature = 0.2}), order + "0.3 and 0.2");
  EXPECT_EQ(message({.curvature = 1}), order + "0.0001 and 1");
  EXPECT_EQ(message({.curvature = std::nan("")}), order + "0.0001 and nan");
  EXPECT_EQ(message_of<ValueError>([&] {
              minimize(
                  {}, [&](Tape& tape) { return tape.variable(1.0); }, LBFGS{});
            }),
            "Optimizer: there are no parameters");
  EXPECT_EQ(message_of<ValueError>([&] { minimize({x}, nullptr, LBFGS{}); }), "Optimizer: there is no loss function");
  EXPECT_EQ(x.version(), 0u);
}

TEST(LBFGS, BeginsAnewWhereAParameterIsReplaced) {
  Parameter x("x", Array{3, 4});
  std::vector<double> losses;
  const auto replace = [&](const optim::Step& step) {
    losses.push_back(step.loss);
    if (step.iteration > 0) return;
    ASSERT_EQ(x.version(), 1U);
    x = Parameter("x", Array{0, 0});
    x.assign(Array{100, 100});  // under the version that was there
  };
  minimize(
      {x}, [&](Tape& tape) { return sum(square(tape.read(x))); }, LBFGS{}, {.iterations = 2}, replace);
  ASSERT_GT(losses.size(), 1U);
  EXPECT_EQ(losses[0], 25);
  EXPECT_EQ(losses[1], 20000);
}

}  // namespace
}  // namespace xtape::test
