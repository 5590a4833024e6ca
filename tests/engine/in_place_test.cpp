// Assignments in place: a new value may be written over the old one, and nobody who holds the old one may notice.
#include <bit>
#include <cmath>
#include <thread>

#include <gtest/gtest.h>

#include <xtape/custom_op.hpp>
#include <xtape/profile.hpp>
#include <xtape/xtape.hpp>

#include "plan/faults.hpp"
#include "support/check.hpp"

namespace xtape::test {

namespace {

constexpr std::int64_t kSize = 1000;

/// scale, 2 scale, 3 scale ...
Array ramp(double scale, std::int64_t size = kSize, DType dtype = DType::float64) {
  std::vector<double> values;
  for (std::int64_t i = 1; i <= size; ++i) values.push_back(scale * static_cast<double>(i));
  Tape tape;
  return cast(tape.variable(Array::from(values)), dtype).value();
}

Array constant(double value) { return Array::full({kSize}, value); }

Parameter parameter(const char* name, double scale = 1) { return Parameter(name, ramp(scale)); }

const void* address(const Parameter& parameter) { return parameter.value().bytes(); }

/// A value that throws when it is computed.
Var out_of_range(const Var& x) { return sum(take(x, Array::from<std::int64_t>({kSize}), 0)); }

TEST(InPlace, ALargeValueIsWrittenOverTheOldOne) {
  Parameter p = parameter("p");
  const void* before = address(p);
  const std::uint64_t version = p.version();
  for (int i = 0; i < 3; ++i) {
    Tape tape;
    EXPECT_TRUE(tape.evaluate({}, {{p, tape.read(p) * 2}}));
    EXPECT_EQ(address(p), before);
  }
  EXPECT_TRUE(same_bits(p.value(), ramp(8)));
  EXPECT_EQ(p.version(), version + 3);
}

TEST(InPlace, SeveralParametersInOneLoop) {
  Parameter x = parameter("x"), m = parameter("m", 2), v = parameter("v", 4);
  const void *at_x = address(x), *at_m = address(m), *at_v = address(v);
  Tape tape;
  const Var a = tape.read(m) + 1, b = tape.read(v) + a;
  tape.evaluate({}, {{x, tape.read(x) - a - b}, {m, a}, {v, b}});
  EXPECT_TRUE(same_bits(m.value(), (tape.variable(ramp(2)) + 1).value()));
  EXPECT_TRUE(same_bits(v.value(), (tape.variable(ramp(6)) + 1).value()));
  EXPECT_TRUE(same_bits(x.value(), (tape.variable(ramp(-7)) - 2).value()));
  EXPECT_EQ(address(x), at_x);
  EXPECT_EQ(address(m), at_m);
  EXPECT_EQ(address(v), at_v);
}

TEST(InPlace, ManyParametersOfOneShape) {
  constexpr int kMany = 100;
  std::vector<Parameter> parameters;
  std::vector<const void*> before;
  for (int i = 0; i < kMany; ++i) before.push_back(address(parameters.emplace_back("p", ramp(i))));
  for (double scale : {2, 4}) {
    Tape tape;
    std::vector<Assignment> assignments;
    for (Parameter& p : parameters) assignments.push_back({p, tape.read(p) * 2});
    tape.evaluate(std::span<const Var>(), assignments);
    for (int i = 0; i < kMany; ++i) {
      const auto at = static_cast<std::size_t>(i);
      EXPECT_TRUE(same_bits(parameters[at].value(), ramp(scale * i)));
      EXPECT_EQ(address(parameters[at]), before[at]);
    }
  }
}

TEST(InPlace, AnotherValueOfTheLoopStillReadsTheOldOne) {
  Parameter m = parameter("m", 2), v = parameter("v", 4);
  Tape tape;
  tape.evaluate({}, {{m, tape.read(m) * 3}, {v, tape.read(v) + tape.read(m)}});
  EXPECT_TRUE(same_bits(m.value(), ramp(6)));
  EXPECT_TRUE(same_bits(v.value(), ramp(6)));
}

TEST(InPlace, AnArrayOfTheOldValueStaysAsItIs) {
  Parameter p = parameter("p");
  const Array kept = p.value();
  for (int i = 0; i < 2; ++i) {
    Tape tape;
    tape.evaluate({}, {{p, tape.read(p) * 2}});
  }
  EXPECT_TRUE(same_bits(kept, ramp(1)));
  EXPECT_TRUE(same_bits(p.value(), ramp(4)));
}

TEST(InPlace, AnArrayTakenBetweenTheStepsStaysAsItIs) {
  Parameter p = parameter("p");
  std::vector<Array> kept;
  for (int i = 0; i < 3; ++i) {
    Tape tape;
    const Var y = tape.read(p) * 2;
    tape.evaluate({y}, {{p, y}});
    kept.push_back(y.value());
  }
  EXPECT_TRUE(same_bits(kept[0], ramp(2)));
  EXPECT_TRUE(same_bits(kept[1], ramp(4)));
  EXPECT_TRUE(same_bits(kept[2], ramp(8)));
}

TEST(InPlace, AnArrayInTwoParametersIsNotWrittenOver) {
  Parameter p = parameter("p"), q = p;
  ASSERT_EQ(address(p), address(q));
  Tape tape;
  tape.evaluate({}, {{p, tape.read(p) * 2}});
  EXPECT_TRUE(same_bits(p.value(), ramp(2)));
  EXPECT_TRUE(same_bits(q.value(), ramp(1)));
}

TEST(InPlace, OneValueForTwoParameters) {
  Parameter p = parameter("p"), q = parameter("q", 3);
  Tape tape;
  const Var y = tape.read(p) + tape.read(q);
  tape.evaluate({}, {{p, y}, {q, y}});
  EXPECT_TRUE(same_bits(p.value(), ramp(4)));
  EXPECT_TRUE(same_bits(q.value(), ramp(4)));
  tape.reset();
  tape.evaluate({}, {{p, tape.read(p) * 2}});
  EXPECT_TRUE(same_bits(p.value(), ramp(8)));
  EXPECT_TRUE(same_bits(q.value(), ramp(4)));
}

TEST(InPlace, AnAssignedArrayOfTheUsersStaysAsItIs) {
  Parameter p = parameter("p");
  const Array given = ramp(5);
  p.assign(given);
  Tape tape;
  tape.evaluate({}, {{p, tape.read(p) * 2}});
  EXPECT_TRUE(same_bits(given, ramp(5)));
  EXPECT_TRUE(same_bits(p.value(), ramp(10)));
}

TEST(InPlace, BorrowedMemoryIsNeverWritten) {
  const std::vector<double> memory(kSize, 3.0);
  const std::vector<double> before = memory;
  Parameter p("p", Array::borrow(memory.data(), {kSize}));
  for (int i = 0; i < 2; ++i) {
    Tape tape;
    tape.evaluate({}, {{p, tape.read(p) * 2}});
  }
  EXPECT_EQ(memory, before);
  EXPECT_TRUE(same_bits(p.value(), constant(12)));
}

TEST(InPlace, AnInputOfTheTapeIsNeverWritten) {
  Parameter p = parameter("p");
  Tape tape;
  const Var x = tape.variable(ramp(3));
  tape.evaluate({}, {{p, x * 2}});
  EXPECT_TRUE(same_bits(p.value(), ramp(6)));
  EXPECT_TRUE(same_bits(x.value(), ramp(3)));
}

TEST(InPlace, ParametersTakeEachOthersValues) {
  Parameter x = parameter("x"), y = parameter("y", 10);
  Tape tape;
  tape.evaluate({}, {{x, tape.read(y)}, {y, tape.read(x)}});
  EXPECT_TRUE(same_bits(x.value(), ramp(10)));
  EXPECT_TRUE(same_bits(y.value(), ramp(1)));
  tape.reset();
  tape.evaluate({}, {{x, tape.read(y) * 2}, {y, tape.read(x) * 3}});
  EXPECT_TRUE(same_bits(x.value(), ramp(2)));
  EXPECT_TRUE(same_bits(y.value(), ramp(30)));
}

TEST(InPlace, AParameterThatTakesTheOldValueOfAnother) {
  Parameter x = parameter("x"), old = parameter("old", 10);
  for (int i = 0; i < 2; ++i) {
    Tape tape;
    tape.evaluate({}, {{x, tape.read(x) * 2}, {old, tape.read(x)}});
  }
  EXPECT_TRUE(same_bits(x.value(), ramp(4)));
  EXPECT_TRUE(same_bits(old.value(), ramp(2)));
}

TEST(InPlace, OtherElementsOfTheOldValueAreStillRead) {
  Parameter p = parameter("p");
  {
    Tape tape;
    const Var x = tape.read(p);
    tape.evaluate({}, {{p, x + flip(x, 0)}});
    EXPECT_TRUE(same_bits(p.value(), constant(kSize + 1)));
  }
  p.assign(ramp(1));
  {
    Tape tape;
    const Var x = tape.read(p);
    tape.evaluate({}, {{p, x - mean(x)}});
    const Array centred = (tape.variable(ramp(1)) - (kSize + 1) / 2.0).value();
    EXPECT_TRUE(same_bits(p.value(), centred));
  }
}

TEST(InPlace, AReaderInALaterLoopSeesTheOldValue) {
  Parameter p = parameter("p");
  Tape tape;
  const Var x = tape.read(p);
  const Var y = x * 2;
  const Var total = sum(y * x), later = (x + total) * total;  // another loop
  tape.evaluate({later, total}, {{p, y}});
  const double expected_total = kSize * (kSize + 1.0) * (2.0 * kSize + 1) / 3;
  EXPECT_NEAR(total.item<double>(), expected_total, 1e-6);
  EXPECT_DOUBLE_EQ(later.value().values<double>()[1], (2 + expected_total) * expected_total);
  EXPECT_TRUE(same_bits(p.value(), ramp(2)));
}

TEST(InPlace, TheOldValueAsAnOutput) {
  Parameter p = parameter("p");
  Tape tape;
  const Var x = tape.read(p);
  const Var reversed = flip(x, 0), shaped = reshape(x, {10, kSize / 10});
  tape.evaluate({x, reversed, shaped}, {{p, x * 2}});
  EXPECT_TRUE(same_bits(x.value(), ramp(1)));
  EXPECT_EQ(reversed.value().values<double>()[0], kSize);
  EXPECT_EQ(shaped.value().values<double>()[99], 100);
  EXPECT_TRUE(same_bits(p.value(), ramp(2)));
}

TEST(InPlace, AValueOfAnotherShapeAndBack) {
  Parameter p = parameter("p");
  Tape tape;
  const Var square_of_it = reshape(tape.read(p), {10, kSize / 10}) * 2;
  tape.evaluate({square_of_it}, {{p, reshape(square_of_it, {kSize})}});
  EXPECT_TRUE(same_bits(p.value(), ramp(2)));
  EXPECT_EQ(p.shape(), (Shape{kSize}));
  EXPECT_EQ(square_of_it.shape(), (Shape{10, kSize / 10}));
}

TEST(InPlace, AnotherShapeOrDTypeIsRefused) {
  Parameter p = parameter("p");
  Tape tape;
  const Var x = tape.read(p);
  EXPECT_THROW(tape.evaluate({}, {{p, reshape(x * 2, {1, kSize})}}), ShapeError);
  EXPECT_THROW(tape.evaluate({}, {{p, cast(x * 2, DType::float32)}}), DTypeError);
  EXPECT_TRUE(same_bits(p.value(), ramp(1)));
}

TEST(InPlace, AnotherDTypeOfTheSameWidthGetsABufferOfItsOwn) {
  Parameter p = parameter("p"), n("n", array_of(Tensor{DType::int64, {kSize}, std::vector<Real>(kSize, 7)}));
  Tape tape;
  tape.evaluate({}, {{n, cast(tape.read(p), DType::int64)}, {p, cast(tape.read(n), DType::float64)}});
  EXPECT_TRUE(same_bits(p.value(), constant(7)));
  EXPECT_EQ(n.value().values<std::int64_t>()[kSize - 1], kSize);
}

TEST(InPlace, AnExceptionLeavesAllAsItWas) {
  Parameter p = parameter("p"), q = parameter("q", 2);
  const void *at_p = address(p), *at_q = address(q);
  const std::uint64_t version = p.version();
  Tape tape;
  const Var x = tape.read(p), y = tape.read(q);
  EXPECT_THROW(tape.evaluate({out_of_range(x)}, {{p, x * 2}, {q, y * 2}}), ValueError);
  EXPECT_THROW(tape.evaluate({}, {{p, x * 3}, {q, y * 0 + out_of_range(x * 3)}}), ValueError);
  EXPECT_TRUE(same_bits(p.value(), ramp(1)));
  EXPECT_TRUE(same_bits(q.value(), ramp(2)));
  EXPECT_EQ(p.version(), version);
  EXPECT_EQ(address(p), at_p);
  EXPECT_EQ(address(q), at_q);
}

TEST(InPlace, AnOpThatThrowsAfterTheUpdateMightHaveRun) {
  const CustomOp failing(
      "failing", [](std::span<const Array>) -> Array { throw std::runtime_error("no"); },
      [](std::span<const Array>, const Array&, const Array& c) { return std::vector<Array>{c}; });
  Parameter p = parameter("p");
  Tape tape;
  const Var y = tape.read(p) * 2;
  EXPECT_THROW(tape.evaluate({failing(y)}, {{p, y}}), std::runtime_error);
  EXPECT_TRUE(same_bits(p.value(), ramp(1)));
}

TEST(InPlace, AnOpThatKeepsTheOldValueWhileThePlanRuns) {
  Parameter p = parameter("p");
  Array kept;
  const CustomOp keeping(
      "keeping",
      [&](std::span<const Array> x) {
        kept = p.value();
        return x[0];
      },
      [](std::span<const Array>, const Array&, const Array& c) { return std::vector<Array>{c}; });
  Tape tape;
  tape.evaluate({}, {{p, tape.read(p) + keeping(tape.variable(ramp(1)))}});
  EXPECT_TRUE(same_bits(kept, ramp(1)));
  EXPECT_TRUE(same_bits(p.value(), ramp(2)));
}

TEST(InPlace, AGuardIsTestedBefore) {
  Parameter p = parameter("p"), bound("bound", Array(0.0));
  const void* before = address(p);
  for (const double limit : {1e9, 0.0, 1e9}) {
    bound.assign(Array(limit));
    Tape tape;
    const Var x = tape.read(p);
    const Var loss = sum(x), guard = loss < tape.read(bound);
    const Var y = x - 0.0 * loss + x;  // waits for the loss
    EXPECT_EQ(tape.evaluate({loss}, {{p, y}}, &guard), limit > 0);
  }
  EXPECT_EQ(address(p), before);
  EXPECT_TRUE(same_bits(p.value(), ramp(4)));
}

TEST(InPlace, AGuardThatNeedsTheNewValues) {
  Parameter p = parameter("p");
  for (const double factor : {2.0, std::nan(""), 2.0}) {
    Tape tape;
    const Var y = tape.read(p) * factor;
    const Var guard = isfinite(sum(y));
    EXPECT_EQ(tape.evaluate({}, {{p, y}}, &guard), std::isfinite(factor));
  }
  EXPECT_TRUE(same_bits(p.value(), ramp(4)));
}

TEST(InPlace, AGuardThatIsKnownAlready) {
  Parameter p = parameter("p");
  for (const bool allowed : {true, false}) {
    Tape tape;
    const Var x = tape.read(p), guard = sum(x) > (allowed ? 0.0 : 1e9);
    EXPECT_EQ(static_cast<bool>(guard), allowed);
    EXPECT_EQ(tape.evaluate({}, {{p, x * 2}}, &guard), allowed);
  }
  EXPECT_TRUE(same_bits(p.value(), ramp(2)));
}

TEST(InPlace, WhatNeedsTheOldValueLaterSaysSo) {
  Parameter p = parameter("p");
  Tape tape, other;
  const Var x = tape.read(p), late = exp(x), elsewhere = other.read(p) * 2;
  tape.evaluate({}, {{p, x * 2}});
  EXPECT_THROW(late.value(), StaleVarError);
  EXPECT_THROW(elsewhere.value(), StaleVarError);
  EXPECT_TRUE(same_bits(tape.read(p).value(), ramp(2)));
}

TEST(InPlace, AnomalyModeLooksAtTheOldValues) {
  Parameter p = parameter("p");
  Tape tape(Options{.detect_anomalies = true});
  EXPECT_THROW(tape.evaluate({}, {{p, tape.read(p) * std::nan("")}}), NumericalError);
  EXPECT_TRUE(same_bits(p.value(), ramp(1)));
}

TEST(InPlace, AProfileChangesNothing) {
  Parameter p = parameter("p");
  const Profile profile;
  Tape tape;
  tape.evaluate({}, {{p, tape.read(p) * 2}});
  EXPECT_TRUE(same_bits(p.value(), ramp(2)));
}

TEST(InPlace, AnUnplannedTapeKeepsTheOldBuffer) {
  Parameter p = parameter("p");
  const Array kept = p.value();
  Tape tape(Options{.planned = false});
  tape.evaluate({}, {{p, tape.read(p) * 2}});
  EXPECT_TRUE(same_bits(kept, ramp(1)));
  EXPECT_TRUE(same_bits(p.value(), ramp(2)));
}

/// Adam for some steps; `keep` holds every old value, so that nothing is in place, and `total` adds a sum to the loop.
std::vector<Array> adam_steps(DType dtype, std::int64_t size, bool keep, bool total) {
  Parameter x("x", ramp(1e-3, size, dtype)), m("m", Array::zeros({size}, dtype)), v = m;
  const Array gradient = ramp(1e-4, size, dtype);
  std::vector<Array> kept;
  for (int t = 1; t <= 3; ++t) {
    if (keep) kept.insert(kept.end(), {x.value(), m.value(), v.value()});
    Tape tape;
    const Var g = tape.variable(gradient) + 1e-3 * tape.read(x);
    const Var first = 0.9 * tape.read(m) + 0.1 * g, second = 0.999 * tape.read(v) + 0.001 * square(g);
    const Var sum_of_first = sum(first), moved = tape.read(x) - 0.01 * first / (sqrt(second) + 1e-8);
    if (total) tape.evaluate({sum_of_first}, {{x, moved}, {m, first}, {v, second}});
    else tape.evaluate({}, {{x, moved}, {m, first}, {v, second}});
  }
  return {x.value(), m.value(), v.value()};
}

/// Of many chunks, and so many bytes that new buffers would be written past the caches.
TEST(InPlace, TheBitsAreThoseOfNewBuffers) {
  const int threads = num_threads();
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const std::int64_t size : {std::int64_t{40001}, std::int64_t{4200003}}) {
      set_num_threads(1);
      const std::vector<Array> expected = adam_steps(dtype, size, true, true);
      for (const int count : {1, 4}) {
        set_num_threads(count);
        for (const bool total : {true, false}) {
          EXPECT_TRUE(same_bits(adam_steps(dtype, size, false, total), expected))
              << name(dtype) << " " << size << " " << count << " " << total;
        }
      }
    }
  }
  set_num_threads(threads);
}

TEST(InPlace, TapesOnSeveralThreadsReadOneParameter) {
  const Parameter shared = parameter("shared");
  const auto train = [&](Array& result) {
    Parameter own = parameter("own", 0);
    for (int i = 0; i < 50; ++i) {
      Tape tape;
      tape.evaluate({}, {{own, tape.read(own) + tape.read(shared)}});
    }
    result = own.value();
  };
  std::vector<Array> results(3);
  std::vector<std::thread> threads;
  for (Array& result : results) threads.emplace_back([&] { train(result); });
  for (std::thread& thread : threads) thread.join();
  for (const Array& result : results) EXPECT_TRUE(same_bits(result, ramp(50)));
  EXPECT_TRUE(same_bits(shared.value(), ramp(1)));
}

/// Without the check that a fault turns off, the value would be wrong: so these tests can fail.
class InPlaceFaults : public testing::Test {
 protected:
  void TearDown() override { detail::planner_faults() = {}; }
};

TEST_F(InPlaceFaults, WithoutTheCountOfOwnersAKeptArrayChanges) {
  detail::planner_faults().donate_shared = true;
  Parameter p = parameter("p");
  const Array kept = p.value();
  Tape tape;
  tape.evaluate({}, {{p, tape.read(p) * 2}});
  EXPECT_TRUE(same_bits(kept, ramp(2)));
}

/// Not a fault of the planner's: the loop must end all the same, once it has begun.
TEST_F(InPlaceFaults, WithoutMemoryForItsThreadsALoopIsTheCallers) {
  const std::vector<Array> expected = adam_steps(DType::float64, 100001, false, true);
  detail::planner_faults().no_memory_for_helpers = true;
  EXPECT_TRUE(same_bits(adam_steps(DType::float64, 100001, false, true), expected));
}

TEST_F(InPlaceFaults, WithoutTheGuardARefusedValueIsWritten) {
  detail::planner_faults().ignore_guard = true;
  Parameter p = parameter("p");
  Tape tape;
  const Var x = tape.read(p), loss = sum(x), guard = loss < 0;
  EXPECT_FALSE(tape.evaluate({}, {{p, x - 0.0 * loss + x}}, &guard));
  EXPECT_TRUE(same_bits(p.value(), ramp(2)));
}

}  // namespace

}  // namespace xtape::test
