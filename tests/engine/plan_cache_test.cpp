// The plan cache: what makes two programs the same, and what does not.
#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "plan/cache.hpp"
#include "support/check.hpp"

namespace xtape::test {

namespace {

/// How many plans were made while a function ran.
template <class Function>
std::uint64_t plans_made(const Function& function) {
  const std::uint64_t before = plan_cache_statistics().misses;
  function();
  return plan_cache_statistics().misses - before;
}

class PlanCache : public testing::Test {
 protected:
  PlanCache() { detail::clear_plan_cache(); }
};

double model(std::int64_t size, double scale, DType dtype = DType::float64) {
  Tape tape;
  const Var x = tape.variable(Array::full({size}, 0.5, dtype));
  return sum(tanh(x * scale)).item<double>();
}

TEST_F(PlanCache, ASecondTapeOfTheSameStructureHits) {
  EXPECT_EQ(plans_made([] { model(10, 1); }), 1U);
  const std::uint64_t hits = plan_cache_statistics().hits;
  EXPECT_EQ(plans_made([] { model(10, 1); }), 0U);
  EXPECT_EQ(plan_cache_statistics().hits, hits + 1);
}

TEST_F(PlanCache, OtherShapesAndDtypesMiss) {
  model(10, 1);
  EXPECT_EQ(plans_made([] { model(11, 1); }), 1U);
  EXPECT_EQ(plans_made([] { model(10, 1, DType::float32); }), 1U);
  EXPECT_EQ(plans_made([] { model(10, 1); }), 0U);
}

TEST_F(PlanCache, ANumberIsAnInput) {
  model(10, 1);
  EXPECT_EQ(plans_made([] {
              for (double scale : {0.0, 1.0, 2.0, -3.5})
                EXPECT_NEAR(model(10, scale), 10 * std::tanh(scale / 2), 1e-14);
            }),
            0U);
}

/// A sum of so many terms, after which one is doubled.
double long_sum(int terms, int doubled) {
  Tape tape;
  const Var x = tape.variable(Array{1, 2});
  Var y = x;
  for (int i = 0; i < terms; ++i) y = i == doubled ? y + y : y + x;
  return sum(y).item<double>();
}

TEST_F(PlanCache, LargeProgramsAreFoundAgainAndToldApart) {
  constexpr int kTerms = 10000;
  EXPECT_EQ(plans_made([] { EXPECT_EQ(long_sum(kTerms, -1), 3 * (kTerms + 1)); }), 1U);
  EXPECT_EQ(plans_made([] { EXPECT_EQ(long_sum(kTerms, -1), 3 * (kTerms + 1)); }), 0U);
  EXPECT_EQ(plans_made([] { EXPECT_EQ(long_sum(kTerms, kTerms / 2), 3 * (kTerms + kTerms / 2 + 1)); }), 1U);
  EXPECT_EQ(plans_made([] { EXPECT_EQ(long_sum(kTerms, -1), 3 * (kTerms + 1)); }), 0U);
}

TEST_F(PlanCache, ALearningRateNeverCausesAPlan) {
  Parameter p("p", Array{1, 2, 3});
  const auto step = [&](double rate) {
    Tape tape;
    const Var x = tape.read(p);
    const Var loss = sum(square(x));
    tape.evaluate({loss}, {{p, x - rate * tape.gradient(loss, x)}});
  };
  step(0.1);
  EXPECT_EQ(plans_made([&] {
              for (int i = 0; i < 20; ++i) step(0.1 / (1 + i));
              step(0);
              step(1);
            }),
            0U);
}

TEST_F(PlanCache, LiteralsAreStructure) {
  const auto scaled = [](double factor) {
    Tape tape;
    return sum(exp(tape.variable(Array{1, 2}) * literal(factor))).item<double>();
  };
  scaled(2);
  EXPECT_EQ(plans_made([&] { scaled(3); }), 1U);
  EXPECT_EQ(plans_made([&] { scaled(2); }), 0U);
  EXPECT_NE(scaled(2), scaled(3));
}

TEST_F(PlanCache, ExponentsAreStructure) {
  const auto raised = [](double exponent) {
    Tape tape;
    return sum(power(tape.variable(Array{1, 2}), exponent)).item<double>();
  };
  raised(2.5);
  EXPECT_EQ(plans_made([&] { EXPECT_EQ(raised(3), 9); }), 1U);
}

TEST_F(PlanCache, AttributesAreStructure) {
  const auto along = [](int axis) {
    Tape tape;
    return sum(tape.variable(Array{{1, 2}, {3, 4}}), axis).value();
  };
  EXPECT_TRUE(equals(along(0), {4, 6}));
  EXPECT_EQ(plans_made([&] { EXPECT_TRUE(equals(along(1), {3, 7})); }), 1U);
}

TEST_F(PlanCache, InputsAreStructure) {
  const auto combined = [](bool exchanged) {
    Tape tape;
    const Var x = tape.variable(Array{1, 2}), y = tape.variable(Array{10, 20});
    return (exchanged ? y - x : x - y).value();
  };
  EXPECT_TRUE(equals(combined(false), {-9, -18}));
  EXPECT_TRUE(equals(combined(true), {9, 18}));
}

TEST_F(PlanCache, OutputsAreStructure) {
  const auto asked = [](bool both) {
    Tape tape;
    const Var x = tape.variable(Array{1, 2});
    const Var a = exp(x), b = sum(a);
    return both ? tape.evaluate({a, b}) : tape.evaluate({b});
  };
  asked(false);
  EXPECT_EQ(plans_made([&] { EXPECT_EQ(asked(true).size(), 2U); }), 1U);
  EXPECT_EQ(plans_made([&] { asked(true); }), 0U);
}

TEST_F(PlanCache, ValuesAlreadyHeldAreStructure) {
  const auto twice = [](bool first_alone) {
    Tape tape;
    const Var x = tape.variable(Array{1, 2});
    const Var a = exp(x), b = sum(a * x);
    if (first_alone) a.value();
    return b.item<double>();
  };
  const double together = twice(false);
  EXPECT_EQ(plans_made([&] { EXPECT_DOUBLE_EQ(twice(true), together); }), 2U);
  EXPECT_EQ(plans_made([&] { twice(true), twice(false); }), 0U);
}

TEST_F(PlanCache, AssignmentsAreStructure) {
  const auto step = [](bool assigns) {
    Parameter p("p", Array{1, 2});
    Tape tape;
    const Var x = tape.read(p);
    const Var loss = sum(exp(x)), next = x - loss;
    if (assigns) tape.evaluate({loss}, {{p, next}});
    else loss.value();
    return p.value();
  };
  step(false);
  EXPECT_EQ(plans_made([&] { EXPECT_NE(step(true).values<double>()[0], 1); }), 1U);
}

TEST_F(PlanCache, OptionsAreStructure) {
  const auto with = [](Options options) {
    Tape tape(options);
    return sum(exp(tape.variable(Array{1, 2}))).item<double>();
  };
  with({true, true});
  EXPECT_EQ(plans_made([&] { with({true, false}), with({false, false}); }), 2U);
}

TEST_F(PlanCache, IsBounded) {
  const std::size_t capacity = plan_cache_statistics().capacity;
  for (std::int64_t size = 1; size <= static_cast<std::int64_t>(capacity) + 50; ++size) model(size, 1);
  EXPECT_LE(plan_cache_statistics().plans, capacity);
  EXPECT_EQ(plans_made([&] { model(static_cast<std::int64_t>(capacity) + 50, 1); }), 0U) << "the newest is kept";
  EXPECT_EQ(plans_made([] { model(1, 1); }), 1U) << "the oldest went";
}

TEST_F(PlanCache, TheLeastRecentlyUsedGoes) {
  const std::size_t capacity = plan_cache_statistics().capacity;
  model(1, 1);
  for (std::int64_t size = 2; size <= static_cast<std::int64_t>(capacity) + 20; ++size) {
    model(size, 1);
    model(1, 1);
  }
  EXPECT_EQ(plans_made([] { model(1, 1); }), 0U);
  EXPECT_EQ(plans_made([] { model(2, 1); }), 1U);
}

}  // namespace

}  // namespace xtape::test
