// Rules, hooks, straight-through estimators, checkpoints, and functions defined by an equation.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <xtape/control.hpp>
#include <xtape/function.hpp>
#include <xtape/functional.hpp>
#include <xtape/vectorize.hpp>
#include <xtape/xtape.hpp>

#include "engine/derivative_cases.hpp"

namespace xtape::test {

namespace {

// ---- Rules of one's own

TEST(CustomGradient, ReplacesTheGradient) {
  const auto f = custom_gradient([](const Var& x) { return x * x; },
                                 [](std::span<const Var> x, const Var& y, const Var& cotangent) {
                                   return std::vector<Var>{cotangent * (x[0] + y)};
                                 });
  EXPECT_EQ(f(3.0).item<double>(), 9);
  EXPECT_EQ(gradient(f)(3.0).item<double>(), 3 + 9);
  EXPECT_EQ(gradient(gradient(f))(3.0).item<double>(), 1 + 12) << "y is differentiated by the rule as well";
}

TEST(CustomGradient, OfSeveralArgumentsMayLeaveSomeOut) {
  const auto f = custom_gradient([](const Var& x, const Var& y) { return x * y; },
                                 [](std::span<const Var> x, const Var&, const Var& cotangent) {
                                   return std::vector<Var>{cotangent * x[1] * 10, Var()};
                                 });
  const auto [dx, dy] = gradient(f)(2.0, 3.0);
  EXPECT_EQ(dx.item<double>(), 30);
  EXPECT_EQ(dy.item<double>(), 0);
}

TEST(CustomGradient, IsWrittenForOneExample) {
  const auto f = custom_gradient([](const Var& x) { return sum(x); },
                                 [](std::span<const Var> x, const Var&, const Var& cotangent) {
                                   return std::vector<Var>{broadcast_to(cotangent, x[0].shape()) * x[0]};
                                 });
  const auto g = [&](const Var& x) { return stack({f(x), f(2.0 * x)}); };
  EXPECT_TRUE(near(jacobian(g)(vector({1, 2, 3})), {1, 2, 3, 4, 8, 12}, {2, 3}));
}

TEST(CustomGradient, ChecksWhatTheRuleGives) {
  const auto with = [](std::vector<Var> (*rule)(const Var&)) {
    return custom_gradient([](const Var& x) { return sum(x); },
                           [rule](std::span<const Var>, const Var&, const Var& cotangent) { return rule(cotangent); });
  };
  const auto none = with([](const Var&) { return std::vector<Var>{}; });
  const auto scalar = with([](const Var& cotangent) { return std::vector<Var>{cotangent}; });
  EXPECT_TRUE(contains(message_of<ValueError>([&] {
                         gradient(none)(vector({1, 2}));
                       }),
                       {"custom_gradient: its vjp gives 0 cotangents for 1 inputs"}));
  EXPECT_TRUE(contains(message_of<ShapeError>([&] {
                         gradient(scalar)(vector({1, 2}));
                       }),
                       {"custom_gradient: its rule gives [] to an input of [2]"}));
  EXPECT_TRUE(contains(message_of<ValueError>([] { custom_gradient([](const Var& x) { return x; }, nullptr); }),
                       {"custom_gradient: the rule is empty"}));
}

TEST(GradientHook, SeesAndChangesTheCotangent) {
  int calls = 0;
  const auto f = [&](const Var& x) {
    return 5.0 * gradient_hook(x, [&](const Var& cotangent) {
             ++calls;
             return clip(cotangent, -1.0, 1.0);
           });
  };
  EXPECT_EQ(gradient(f)(3.0).item<double>(), 1);
  EXPECT_EQ(calls, 1);
  Tape tape;
  const Var x = tape.variable(3.0);
  EXPECT_EQ(f(x).item<double>(), 15);
  EXPECT_EQ(calls, 1) << "without a gradient the hook is not called";
  EXPECT_TRUE(
      contains(message_of<ValueError>([&] { gradient_hook(x, nullptr); }), {"gradient_hook: the hook is empty"}));
}

TEST(GradientHook, IsCalledAgainInARecordingThatRepeats) {
  int calls = 0;
  Tape tape;
  for (int i = 1; i <= 3; ++i) {
    tape.reset();
    const Var x = tape.variable(1.0);
    const Var y = gradient_hook(x, [&](const Var& cotangent) {
      ++calls;
      return cotangent * static_cast<double>(i);
    });
    EXPECT_EQ(tape.gradient(y * 2.0, x).item<double>(), 2 * i);
  }
  EXPECT_EQ(calls, 3);
}

TEST(StraightThrough, HasTheValueOfOneAndTheGradientOfTheOther) {
  const auto f = [](const Var& x) { return sum(straight_through(round(x), x) * vector({1, 10})); };
  const auto [value, derivative] = value_and_gradient(f)(vector({0.7, 1.2}));
  EXPECT_EQ(value.item<double>(), 11);
  EXPECT_TRUE(near(derivative, {1, 10}, {2}));
  const Array x = vector({1, 2});
  EXPECT_TRUE(
      contains(message_of<ShapeError>([&] { gradient([](const Var& v) { return straight_through(sum(v), v); })(x); }),
               {"straight_through: the value is [], x is [2]"}));
  EXPECT_TRUE(
      contains(message_of<DTypeError>([&] { gradient([](const Var& v) { return straight_through(v > 0.0, v); })(x); }),
               {"straight_through: the value is bool, x is float64"}));
}

// ---- Checkpoints

TEST(Checkpoint, ChangesNoBitOfTheGradient) {
  const Array x = vector({0.3, -0.2, 0.5}), w = vector({1, 2, 3});
  const auto block = [](const Var& v, const Var& u) { return tanh(sin(v * u) + exp(v)); };
  const auto plain = [&](const Var& v, const Var& u) { return sum(block(block(v, u), u)); };
  const auto saving = [&](const Var& v, const Var& u) { return sum(checkpoint(block)(checkpoint(block)(v, u), u)); };
  const auto [first, second] = gradient(plain)(x, w);
  const auto [a, b] = gradient(saving)(x, w);
  EXPECT_TRUE(same_bits(a, first));
  EXPECT_TRUE(same_bits(b, second));
}

TEST(Checkpoint, GivesGradientsToWhatItCaptured) {
  const Parameter w("w", vector({1, 2}));
  Tape tape;
  const Var a = tape.variable(3.0), x = tape.variable(vector({0.1, 0.2}));
  const Var inner = exp(a);
  const Var y = sum(checkpoint([&](const Var& v) { return sin(v * w) * inner; })(x));
  const auto [da, dw, dx] = tape.gradient<3>(y, {a, w, x});
  const Var again = sum(sin(x * w) * inner);
  const auto [ea, ew, ex] = tape.gradient<3>(again, {a, w, x});
  EXPECT_TRUE(same_bits(tape.evaluate({da, dw, dx}), tape.evaluate({ea, ew, ex})));
}

TEST(Checkpoint, NeedsLessMemory) {
  const auto bytes = [](bool saving) {
    Tape tape;
    const Var x = tape.variable(Array::full(Shape{100000}, 0.5));
    const auto block = [](const Var& v) {
      Var y = v;
      for (int i = 0; i < 16; ++i) y = cumsum(tanh(y), 0) * 1e-3;  // calls, which are not fused
      return y;
    };
    Var y = x;
    for (int i = 0; i < 8; ++i) y = saving ? checkpoint(block)(y) : block(y);
    const std::string plan = tape.dump_plan({tape.gradient(sum(y), x)});
    const std::string label = "workspace ";
    return std::stod(plan.substr(plan.find(label) + label.size()));
  };
  EXPECT_LT(bytes(true), 0.4 * bytes(false));
}

TEST(Checkpoint, HasForwardAndHigherDerivatives) {
  const auto block = [](const Var& v) { return exp(sin(v)); };
  const auto f = [&](const Var& x) { return sum(checkpoint(block)(checkpoint(block)(x))); };
  const auto plain = [&](const Var& x) { return sum(block(block(x))); };
  const Array x = vector({0.3, -0.7}), v = vector({1, 2});
  EXPECT_TRUE(holds(f, x, 2));
  EXPECT_TRUE(same_bits(jvp(f, x, v).derivative, jvp(plain, x, v).derivative));
  EXPECT_TRUE(same_bits(hessian(f)(x), hessian(plain)(x)));
  EXPECT_TRUE(close(taylor(f, x, v, 3), tensor_of(taylor(plain, x, v, 3)), 1e-14L));
}

// ---- Equations

TEST(FixedPoint, IsSolvedAndDifferentiated) {
  const auto heron = [](const Var& x, const Var& a) { return 0.5 * (x + a / x); };
  const auto root_of = [&](const Var& a) { return fixed_point(heron, 1.0, a); };
  EXPECT_NEAR(fixed_point(heron, 1.0, 2.0).item<double>(), std::sqrt(2.0), 1e-15);
  EXPECT_NEAR(gradient(root_of)(2.0).item<double>(), 0.5 / std::sqrt(2.0), 1e-12);
  EXPECT_NEAR(gradient(gradient(root_of))(2.0).item<double>(), -0.25 / std::pow(2.0, 1.5), 1e-12);
  EXPECT_TRUE(holds(root_of, Array(3.0), 2));
}

TEST(FixedPoint, OfATensorWithWhatItCaptured) {
  // x = cos(a x) elementwise; dx/da = -x sin(a x) / (1 + a sin(a x))
  Tape tape;
  const Var a = tape.variable(vector({0.5, 0.8})), start = tape.variable(vector({1, 1}));
  const Var x = fixed_point([&](const Var& v) { return cos(a * v); }, start);
  const Array found = x.value(), slope = tape.gradient(sum(x), a).value();
  for (std::size_t i = 0; i < 2; ++i) {
    const double at = a.value().values<double>()[i], v = found.values<double>()[i];
    EXPECT_NEAR(v, std::cos(at * v), 1e-12);
    EXPECT_NEAR(slope.values<double>()[i], -v * std::sin(at * v) / (1 + at * std::sin(at * v)), 1e-11);
  }
  EXPECT_TRUE(near(tape.gradient(sum(x), start).value(), {0, 0}, {2})) << "the start does not matter";
}

TEST(FixedPoint, HasForwardDerivativesAndBatches) {
  const auto f = [](const Var& a) {
    return fixed_point([](const Var& x, const Var& b) { return cos(b * x); }, Array(1.0), a);
  };
  const auto slope = [&](double a) { return gradient(f)(a).item<double>(); };
  EXPECT_NEAR(jvp(f, 0.5, 1.0).derivative.item<double>(), slope(0.5), 1e-11);
  EXPECT_NEAR(jacobian(f)(0.5).item<double>(), slope(0.5), 1e-11);
}

TEST(FixedPoint, TakesNumbersAsInputs) {
  const auto f = [](double a) {
    return fixed_point([a](const Var& x) { return cos(a * x); }, vector({1, 1})).values<double>()[1];
  };
  for (double a : {0.3, 0.6, 0.9}) EXPECT_NEAR(f(a), std::cos(a * f(a)), 1e-12);
}

TEST(FixedPoint, StandsInFunctionsAndBatchesButNotInFiles) {
  const auto root_of = [](const Var& a) {
    return fixed_point([](const Var& x, const Var& b) { return 0.5 * (x + b / x); }, Array(1.0), a);
  };
  const Function f(root_of), slope(gradient(root_of));
  EXPECT_NEAR(f(2.0).item<double>(), std::sqrt(2.0), 1e-14);
  EXPECT_NEAR(f(9.0).item<double>(), 3, 1e-14);
  EXPECT_NEAR(slope(4.0).item<double>(), 0.25, 1e-12);
  EXPECT_TRUE(near(vectorize(root_of)(vector({4, 9, 16})), {2, 3, 4}, {3}));
  EXPECT_TRUE(near(vectorize(gradient(root_of))(vector({4, 16})), {0.25L, 0.125L}, {2}, 1e-11L));
  EXPECT_TRUE(contains(message_of<ValueError>([&] { f.save(testing::TempDir() + "fixed_point.xtape"); }),
                       {"save: the custom op \"fixed_point\""}));
}

TEST(FixedPoint, SaysWhenItDoesNotConverge) {
  const auto doubling = [](const Var& x) { return 2.0 * x + 1.0; };
  EXPECT_TRUE(contains(message_of<NumericalError>([&] { fixed_point({.max_iterations = 10}, doubling, 1.0); }),
                       {"fixed_point: it did not converge in 10 iterations; the last step was 1024"}));
  EXPECT_TRUE(contains(message_of<NumericalError>([&] { fixed_point([](const Var& x) { return log(x - 2.0); }, 1.0); }),
                       {"fixed_point: the step is nan in iteration 1"}));
}

TEST(Root, IsSolvedAndDifferentiated) {
  const auto cube_root = [](const Var& a) {
    return root([](const Var& x, const Var& b) { return x * x * x - b; }, 1.0, a);
  };
  const auto [value, slope] = value_and_gradient(cube_root)(8.0);
  EXPECT_NEAR(value.item<double>(), 2, 1e-14);
  EXPECT_NEAR(slope.item<double>(), 1 / 12.0, 1e-13);
  EXPECT_TRUE(holds(cube_root, Array(5.0), 2));
}

TEST(Root, OfASystem) {
  // x^2 + y^2 = r, x = y: x = y = sqrt(r / 2), whose slope is 1 / (4 x).
  const auto f = [](const Var& r) {
    return root(
        [](const Var& v, const Var& s) {
          const Var x = slice(v, {0}), y = slice(v, {1});
          return stack({x * x + y * y - s, x - y});
        },
        vector({1, 0.5}), r);
  };
  EXPECT_TRUE(near(jacobian(f)(8.0), {1 / 8.0L, 1 / 8.0L}, {2}, 1e-12L));
  EXPECT_TRUE(near(jvp(f, 8.0, 2.0).value, {2, 2}, {2}));
}

TEST(Root, ReachesWhereFullStepsWouldNot) {
  const auto f = [](const Var& x) { return atan(x); };  // full steps diverge from beyond 1.39
  EXPECT_NEAR(root(f, 3.0).item<double>(), 0, 1e-12);
}

TEST(Root, SaysWhatIsWrong) {
  EXPECT_TRUE(
      contains(message_of<NumericalError>([] { root([](const Var& x) { return x * x + 1.0; }, 1.0); }), {"root: "}));
  EXPECT_TRUE(contains(message_of<NumericalError>([] { root([](const Var& x) { return x * 0.0 + 1.0; }, 1.0); }),
                       {"root: the Jacobian is singular in iteration 1, where the function's value is 1"}));
  const auto sums = [](const Var& x) { return sum(x); };
  EXPECT_TRUE(contains(message_of<ShapeError>([&] {
                         root(sums, vector({1, 2}));
                       }),
                       {"root: the function gives [] for a start of [2]"}));
  EXPECT_TRUE(contains(message_of<DTypeError>([&] {
                         fixed_point(sums, Array::from<std::int64_t>({1, 2}));
                       }),
                       {"fixed_point: argument 0 is int64"}));
  EXPECT_TRUE(contains(message_of<ValueError>([&] { root({.max_iterations = 0}, sums, 1.0); }),
                       {"root: max_iterations is 0, it must be at least 1"}));
  EXPECT_TRUE(contains(message_of<ValueError>([&] { root({.tolerance = -1.0}, sums, 1.0); }),
                       {"root: the tolerance is -1, it must not be negative"}));
}

TEST(FixedPoint, ANaNIsSeenWhereverItStands) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto half = [](const Var& x) { return 0.5 * x; };
  for (const Array& start : {vector({nan, 1}), vector({1, nan}), vector({0, nan, 0})})
    EXPECT_TRUE(contains(message_of<NumericalError>([&] { fixed_point(half, start); }),
                         {"fixed_point: the step is nan in iteration 1"}));
}

TEST(GradientHook, ErrorsNameIt) {
  const auto f = [](const Var& x) { return sum(gradient_hook(x, [](const Var& u) { return sum(u); })); };
  EXPECT_EQ(message_of<ShapeError>([&] {
              gradient(f)(vector({1, 2}));
            }),
            "gradient_hook: its rule gives [] to an input of [2]");
}

}  // namespace

}  // namespace xtape::test
