// Updates by gradients that are given: the rules' formulas, the Optimizer's promises, and what is refused.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <xtape/engine.hpp>
#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

#include "problems.hpp"
#include "rule_cases.hpp"
#include "support/check.hpp"

namespace xtape::test {
namespace {

using namespace optim;

constexpr std::int64_t kLarge = 1 << 16;  // float64: 512 KiB, updated in an evaluation of its own
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Array full(double value, DType dtype = DType::float64) { return Array::full({kLarge}, value, dtype); }

/// sum(gradient x).
LossFunction slope(const Parameter& x, const Array& gradient) {
  return [&x, gradient](Tape& tape) { return sum(gradient * tape.read(x)); };
}

Vector values_of(const Parameter& x) {
  const auto values = x.value().values<double>();
  return {values.begin(), values.end()};
}

TEST(Apply, EachRuleIsItsFormula) {
  for (const RuleCase& row : rule_cases()) {
    for (const Problem& problem : problems()) {
      const double start = row.rate.value_or(problem.rate);
      const Rate rate = [start](std::int64_t step) { return start / (1 + 0.01 * static_cast<double>(step - 1)); };
      Parameter x("x", Array::from(problem.start));
      Optimizer optimizer(row.rule(rate), {x});
      for (int i = 0; i < 100; ++i) {
        const Step step = optimizer.apply({Array::from(problem.gradient(values_of(x)))});
        EXPECT_EQ(step.outcome, Outcome::updated);
        EXPECT_EQ(step.iteration, i);
      }
      expect_near(x.value(), run_plain(problem, 100, rate, row.plain), row.name + " on " + problem.name);
      std::vector<std::string> slots;
      for (const Parameter* slot : optimizer.state(0).slots()) slots.push_back(slot->name());
      std::vector<std::string> wanted;
      for (const std::string& slot : row.slots) wanted.push_back("x." + slot);
      EXPECT_EQ(slots, wanted) << row.name;
    }
  }
}

TEST(Apply, TellsTheNormAndNoLoss) {
  Parameter x("x", Array{1, 2}), y("y", Array(0.5f));
  Optimizer optimizer(GradientDescent{.learning_rate = 0.5}, {x, y});
  const Step step = optimizer.apply({Array{2, 10}, Array(11.0f)});
  EXPECT_EQ(step.gradient_norm, 15);
  EXPECT_TRUE(std::isnan(step.loss));
  EXPECT_EQ(values_of(x), (Vector{0, -3}));
  EXPECT_EQ(y.value().item<float>(), -5);
  EXPECT_EQ(optimizer.iterations(), 1);
}

TEST(Apply, ClipsByTheNormOfAll) {
  Parameter x("x", Array{1, 2}), y("y", Array(0.5));
  Optimizer optimizer(ClipNorm{.rule = GradientDescent{.learning_rate = 1}, .max_norm = 3}, {x, y});
  optimizer.apply({Array{2, 10}, Array(11.0)});  // of norm 15
  expect_near(x.value(), {1 - 0.4, 2 - 2.0}, "x");
  EXPECT_NEAR(y.value().item<double>(), 0.5 - 2.2, 1e-15);
}

/// Some steps, of which those at odd places have given gradients if `mixed`.
Parameter descend(bool mixed, std::int64_t size, DType dtype) {
  Parameter x("x", Array::full({size}, 0.25, dtype));
  Optimizer optimizer(Adam{.learning_rate = 0.1}, {x});
  for (int i = 0; i < 6; ++i) {
    const Array gradient = Array::full({size}, std::cos(i), dtype);
    const Step step = mixed && i % 2 == 1 ? optimizer.apply({gradient}) : optimizer.step(slope(x, gradient));
    EXPECT_EQ(step.iteration, i);
  }
  return x;
}

TEST(Apply, StepsOfBothKindsFollowEachOther) {
  for (const DType dtype : {DType::float64, DType::float32})
    for (const std::int64_t size : {std::int64_t{3}, kLarge})
      EXPECT_TRUE(same_bits(descend(true, size, dtype).value(), descend(false, size, dtype).value()));
}

TEST(Apply, LargeValuesAreWrittenOver) {
  Parameter x("x", full(1));
  Optimizer optimizer(Adam{}, {x});
  optimizer.apply({full(0.5)});
  const void* before = x.value().bytes();
  for (int i = 0; i < 3; ++i) optimizer.apply({full(0.5)});
  EXPECT_EQ(x.value().bytes(), before);
}

TEST(Apply, AValueGivenAsItsOwnGradientStaysAsItIs) {
  Parameter x("x", full(1));
  Optimizer optimizer(GradientDescent{.learning_rate = 0.5}, {x});
  optimizer.apply({full(0)});
  const Array value = x.value();
  optimizer.apply({value});
  EXPECT_TRUE(same_bits(value, full(1)));
  EXPECT_TRUE(same_bits(x.value(), full(0.5)));
}

TEST(Apply, BorrowedMemoryIsFreeAfterwards) {
  Parameter x("x", full(1));
  Optimizer optimizer(GradientDescent{.learning_rate = 1}, {x});
  std::vector<double> buffer(kLarge, 0.5);
  for (int i = 0; i < 4; ++i) {
    optimizer.apply({Array::borrow(buffer.data(), {kLarge})});
    std::ranges::fill(buffer, 0.25);
  }
  EXPECT_TRUE(same_bits(x.value(), full(1 - 0.5 - 3 * 0.25)));
}

TEST(Apply, TheSamePlanServesAgain) {
  Parameter x("x", Array{1, 2, 3});
  Optimizer optimizer(Adam{}, {x});
  optimizer.apply({Array{1, 1, 1}});
  optimizer.apply({Array{1, 2, 1}});
  const std::uint64_t misses = plan_cache_statistics().misses;
  for (int i = 0; i < 5; ++i) optimizer.apply({Array{1, 1, 2}});
  EXPECT_EQ(plan_cache_statistics().misses, misses);
}

TEST(Apply, SumsOverPartsAreTheGradientOfAll) {
  Parameter x("x", Array{0.3, -0.2}), y = x;
  const Array rows[] = {Array{1, 2}, Array{-1, 0.5}, Array{3, 1}};
  Optimizer parts(Adam{.learning_rate = 0.1}, {x}), all(Adam{.learning_rate = 0.1}, {y});
  for (int i = 0; i < 10; ++i) {
    Array total = Array::zeros({2});
    for (const Array& row : rows) {
      Tape tape;
      const Var loss = softplus(sum(tape.read(x) * row));
      total = (tape.gradient<1>(loss, {x})[0] + total).value();
    }
    parts.apply({total});
    all.step([&](Tape& tape) {
      Var loss = tape.variable(0.0);
      for (const Array& row : rows) loss = loss + softplus(sum(tape.read(y) * row));
      return loss;
    });
  }
  expect_near(x.value(), values_of(y), "x");
}

TEST(Apply, RefusesWhatDoesNotFit) {
  Parameter x("x", Array{1, 2}), y("y", Array(1.0f));
  Optimizer optimizer(Adam{}, {x, y});
  EXPECT_EQ(message_of<ValueError>([&] {
              optimizer.apply({Array{1, 2}});
            }),
            "Optimizer: there must be a gradient for each parameter: 1 for 2");
  EXPECT_EQ(message_of<ShapeError>([&] {
              optimizer.apply({Array{1, 2, 3}, Array(1.0f)});
            }),
            "Optimizer: the gradient for 'x' must be [2], is [3]");
  EXPECT_EQ(message_of<DTypeError>([&] {
              optimizer.apply({Array{1, 2}, Array(1.0)});
            }),
            "Optimizer: the gradient for 'y' must be float32, is float64");
  Optimizer ahead(Nesterov{}, {x});
  EXPECT_EQ(message_of<ValueError>([&] {
              ahead.apply({Array{1, 2}});
            }),
            "Optimizer: the rule looks ahead: it takes its gradients itself, at another point than the parameters' "
            "values");
  Optimizer clipped(ClipNorm{.rule = Nesterov{}, .max_norm = 1}, {x});
  EXPECT_THROW(clipped.apply({Array{1, 2}}), ValueError);
  EXPECT_EQ(x.version(), 0u);
  EXPECT_EQ(optimizer.iterations(), 0);
}

/// A gradient that is refused after a good one; nothing changes, and the next one is as if it had not been.
void expect_refused(std::int64_t size, double bad, const char* problem, DType dtype = DType::float64) {
  Parameter x("x", Array::full({size}, 1, dtype)), y = x;
  Optimizer optimizer(Adam{}, {x}), spared(Adam{}, {y});
  const Array good = Array::full({size}, 0.5, dtype);
  optimizer.apply({good});
  spared.apply({good});
  const Array before = x.value(), slot = optimizer.state(0).slots()[1]->value();
  EXPECT_EQ(message_of<NumericalError>([&] { optimizer.apply({Array::full({size}, bad, dtype)}); }),
            std::string("Optimizer: ") + problem + " at iteration 1");
  EXPECT_TRUE(same_bits(x.value(), before));
  EXPECT_TRUE(same_bits(optimizer.state(0).slots()[1]->value(), slot));
  EXPECT_EQ(optimizer.apply({good}).iteration, 1);
  spared.apply({good});
  EXPECT_TRUE(same_bits(x.value(), y.value()));
}

TEST(Apply, RefusesWhatIsNotFinite) {
  for (const std::int64_t size : {std::int64_t{3}, kLarge}) {
    expect_refused(size, kInfinity, "the gradient of 'x' is not finite");
    expect_refused(size, std::nan(""), "the gradient of 'x' is not finite");
    expect_refused(size, 1e200, "the gradient is too large: its norm overflows");
    expect_refused(size, 1e25, "the rule's slot 'x.second_moment' is not finite", DType::float32);
  }
}

}  // namespace
}  // namespace xtape::test
