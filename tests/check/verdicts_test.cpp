// The checker's verdicts on functions of Vars: right gradients pass, and each planted error is named for what it is.
#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <xtape/custom_op.hpp>
#include <xtape/gradient_check.hpp>
#include <xtape/testing.hpp>
#include <xtape/xtape.hpp>
#include <xtape/xtensor.hpp>

#include "check/functions.hpp"
#include "support/check.hpp"

namespace xtape::test {

namespace {

CustomOp matmul_op(CustomOp::Vjp vjp) {
  return CustomOp(
      "planted", [](Vars x) { return matmul(x[0], x[1]); }, std::move(vjp));
}

Var scaled_cube(const Var& x) { return square(x) * x * 2; }

// ---- Right gradients

TEST(Verdicts, RightGradientsPass) {
  const Array x = random_array(1, {4, 3}), w = random_array(2, {3, 5}), b = random_array(3, {5});
  const auto layer = [](const Var& a, const Var& weights, const Var& bias) { return tanh(matmul(a, weights) + bias); };
  const CheckReport report = check_gradient(layer, {x, w, b});
  EXPECT_THAT(report, PassesGradientCheck());
  EXPECT_EQ(report.checked, 32);
  EXPECT_EQ(report.elements, 32);
  EXPECT_EQ(report.kinks, 0);
  EXPECT_LT(report.error, 1e-8 * std::abs(report.numeric) + 1e-10);
  EXPECT_TRUE(gradient_is_right(layer, {x, w, b}));
}

TEST(Verdicts, ScalarsAndNumbers) {
  const CheckReport report = check_gradient([](const Var& a, const Var& b) { return a * a * b; }, {3.0, -2.0});
  EXPECT_THAT(report, PassesGradientCheck());
  EXPECT_THAT(check_gradient([](const Var& a) { return exp(a); }, 1.5), PassesGradientCheck());
}

TEST(Verdicts, AnyCallable) {
  const Array x{1, 2}, w{3, 4};
  const CheckOptions options{.seed = 5};
  EXPECT_THAT(check_gradient([](auto v) { return tanh(v); }, x), PassesGradientCheck());
  EXPECT_THAT(check_gradient([](auto v) { return tanh(v); }, {x}, options), PassesGradientCheck());
  EXPECT_THAT(check_gradient([](auto v) { return tanh(v); }, x, options), PassesGradientCheck());
  EXPECT_THAT(check_gradient([](const auto&... v) { return (v * ...); }, {x, w}), PassesGradientCheck());
  EXPECT_THAT(check_gradient([](Vars v) { return v[0] * v[1]; }, std::vector<Array>{x, w}), PassesGradientCheck());
}

TEST(Verdicts, XtensorPoints) {
  const xt::xarray<double> x = {{1.0, 2.0}, {3.0, 4.0}};
  EXPECT_THAT(check_gradient([](const Var& a) { return log(a); }, x), PassesGradientCheck());
  EXPECT_THAT(check_gradient([](const Var& a, const Var& b) { return a / b; }, {x, x + 1.0}), PassesGradientCheck());
}

TEST(Verdicts, IntegerInputsArePassedOn) {
  const Array x = random_array(1, {5, 3}), rows = Array::from(std::vector<std::int64_t>{4, 0, 4});
  const CheckReport report = check_gradient([](const Var& a, const Var& i) { return take(a, i, 0); }, {x, rows});
  EXPECT_THAT(report, PassesGradientCheck());
  EXPECT_EQ(report.elements, 15);
}

TEST(Verdicts, HigherOrders) {
  const auto f = [](const Var& a, const Var& b) { return sum(tanh(matmul(a, b)) * exp(a)); };
  for (DType dtype : {DType::float64, DType::float32}) {
    const CheckReport report =
        check_gradient(f, {random_array(1, {3, 3}, dtype), random_array(2, {3, 3}, dtype)}, {.order = 3});
    EXPECT_THAT(report, PassesGradientCheck());
    EXPECT_EQ(report.order, 3);
    EXPECT_TRUE(report.notes.empty()) << report;
  }
}

// ---- Planted errors

TEST(Planted, Sign) {
  const CustomOp op =
      unary_op([](const Var& x) { return cos(x); }, [](const Var& x, const Var& c) { return sin(x) * c; });
  const CheckReport report = check_gradient([&](const Var& x) { return op(x); }, random_array(1, {6}));
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::fail));
  EXPECT_NEAR(report.analytic, -report.numeric, 1e-6 * std::abs(report.numeric)) << report;
}

TEST(Planted, FactorOfTwo) {
  const CustomOp op = unary_op(scaled_cube, [](const Var& x, const Var& c) { return 12 * square(x) * c; });
  const CheckReport report = check_gradient([&](const Var& x) { return sum(op(x)); }, random_array(1, {6}));
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::fail));
  EXPECT_NEAR(report.analytic, 2 * report.numeric, 1e-6 * std::abs(report.numeric)) << report;
}

TEST(Planted, TransposedMatrix) {
  const CustomOp op = matmul_op([](Vars x, const Var&, const Var& c) {
    return std::vector<Var>{matmul(c, x[1]), matmul(transpose(x[0]), c)};  // should be c x[1]'
  });
  const auto f = [&](const Var& a, const Var& b) { return op(a, b); };
  const CheckReport report = check_gradient(f, {random_array(1, {3, 3}), random_array(2, {3, 3})});
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::fail));
  EXPECT_EQ(report.input, 0U);
}

TEST(Planted, MissingBroadcastReduction) {
  const CustomOp op(
      "planted", [](Vars x) { return x[0] + x[1]; },
      [](Vars, const Var&, const Var& c) {
        return std::vector<Var>{c, c};
      });
  const auto f = [&](const Var& a, const Var& b) { return op(a, b); };
  const CheckReport report = check_gradient(f, {random_array(1, {4, 3}), random_array(2, {3})});
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::wrong_shape));
  EXPECT_TRUE(contains(report.reason, {"planted", "[4, 3]", "[3]"}));
}

TEST(Planted, WrongDType) {
  const CustomOp op = unary_op([](const Var& x) { return 2 * x; },
                               [](const Var&, const Var& c) { return cast(2 * c, DType::float32); });
  const CheckReport report = check_gradient([&](const Var& x) { return op(x); }, random_array(1, {4}));
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::wrong_shape));
  EXPECT_TRUE(contains(report.reason, {"float32", "float64"}));
}

TEST(Planted, OneElementOf100000) {
  constexpr std::int64_t kSize = 100000, kWrong = 31415;
  std::vector<double> factors(kSize, 1.0);
  factors[kWrong] = 1.001;
  const Array factor = Array::from(factors);
  const CustomOp op(
      "planted", [](Vars x) { return sin(x[0]) * 3; },
      [&](Vars x, const Var&, const Var& c) { return std::vector<Var>{3 * cos(x[0]) * c * factor}; });
  const CheckReport report =
      check_gradient([&](const Var& x) { return sum(op(x)); }, random_array(5, {kSize}, DType::float64, 0.1L, 1.2L));
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::fail));
  EXPECT_EQ(report.index, std::vector<std::int64_t>{kWrong}) << report;
  EXPECT_FALSE(report.direction);
  EXPECT_GT(report.found_by_directions, 0) << report;
  EXPECT_LT(report.found_by_directions, 1e-4) << report;
  EXPECT_LT(report.evaluations, 2000) << report;
}

TEST(Planted, DetachedTerm) {
  const auto f = [](const Var& x) { return sum(x * stop_gradient(x)); };
  const CheckReport report = check_gradient(f, random_array(1, {5}));
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::fail));
  EXPECT_NEAR(report.numeric, 2 * report.analytic, 1e-6 * std::abs(report.numeric)) << report;
}

TEST(Planted, SecondOrderOnly) {  // the first derivative is right, but its own derivative is cut off
  const CustomOp op = unary_op([](const Var& x) { return exp(x); },
                               [](const Var& x, const Var& c) { return stop_gradient(exp(x)) * c; });
  const auto f = [&](const Var& x) { return sum(op(x)); };
  EXPECT_THAT(check_gradient(f, random_array(1, {5})), PassesGradientCheck());
  const CheckReport report = check_gradient(f, random_array(1, {5}), {.order = 2});
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::fail));
  EXPECT_EQ(report.order, 2);
}

TEST(Planted, RuleNotLinearInItsCotangent) {  // right for cotangents of 1 alone
  const CustomOp op =
      unary_op([](const Var& x) { return sin(x); }, [](const Var& x, const Var& c) { return cos(x) * square(c); });
  const CheckReport report = check_gradient([&](const Var& x) { return sum(op(x)); }, random_array(1, {5}));
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::fail));
  EXPECT_TRUE(contains(report.reason, {"linear"})) << report;
}

TEST(Planted, HessianThatIsNotSymmetric) {  // x y^2, of whose derivative for y one factor is detached
  const CustomOp op(
      "planted", [](Vars x) { return x[0] * square(x[1]); },
      [](Vars x, const Var&, const Var& c) {
        return std::vector<Var>{c * square(x[1]), 2 * c * stop_gradient(x[0]) * x[1]};
      });
  const auto f = [&](const Var& a, const Var& b) { return sum(op(a, b)); };
  EXPECT_THAT(check_gradient(f, {Array{1, 2}, Array{3, 4}}), PassesGradientCheck());
  const CheckReport report = check_gradient(f, {Array{1, 2}, Array{3, 4}}, {.order = 2});
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::fail));
  EXPECT_TRUE(contains(report.reason, {"Hessian", "symmetric"})) << report;
}

TEST(Planted, ExplainedByTheAssertion) {
  const auto f = [](const Var& x) { return sum(x * stop_gradient(x)); };
  const ::testing::AssertionResult result = gradient_is_right(f, Array{1, 2});
  EXPECT_FALSE(result);
  EXPECT_TRUE(contains(result.message(), {"fail", "input 0 at [", "analytic", "numeric"}));
}

// ---- Other verdicts

TEST(Verdicts, NonDeterministic) {
  double state = 1;
  const auto value = [&](const Var& x) { return sum(x) * (state += 0.5); };
  EXPECT_THAT(check_gradient(value, random_array(1, {4})), HasGradientStatus(CheckStatus::non_deterministic));
  const CustomOp op = CustomOp(
      "planted", [](Vars x) { return 2 * x[0]; },
      [&](Vars, const Var&, const Var& c) { return std::vector<Var>{c * (state += 0.5)}; });
  EXPECT_THAT(check_gradient([&](const Var& x) { return op(x); }, random_array(1, {4})),
              HasGradientStatus(CheckStatus::non_deterministic));
}

TEST(Verdicts, SmallDifferencesOfValuesAreShown) {
  int calls = 0;
  const auto drifts = [&](const Var& x) { return sum(x) + 1e-14 * ++calls; };
  const CheckReport report = check_gradient(drifts, Array{1, 2});
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::non_deterministic));
  EXPECT_TRUE(contains(report.reason, {"3.00000000000001", "3.00000000000003"})) << report;
}

TEST(Verdicts, ReportsSayWhatTheDerivativesAreOf) {
  const auto f = [](const Var& x) { return sin(x); };
  const Array x{{0.1, 0.2, 0.3}, {1, 2, 3}};
  EXPECT_TRUE(contains(to_string(check_gradient(f, x)), {"of the output, [2, 3], summed with random weights"}));
  EXPECT_TRUE(contains(to_string(check_gradient(f, x, {.order = 2})), {"of the derivative of order 1 along random"}));
}

TEST(Verdicts, ResultsThatAreNoVarsOfTheTape) {
  const auto message = [](const CheckedFunction& f) {
    return message_of<ValueError>([&] { check_gradient(f, std::vector<Array>{Array{1, 2}}); });
  };
  Tape other;
  const Var elsewhere = other.variable(1.0);
  EXPECT_TRUE(contains(message([&](Vars) { return elsewhere; }), {"check_gradient", "no Var of the tape"}));
  EXPECT_TRUE(contains(message([](Vars) { return Var(); }), {"check_gradient", "no Var of the tape"}));
  EXPECT_TRUE(contains(message([](Vars x) {
                         Tape own;
                         return 2 * own.variable(x[0].value());
                       }),
                       {"check_gradient", "no Var of the tape"}));
}

TEST(Verdicts, NonFinite) {
  const CheckReport value = check_gradient([](const Var& x) { return sum(log(x)); }, Array{1, 0, 2});
  EXPECT_THAT(value, HasGradientStatus(CheckStatus::non_finite));
  const CheckReport gradient = check_gradient([](const Var& x) { return sum(sqrt(x)); }, Array{1, 4, 0});
  EXPECT_THAT(gradient, HasGradientStatus(CheckStatus::non_finite));
  EXPECT_EQ(gradient.index, std::vector<std::int64_t>{2});
}

TEST(Verdicts, MutatedInput) {
  const CustomOp op(
      "planted",
      [](std::span<const Array> x) {
        const Array copy = Array::copy(x[0].data<double>(), x[0].shape());
        const_cast<double*>(x[0].data<double>())[1] += 1;  // what no op may do
        return copy;
      },
      [](std::span<const Array>, const Array&, const Array& c) { return std::vector<Array>{c}; });
  const CheckReport report = check_gradient([&](const Var& x) { return op(x); }, random_array(1, {4}));
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::mutated_input));
}

TEST(Verdicts, MutatedBufferOfThePoint) {
  std::vector<double> buffer{1, 2, 3};
  const auto f = [&](const Var& x) {
    buffer[1] = 2.5;
    return sum(x);
  };
  EXPECT_THAT(check_gradient(f, Array::borrow(buffer.data(), {3})), HasGradientStatus(CheckStatus::mutated_input));
}

/// Rounded to float32 within: a function of float64 with noise of float32 size.
CustomOp single_precision_sine(double factor) {
  return CustomOp(
      "noisy_sine",
      [](std::span<const Array> x) {
        std::vector<double> y;
        for (double element : x[0].values<double>()) y.push_back(std::sin(static_cast<float>(element)));
        return Array::from(y, x[0].shape());
      },
      [factor](std::span<const Array> x, const Array&, const Array& c) {
        std::vector<double> g;
        for (std::size_t i = 0; i < static_cast<std::size_t>(c.size()); ++i)
          g.push_back(factor * std::cos(static_cast<float>(x[0].values<double>()[i])) *
                      static_cast<float>(c.values<double>()[i]));
        return std::vector<Array>{Array::from(g, c.shape())};
      });
}

TEST(Planted, NoiseOfFloat32Size) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Array x = random_array(seed, {12});
    const CustomOp right = single_precision_sine(1), wrong = single_precision_sine(1.01);
    const CheckReport passed = check_gradient([&](const Var& a) { return right(a); }, x);
    EXPECT_THAT(passed, PassesGradientCheck());
    EXPECT_GT(passed.noise, 1e-9);
    EXPECT_THAT(check_gradient([&](const Var& a) { return wrong(a); }, x), HasGradientStatus(CheckStatus::fail));
  }
}

TEST(Verdicts, Float32ProgramsAreReplayedInFloat64) {  // with float32 Arrays, numbers and a Parameter of their own
  const Array w = random_array(2, {3, 2}, DType::float32);
  const Parameter bias("bias", random_array(3, {2}, DType::float32));
  const Array x = random_array(1, {4, 3}, DType::float32, 0.3L, 1.5L);
  const auto f = [&](const Var& a) { return tanh(0.1 * matmul(a, w) + bias); };
  const CheckReport report = check_gradient(f, x, {.order = 2});
  EXPECT_THAT(report, PassesGradientCheck());
  EXPECT_TRUE(report.notes.empty()) << report;
  EXPECT_LT(report.error, 1e-8);
  const CustomOp op = unary_op(scaled_cube, [](const Var& a, const Var& c) { return 6.003 * square(a) * c; });
  const auto wrong = [&](const Var& a) { return sum(square(op(a) * w)); };
  EXPECT_THAT(check_gradient(wrong, random_array(4, {3, 2}, DType::float32, 0.3L, 1.5L)),
              HasGradientStatus(CheckStatus::fail));
}

/// sin in float32 alone, times a factor in its rule.
CustomOp float32_sine(float factor) {
  const auto mapped = [](const Array& x, auto function) {
    std::vector<float> y;
    for (float element : x.values<float>()) y.push_back(function(element));
    return Array::from(y, x.shape());
  };
  return CustomOp(
      "float32_sine", [=](std::span<const Array> x) { return mapped(x[0], [](float e) { return std::sin(e); }); },
      [=](std::span<const Array> x, const Array&, const Array& c) {
        std::size_t i = 0;
        return std::vector<Array>{mapped(x[0], [&](float e) { return factor * std::cos(e) * c.values<float>()[i++]; })};
      });
}

TEST(Verdicts, Float32OnlyOpsAreJudgedInFloat32) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Array x = random_array(seed, {4, 3}, DType::float32);
    const CustomOp right = float32_sine(1), wrong = float32_sine(1.02F);
    const CheckReport report = check_gradient([&](const Var& a) { return right(a) * 2; }, x);
    EXPECT_THAT(report, PassesGradientCheck());
    EXPECT_GT(report.noise, 1e-9);
    EXPECT_FALSE(report.notes.empty());
    EXPECT_TRUE(contains(report.notes[0], {"float32", "float64"})) << report;
    EXPECT_THAT(check_gradient([&](const Var& a) { return wrong(a) * 2; }, x), HasGradientStatus(CheckStatus::fail));
  }
}

TEST(Verdicts, WrongInFloat32Only) {
  const CustomOp op =
      unary_op([](const Var& x) { return sin(x); },
               [](const Var& x, const Var& c) { return cos(x) * c * (x.dtype() == DType::float32 ? 1.001 : 1.0); });
  const CheckReport report = check_gradient([&](const Var& x) { return op(x); }, random_array(1, {5}, DType::float32));
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::fail));
  EXPECT_TRUE(contains(report.reason, {"float32"})) << report;
}

TEST(Verdicts, SecondDerivativeOfAnOpaqueOp) {
  const CustomOp op = single_precision_sine(1);
  const auto f = [&](const Var& a) { return op(a); };
  const CheckReport report = check_gradient(f, Array{1, 2});
  EXPECT_THAT(report, PassesGradientCheck());
  ASSERT_EQ(report.notes.size(), 1U);
  EXPECT_TRUE(contains(report.notes[0], {"forward mode", "noisy_sine", "second derivative"}));
  const CheckOptions second{.order = 2};
  EXPECT_TRUE(contains(message_of<ValueError>([&] {
                         check_gradient(f, Array{1, 2}, second);
                       }),
                       {"noisy_sine", "no second derivative"}));
}

}  // namespace

}  // namespace xtape::test
