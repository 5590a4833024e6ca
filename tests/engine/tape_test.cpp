// What deferred evaluation promises (docs/architecture.md), a test for each promise.
#include <cmath>

#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

/// A value that throws when it is computed.
Var out_of_range(const Var& x) { return sum(take(x, Array::from<std::int64_t>({99}), 0)); }

std::uint64_t evaluations() {
  const PlanCacheStatistics statistics = plan_cache_statistics();
  return statistics.hits + statistics.misses;
}

TEST(Promises, AskingRunsWhatItNeedsAndNoMore) {
  Tape tape;
  const Var x = tape.variable(Array{1, 2});
  const Var bad = out_of_range(x), good = sum(x);
  EXPECT_EQ(good.item<double>(), 3);
  EXPECT_THROW(bad.value(), ValueError);
}

TEST(Promises, NothingRunsWhileRecording) {
  const std::uint64_t before = evaluations();
  Tape tape;
  const Var x = tape.variable(Array{1, 2});
  tape.gradient(sum(exp(x) * x), x);
  EXPECT_EQ(evaluations(), before);
}

TEST(Promises, ValuesAskedTogetherRunAsOnePlan) {
  Tape tape;
  const Var x = tape.variable(Array{1, 2});
  const Var a = sum(exp(x)), b = exp(x) * 2;
  const std::uint64_t before = evaluations();
  const std::vector<Array> values = tape.evaluate({a, b});
  EXPECT_EQ(evaluations(), before + 1);
  EXPECT_TRUE(same_bits(values[0], a.value()));
  EXPECT_TRUE(same_bits(values[1], b.value()));
  EXPECT_EQ(evaluations(), before + 1) << "a value that is held was computed again";
}

TEST(Promises, AValueAskedForIsKept) {
  Parameter p("p", Array(3.0));
  Tape tape;
  const Var square_of_p = square(tape.read(p));
  EXPECT_EQ(square_of_p.item<double>(), 9);
  p.assign(Array(5.0));
  EXPECT_EQ(square_of_p.item<double>(), 9);
  EXPECT_EQ((square_of_p + 1).item<double>(), 10) << "what follows starts from the kept value";
}

TEST(Promises, RootsOfGradientsAreKept) {
  Parameter p("p", Array(3.0));
  Tape tape;
  const Var x = tape.read(p), loss = exp(x), other = tanh(x);
  const Var gradient = tape.gradient(loss, x);
  ASSERT_TRUE(tape.evaluate({}, {{p, x - 0.1 * gradient * other}}));
  EXPECT_NEAR(loss.item<double>(), std::exp(3.0), 1e-14);
  EXPECT_THROW(other.value(), StaleVarError) << "what was neither asked for nor a root is not kept";
}

TEST(Promises, AParameterReadThatWasAskedForIsKept) {
  Parameter p("p", Array(3.0));
  Tape tape;
  const Var x = tape.read(p);
  EXPECT_EQ(x.item<double>(), 3);
  p.assign(Array(4.0));
  EXPECT_EQ(x.item<double>(), 3);
}

TEST(Promises, RightHandSidesSeeTheOldValues) {
  Parameter p("p", Array(1.0)), q("q", Array(2.0));
  Tape tape;
  const Var x = tape.read(p), y = tape.read(q);
  EXPECT_TRUE(tape.evaluate({}, {{p, y}, {q, x + 10}}));
  EXPECT_EQ(p.value().item<double>(), 2);
  EXPECT_EQ(q.value().item<double>(), 11);
}

TEST(Promises, OutputsAndAssignmentsRunAsOnePlan) {
  Parameter p("p", Array(1.0));
  Tape tape;
  const Var x = tape.read(p);
  const Var loss = exp(x), guard = isfinite(loss);
  const std::uint64_t before = evaluations();
  EXPECT_TRUE(tape.evaluate({loss}, {{p, x - loss}}, &guard));
  EXPECT_EQ(evaluations(), before + 1);
}

TEST(Promises, AFalseGuardAssignsNothing) {
  Parameter p("p", Array(1.0)), q("q", Array(2.0));
  Tape tape;
  const Var x = tape.read(p);
  const Var loss = log(x - 2), guard = isfinite(loss);
  const std::uint64_t version = p.version();
  EXPECT_FALSE(tape.evaluate({loss}, {{p, x + 1}, {q, x}}, &guard));
  EXPECT_EQ(p.value().item<double>(), 1);
  EXPECT_EQ(q.value().item<double>(), 2);
  EXPECT_EQ(p.version(), version);
}

TEST(Promises, AThrowingRunAssignsNothing) {
  Parameter p("p", Array{1, 2}), q("q", Array(2.0));
  Tape tape;
  const Var x = tape.read(p);
  EXPECT_THROW(tape.evaluate({}, {{p, x + 1}, {q, out_of_range(x)}}), ValueError);
  EXPECT_TRUE(equals(p.value(), {1, 2}));
  EXPECT_EQ(q.value().item<double>(), 2);
  EXPECT_EQ(sum(x).item<double>(), 3) << "the tape is not usable after the error";
}

TEST(Promises, AnOverwrittenVersionIsNeverReadInSilence) {
  Parameter p("weights", Array(1.0));
  Tape tape;
  const Var x = tape.read(p);
  const Var late = exp(x);
  EXPECT_TRUE(tape.evaluate({}, {{p, x + 1}}));
  const std::string message = message_of<StaleVarError>([&] { late.value(); });
  EXPECT_TRUE(contains(message, {"weights"}));
  EXPECT_EQ(tape.read(p).item<double>(), 2);
}

TEST(Promises, BuffersOfUserArraysAreNotReused) {
  Tape tape;
  Var x = tape.variable(Array::full({1000}, 0.5));
  const Array kept = (x * 2).value();
  for (int i = 0; i < 20; ++i) {
    x = tanh(x) + 1;
    x.value();
  }
  EXPECT_TRUE(same_bits(kept, Array::full({1000}, 1.0)));
}

TEST(Promises, ArraysOfOldParameterValuesStay) {
  Parameter p("p", Array::full({1000}, 1.0));
  const Array before = p.value();
  for (int i = 0; i < 5; ++i) {
    Tape tape;
    tape.evaluate({}, {{p, tape.read(p) * 3}});
  }
  EXPECT_TRUE(same_bits(before, Array::full({1000}, 1.0)));
  EXPECT_EQ(p.value().values<double>()[7], 243);
}

TEST(Promises, ArraysOutliveTheirTape) {
  Array value;
  {
    Tape tape;
    value = exp(tape.variable(Array::zeros({1000}))).value();
  }
  Tape other;
  tanh(other.variable(Array::full({1000}, 7.0))).value();
  EXPECT_TRUE(same_bits(value, Array::ones({1000})));
}

TEST(Promises, ErrorsOfValuesNameTheLineAndLeaveTheTapeUsable) {
  Tape tape;
  const Var x = tape.variable(Array{1, 2, 3});
  const Var taken = take(x, Array::from<std::int64_t>({0, 3}), 0);
  const std::string line = std::to_string(__LINE__ - 1);
  EXPECT_TRUE(contains(message_of<ValueError>([&] { (taken * 2).value(); }), {"take", "3", "tape_test.cpp:" + line}));
  EXPECT_EQ(sum(x).item<double>(), 6);
}

TEST(Promises, ConditionsEvaluate) {
  Tape tape;
  Var x = tape.variable(5.0);
  int steps = 0;
  while (x > 1) {
    x = x / 2;
    ++steps;
  }
  EXPECT_EQ(steps, 3);
  EXPECT_FALSE(static_cast<bool>(x == 5));
}

#ifndef NDEBUG
TEST(Promises, ChangedBorrowedMemoryIsNoticed) {
  std::vector<double> elements{1, 2, 3};
  Tape tape;
  const Var y = sum(tape.variable(Array::borrow(elements.data(), {3})));
  elements[1] = 5;
  EXPECT_THROW(y.value(), ValueError);
}
#endif

TEST(Tape, VarsOfAResetTapeAreStale) {
  Tape tape;
  const Var x = tape.variable(1.0), y = x + 1;
  tape.reset();
  EXPECT_EQ(tape.size(), 0U);
  for (const Var& stale : {x, y, Var()}) {
    EXPECT_THROW(stale.value(), StaleVarError);
    EXPECT_THROW(stale.shape(), StaleVarError);
    EXPECT_THROW(stale + 1, StaleVarError);
    EXPECT_THROW(tape.gradient(stale, stale), StaleVarError);
  }
  EXPECT_EQ((tape.variable(1.0) + 1).item<double>(), 2);
}

TEST(Tape, VarsOfADestroyedTapeAreStale) {
  Var x;
  { x = Tape().variable(1.0); }
  EXPECT_THROW(x.value(), StaleVarError);
  const Tape other;
  EXPECT_THROW(x.value(), StaleVarError) << "the state was recycled";
}

TEST(Tape, Moves) {
  Tape tape;
  const Var x = tape.variable(2.0);
  Tape moved = std::move(tape);
  EXPECT_EQ((x * x).item<double>(), 4);
  moved = Tape();
  EXPECT_THROW(x.value(), StaleVarError);
}

TEST(Tape, VarsAreCopiedFreely) {
  Tape tape;
  Var x = tape.variable(2.0);
  const Var y = x;
  x = x * 3;
  EXPECT_EQ(y.item<double>(), 2);
  EXPECT_EQ(x.item<double>(), 6);
}

TEST(Tape, UnplannedGivesTheSame) {
  double values[2];
  for (bool planned : {false, true}) {
    Tape tape(Options{planned, false});
    const Var x = tape.variable(Array{0.5, 1.5, -2});
    const Var y = sum(tanh(x) * exp(-x * x));
    values[planned] = tape.gradient(y, x).value().values<double>()[1];
  }
  EXPECT_EQ(values[0], values[1]);
}

}  // namespace

}  // namespace xtape::test
