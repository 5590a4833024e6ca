// Each step of L-BFGS: the Wolfe conditions, and the direction, against BFGS written out with matrices.
#include <cmath>

#include <gtest/gtest.h>

#include <xtape/engine.hpp>
#include <xtape/optim/optim.hpp>

#include "landscapes.hpp"

namespace xtape::test {
namespace {

using optim::LBFGS;

const optim::Stopping kToTheEnd{.iterations = 200, .gradient_norm = 1e-8};

/// Both conditions times t, as the step t d is what can be seen. Rounding of the loss is allowed for.
void expect_wolfe(const Stop& from, const Stop& to, const LBFGS& settings, const std::string& name) {
  const Vector step = difference(to.x, from.x);
  const double fall = dot(from.gradient, step), noise = 1e-15 * std::abs(from.loss);
  EXPECT_LT(fall, 0) << name;
  EXPECT_LE(to.loss, from.loss + settings.sufficient_decrease * fall + noise) << name;
  EXPECT_LE(std::abs(dot(to.gradient, step)), settings.curvature * std::abs(fall) * (1 + 1e-9)) << name;
}

TEST(LBFGSSteps, MeetTheStrongWolfeConditions) {
  for (const Landscape& landscape : landscapes())
    for (const LBFGS& settings : {LBFGS{}, LBFGS{.sufficient_decrease = 0.45, .curvature = 0.5},
                                  LBFGS{.curvature = 0.1}, LBFGS{.history_size = 1}}) {
      const Path path = path_of(landscape, settings, kToTheEnd);
      EXPECT_GE(path.stops.size(), 3u);
      for (std::size_t i = 1; i < path.stops.size(); ++i)
        expect_wolfe(path.stops[i - 1], path.stops[i], settings, landscape.name + " " + std::to_string(i));
    }
}

using Matrix = std::vector<Vector>;

Matrix scaled_identity(std::size_t n, double scale) {
  Matrix matrix(n, Vector(n, 0.0));
  for (std::size_t i = 0; i < n; ++i) matrix[i][i] = scale;
  return matrix;
}

Vector product(const Matrix& matrix, const Vector& x) {
  Vector result;
  for (const Vector& row : matrix) result.push_back(dot(row, x));
  return result;
}

/// (I - r s y') H (I - r y s') + r s s' with r = 1 / s'y: Nocedal and Wright, equation 6.17.
Matrix updated(const Matrix& h, const Vector& s, const Vector& y) {
  const double r = 1 / dot(s, y);
  const Vector hy = product(h, y);
  const double yhy = dot(y, hy);
  Matrix result = h;
  for (std::size_t i = 0; i < s.size(); ++i)
    for (std::size_t j = 0; j < s.size(); ++j)
      result[i][j] += -r * (s[i] * hy[j] + hy[i] * s[j]) + (r * r * yhy + r) * s[i] * s[j];
  return result;
}

/// The inverse Hessian that the last `pairs` changes before stop `at` tell of.
Matrix inverse_hessian(const Path& path, std::size_t at, std::size_t pairs) {
  auto change = [&](std::size_t i) {
    return std::pair(difference(path.stops[i].x, path.stops[i - 1].x),
                     difference(path.stops[i].gradient, path.stops[i - 1].gradient));
  };
  const auto [s, y] = change(at);
  Matrix h = scaled_identity(s.size(), dot(s, y) / dot(y, y));
  for (std::size_t i = at + 1 - std::min(at, pairs); i <= at; ++i) {
    const auto [older_s, older_y] = change(i);
    h = updated(h, older_s, older_y);
  }
  return h;
}

TEST(LBFGSSteps, GoAlongBFGSOfTheLastPairs) {
  const Landscape valley{"rosenbrock", {-1.2, 1, 0.5, 2, -0.3}, {}, rosenbrock};
  for (std::size_t pairs : {1u, 3u, 20u}) {
    const Path path = path_of(valley, LBFGS{.history_size = static_cast<std::int64_t>(pairs)}, {.iterations = 15});
    ASSERT_EQ(path.stops.size(), 16u);
    for (std::size_t i = 1; i + 1 < path.stops.size(); ++i) {
      const Vector wanted = product(inverse_hessian(path, i, pairs), path.stops[i].gradient);
      const Vector step = difference(path.stops[i + 1].x, path.stops[i].x);
      const double t = -dot(step, wanted) / dot(wanted, wanted);
      EXPECT_GT(t, 0);
      for (std::size_t j = 0; j < step.size(); ++j)
        EXPECT_NEAR(step[j], -t * wanted[j], 1e-9 * std::sqrt(dot(step, step))) << pairs << " pairs, step " << i;
    }
  }
}

/// x^2 - y^2 + y^4 / 4: steps along y, out of the saddle, have a negative curvature.
Var saddle(const Var& x) {
  Var a = element(x, 0), b = element(x, 1);
  return square(a) - square(b) + square(square(b)) / 4;
}

TEST(LBFGSSteps, ForgetPairsOfNegativeCurvature) {
  const LBFGS single_trial{.line_search_steps = 1};  // t is 1, or there is no step
  const Path path = path_of({"saddle", {1.4, 0.01}, {}, saddle}, single_trial, {.iterations = 5});
  ASSERT_EQ(path.stops.size(), 6u);
  auto curvature = [&](std::size_t i) {
    return dot(difference(path.stops[i].x, path.stops[i - 1].x),
               difference(path.stops[i].gradient, path.stops[i - 1].gradient));
  };
  for (std::size_t i : {1u, 2u}) EXPECT_GT(curvature(i), 0);
  for (std::size_t i : {3u, 4u}) {
    EXPECT_LT(curvature(i), 0);
    const Vector wanted = product(inverse_hessian(path, 2, 2), path.stops[i].gradient);
    const Vector step = difference(path.stops[i].x, path.stops[i + 1].x);
    for (std::size_t j = 0; j < 2; ++j) EXPECT_NEAR(step[j], wanted[j], 1e-9) << i;
  }
}

TEST(LBFGSSteps, TheFirstIsAlongTheGradientAndTriesALengthOfOne) {
  Vector tried;
  Parameter x("x", Array{3, 4});
  auto loss = [&](Tape& tape) {
    Var v = tape.read(x);
    for (double each : v.value().values<double>()) tried.push_back(each);
    return sum(square(v));
  };
  optim::minimize({x}, loss, LBFGS{}, {.iterations = 1});
  ASSERT_EQ(tried.size(), 4u);  // the start, and one trial, which suffices
  EXPECT_NEAR(tried[2], 3 - 0.6, 1e-15);
  EXPECT_NEAR(tried[3], 4 - 0.8, 1e-15);
  EXPECT_EQ(x.value().values<double>()[0], tried[2]);
}

TEST(LBFGSSteps, MostOfThemTakeOneEvaluation) {
  for (const Landscape& landscape : landscapes()) {
    const optim::Result result = path_of(landscape, LBFGS{}, kToTheEnd).result;
    EXPECT_LT(static_cast<double>(result.evaluations), 2 * static_cast<double>(result.iterations)) << landscape.name;
  }
}

TEST(LBFGSSteps, AllEvaluationsRunAsOnePlan) {
  Parameter x("x", Array::full({31}, -1)), y("y", Array::full({7}, 2));
  auto loss = [&](Tape& tape) { return rosenbrock(tape.read(x)) + rosenbrock(tape.read(y)); };
  const PlanCacheStatistics before = plan_cache_statistics();
  const optim::Result result = optim::minimize({x, y}, loss, LBFGS{}, {.iterations = 40});
  EXPECT_GT(result.evaluations, 40);
  EXPECT_LE(plan_cache_statistics().misses - before.misses, 1u);
}

TEST(LBFGSSteps, AShortSearchTakesWhatLowersTheLoss) {
  for (std::int64_t trials : {1, 2, 3}) {
    const Landscape valley{"rosenbrock", {-1.2, 1}, {1, 1}, rosenbrock};
    const Path path = path_of(valley, LBFGS{.line_search_steps = trials}, {.iterations = 300, .gradient_norm = 1e-8});
    for (std::size_t i = 1; i < path.stops.size(); ++i) EXPECT_LT(path.stops[i].loss, path.stops[i - 1].loss);
    if (trials == 3) {
      EXPECT_EQ(path.result.reason, optim::StopReason::gradient_norm) << path.result.message;
    }
  }
}

}  // namespace
}  // namespace xtape::test
