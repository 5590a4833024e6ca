// Large parameters: their update is a plan of its own, which writes over the old values and need not ask whether
// the new ones are finite, where the rule has promised it. All else is as for small ones.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

using namespace optim;

constexpr std::int64_t kLarge = 1 << 16;  // float64: 512 KiB, float32: 256 KiB
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Values between -1 and 1.
Array wave(double frequency, DType dtype = DType::float64) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < kLarge; ++i) values.push_back(std::sin(frequency * static_cast<double>(i + 1)));
  Tape tape;
  return cast(tape.variable(Array::from(values)), dtype).value();
}

/// The largest difference of elements.
double distance(const Array& a, const Array& b) {
  Tape tape;
  return max(abs(tape.variable(a) - tape.variable(b))).item<double>();
}

/// sum(weight x x / 2), whose gradient is weight x.
LossFunction bowl(const Parameter& x, const Array& weight) {
  return [&x, weight](Tape& tape) { return 0.5 * sum(weight * square(tape.read(x))); };
}

/// sum(gradient x).
LossFunction slope(const Parameter& x, const Array& gradient) {
  return [&x, gradient](Tape& tape) { return sum(gradient * tape.read(x)); };
}

Array full(double value, DType dtype = DType::float64) { return Array::full({kLarge}, value, dtype); }

/// One step with finite values, after which the Optimizer knows that x is finite.
void begin(Optimizer& optimizer, const Parameter& x) {
  ASSERT_EQ(optimizer.step(slope(x, full(0.5, x.dtype()))).outcome, Outcome::updated);
}

/// The same formulas as functions, which promise nothing: one plan for all.
UpdateRule silent(const UpdateRule& rule) {
  return UpdateRule([rule](const Var& x, const Var& gradient, State& state) { return rule(x, gradient, state); });
}

class LargeRules : public testing::TestWithParam<UpdateRule> {};

TEST_P(LargeRules, AgreeWithOnePlan) {
  for (const DType dtype : {DType::float64, DType::float32}) {
    Parameter x("x", wave(0.7, dtype)), y = x;
    const Array weight = wave(0.3, dtype);
    Optimizer apart(GetParam(), {x}), together(silent(GetParam()), {y});
    for (int i = 0; i < 4; ++i) {
      const Step a = apart.step(bowl(x, weight)), b = together.step(bowl(y, weight));
      EXPECT_EQ(a.iteration, b.iteration);
      EXPECT_NEAR(a.gradient_norm, b.gradient_norm, 1e-5 * b.gradient_norm);
      EXPECT_NEAR(a.loss, b.loss, 1e-5 * std::abs(b.loss) + 1e-3);
    }
    EXPECT_LT(distance(x.value(), y.value()), dtype == DType::float64 ? 1e-9 : 2e-3);
    EXPECT_GT(distance(x.value(), wave(0.7, dtype)), 1e-3) << "nothing has moved";
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, LargeRules,
                         testing::Values(UpdateRule(GradientDescent{}), UpdateRule(Momentum{}),
                                         UpdateRule(Momentum{.nesterov = true}), UpdateRule(Adam{}),
                                         UpdateRule(AdamW{}), UpdateRule(AMSGrad{}),
                                         UpdateRule(ClipNorm{.rule = Adam{}, .max_norm = 10})));

TEST(Large, TheOldValuesAreWrittenOver) {
  Parameter x("x", wave(0.7));
  Optimizer optimizer(Adam{}, {x});
  begin(optimizer, x);
  const void *at_x = x.value().bytes(), *at_slot = optimizer.state(0).slots()[1]->value().bytes();
  for (int i = 0; i < 3; ++i) optimizer.step(bowl(x, wave(0.3)));
  EXPECT_EQ(x.value().bytes(), at_x);
  EXPECT_EQ(optimizer.state(0).slots()[1]->value().bytes(), at_slot);
}

TEST(Large, AnArrayOfTheOldValueStaysAsItIs) {
  Parameter x("x", wave(0.7));
  Optimizer optimizer(Adam{}, {x});
  begin(optimizer, x);
  const Array kept = x.value();
  Tape tape;
  const Array copy = (tape.variable(kept) * 1.0).value();
  optimizer.step(bowl(x, wave(0.3)));
  EXPECT_TRUE(same_bits(kept, copy));
  EXPECT_GT(distance(kept, x.value()), 0);
}

/// Refuses one step that comes after a good one; nothing may change, and the next one is as if it had not been.
void expect_refused(const LossFunction& bad, Optimizer& optimizer, const Parameter& x, const char* problem) {
  const Array before = x.value(), first = optimizer.state(0).slots()[0]->value(),
              second = optimizer.state(0).slots()[1]->value();
  const std::string message = message_of<NumericalError>([&] { optimizer.step(bad); });
  EXPECT_TRUE(contains(message, {problem, "at iteration"})) << message;
  EXPECT_TRUE(same_bits(x.value(), before));
  EXPECT_TRUE(same_bits(optimizer.state(0).slots()[0]->value(), first));
  EXPECT_TRUE(same_bits(optimizer.state(0).slots()[1]->value(), second));
}

TEST(Large, AGradientThatIsNotFinite) {
  Parameter x("x", wave(0.7));
  Optimizer optimizer(Adam{}, {x});
  begin(optimizer, x);
  const auto bad = [&](Tape& tape) { return sum(sqrt(tape.read(x) - x.value())); };  // a finite loss, infinite slopes
  expect_refused(bad, optimizer, x, "the gradient of 'x'");
  EXPECT_EQ(optimizer.step(slope(x, full(0.5))).outcome, Outcome::updated);
  EXPECT_EQ(optimizer.iterations(), 2);
}

TEST(Large, SquaresThatOverflowInFloat32) {
  Parameter x("x", full(0, DType::float32));
  Optimizer optimizer(Adam{}, {x});
  ASSERT_EQ(optimizer.step(slope(x, full(0.5, DType::float32))).outcome, Outcome::updated);
  expect_refused(slope(x, full(1e25, DType::float32)), optimizer, x, "second_moment");
}

TEST(Large, AHugeButFiniteGradientIsTaken) {
  Parameter x("x", wave(0.7));
  Optimizer optimizer(Adam{}, {x});
  begin(optimizer, x);
  const Step step = optimizer.step(slope(x, full(1e100)));
  EXPECT_EQ(step.outcome, Outcome::updated);
  EXPECT_NEAR(step.gradient_norm, 1e100 * std::sqrt(static_cast<double>(kLarge)), 1e90);
  EXPECT_LT(distance(x.value(), wave(0.7)), 1);
}

TEST(Large, AnEpsilonOfZeroThatDividesByZero) {
  Parameter x("x", wave(0.7));
  Optimizer optimizer(Adam{.epsilon = 0}, {x});
  begin(optimizer, x);
  const Array nothing = full(0);
  Parameter fresh("fresh", wave(0.7));
  Optimizer divides(Adam{.epsilon = 0}, {fresh});
  EXPECT_THROW(divides.step(slope(fresh, nothing)), NumericalError);
  EXPECT_EQ(optimizer.step(slope(x, nothing)).outcome, Outcome::updated);
}

/// Ones and, in the second half, an infinity.
Array infinite_at_the_end() {
  std::vector<double> values(kLarge, 1.0);
  values.back() = kInfinity;
  return Array::from(values);
}

LossFunction first_half(const Parameter& x) {
  return [&x](Tape& tape) { return sum(slice(tape.read(x), {Slice(0, kLarge / 2)})); };
}

TEST(Large, AValueAssignedInBetweenIsLookedAt) {
  Parameter x("x", wave(0.7));
  Optimizer optimizer(Adam{}, {x});
  begin(optimizer, x);
  x.assign(infinite_at_the_end());
  expect_refused(first_half(x), optimizer, x, "the new value of 'x'");
}

TEST(Large, AnotherParameterOfTheSameVersionIsLookedAt) {
  Parameter x("x", wave(0.7));
  Optimizer optimizer(Adam{}, {x});
  begin(optimizer, x);
  const std::uint64_t version = x.version();
  x = Parameter("x", full(1));
  while (x.version() < version) x.assign(infinite_at_the_end());
  expect_refused(first_half(x), optimizer, x, "the new value of 'x'");
}

TEST(Large, LimitsLeaveAllAsItIs) {
  Parameter x("x", wave(0.7));
  Optimizer optimizer(Adam{}, {x});
  begin(optimizer, x);
  const Array before = x.value();
  EXPECT_EQ(optimizer.step_unless(slope(x, full(0.5)), {.gradient_norm = 1e9}).outcome, Outcome::gradient_norm);
  EXPECT_EQ(optimizer.step_unless(slope(x, full(0.5)), {.loss = -1e9}).outcome, Outcome::loss);
  EXPECT_EQ(optimizer.measure(slope(x, full(0.5))).outcome, Outcome::unchanged);
  EXPECT_TRUE(same_bits(x.value(), before));
  EXPECT_EQ(optimizer.iterations(), 1);
}

struct Doubled : Adam {
  Var update(const Var& x, const Var& gradient, State& state) const { return Adam::update(x, 2 * gradient, state); }
};

TEST(KeepsFinite, IsNotInherited) {
  static_assert(KeepsFinite<Adam>);
  static_assert(!KeepsFinite<Doubled>);
  EXPECT_TRUE(UpdateRule(Adam{}).keeps_finite(1, 1));
  EXPECT_FALSE(UpdateRule(Doubled{}).keeps_finite(1, 1));
  EXPECT_FALSE(UpdateRule(RMSprop{}).keeps_finite(1, 1));
}

TEST(KeepsFinite, HasItsLimits) {
  EXPECT_TRUE(Adam{}.keeps_finite(1e10, 1));
  EXPECT_FALSE(Adam{}.keeps_finite(1e16, 1));
  EXPECT_FALSE(Adam{}.keeps_finite(kInfinity, 1));
  EXPECT_FALSE(Adam{}.keeps_finite(std::nan(""), 1));
  EXPECT_FALSE(Adam{.epsilon = 0}.keeps_finite(1, 1));
  EXPECT_FALSE(Adam{.beta2 = 1 - 1e-9}.keeps_finite(1, 1));
  EXPECT_FALSE(Adam{.learning_rate = 1e25}.keeps_finite(1, 1));
  EXPECT_TRUE(AdamW{}.keeps_finite(1, 1));
  EXPECT_FALSE((AdamW{.learning_rate = 10, .weight_decay = 1}.keeps_finite(1, 1)));
  EXPECT_FALSE(GradientDescent{.learning_rate = 1e20}.keeps_finite(1e20, 1));
  EXPECT_TRUE(Momentum{}.keeps_finite(1e10, 1));
  EXPECT_FALSE((Momentum{.momentum = 1 - 1e-9}.keeps_finite(1, 1)));
  EXPECT_FALSE((Momentum{.rate_in_velocity = true}.keeps_finite(1, 1)));
}

}  // namespace

}  // namespace xtape::test
