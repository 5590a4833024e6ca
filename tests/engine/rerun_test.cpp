// A tape that records again what it recorded before takes its plans from there: only if it really is the same program,
// with the same values at hand.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <limits>
#include <vector>

#include <xtape/xtape.hpp>

namespace xtape {
namespace {

TEST(Rerun, ARecordingTooLargeToRememberLeavesNoStalePlan) {
  Tape tape;
  const auto record = [&](bool product) {
    tape.reset();
    Var x = tape.variable(3.0), y = tape.variable(4.0);
    return product ? x * y : x + y;
  };
  EXPECT_EQ(record(false).item<double>(), 7);
  Var large = record(true);
  EXPECT_EQ(large.item<double>(), 12);
  for (int i = 0; i < 140000; ++i) large = large + large;
  EXPECT_EQ(record(false).item<double>(), 7);
}

TEST(Rerun, MoreEvaluationsThanAreRememberedDoNotMixUpValues) {
  Tape tape;
  for (int round = 0; round < 3; ++round) {
    tape.reset();
    std::vector<Var> y{tape.variable(Array{1, 2, 3})};
    for (int i = 0; i < 100; ++i) y.push_back(y.back() + 1.0);
    for (std::size_t i = 1; i <= (round == 0 ? 100U : 63U); ++i) y[i].value();
    EXPECT_EQ(y[100].value().values<double>()[0], 101);
  }
}

TEST(Rerun, PlansMadeAfterAFailureAreNotUsedWhereNothingFails) {
  Parameter w("w", Array{1, 2, 3});
  Tape tape;
  for (std::int64_t index : {7, 0, 1}) {
    tape.reset();
    Var x = tape.read(w), h = exp(x);
    Var z = sum(take(x, Array::from(std::vector<std::int64_t>{index}), 0));
    Var u = h + 1.0, proposed = x * 0.5;
    if (index == 7) EXPECT_THROW(tape.evaluate({z, h}, {{w, proposed}}), ValueError);
    else EXPECT_TRUE(tape.evaluate({z, h}, {{w, proposed}}));
    if (index != 7) EXPECT_EQ(u.value().values<double>()[0], h.value().values<double>()[0] + 1);
    else u.value();
  }
}

TEST(Rerun, TheSameProgramIsAHitAndAnotherIsNot) {
  Tape tape;
  for (int round = 0; round < 20; ++round) {
    tape.reset();
    Var x = tape.variable(Array{1, 2, 3});
    Var y = round % 3 == 0 ? sum(square(x)) : sum(x + x);
    Var late = y * 2.0;
    EXPECT_EQ(y.item<double>(), round % 3 == 0 ? 14 : 12);
    EXPECT_EQ(late.item<double>(), round % 3 == 0 ? 28 : 24);
  }
}

/// Programs that begin alike and differ in one thing each: an op, the order of inputs, an attribute, a dtype, a shape,
/// a literal, what a number stands for, how far they go, and what rules record.
std::vector<std::function<std::vector<Var>(Tape&)>> programs_much_alike() {
  using Vars = std::vector<Var>;
  const auto with_leaves = [](auto body) {
    return [body](Tape& tape) -> Vars {
      Var x = tape.variable(Array{1, 2, 3, 4}), y = tape.variable(Array{5, 6, 7, 9});
      Var z = tanh(x);
      return body(tape, x, y, z);
    };
  };
  return {
      with_leaves([](Tape&, Var x, Var y, Var) { return Vars{sum((x - y) * x)}; }),
      with_leaves([](Tape&, Var x, Var y, Var) { return Vars{sum((y - x) * x)}; }),
      with_leaves([](Tape&, Var x, Var y, Var) { return Vars{sum((x + y) * x)}; }),
      with_leaves([](Tape&, Var x, Var y, Var) { return Vars{sum((x - y) * y)}; }),
      with_leaves([](Tape&, Var x, Var y, Var z) {
        return Vars{sum((x - y) * x), sum((x - y) * z)};
      }),
      with_leaves([](Tape&, Var x, Var, Var) { return Vars{slice(x, {Slice(0, 2)})}; }),
      with_leaves([](Tape&, Var x, Var, Var) { return Vars{slice(x, {Slice(1, 3)})}; }),
      with_leaves([](Tape&, Var x, Var, Var) { return Vars{cast(x, DType::float32)}; }),
      with_leaves([](Tape&, Var x, Var, Var) { return Vars{cast(x, DType::int64)}; }),
      with_leaves([](Tape&, Var x, Var, Var) { return Vars{x * 2.0}; }),
      with_leaves([](Tape&, Var x, Var, Var) { return Vars{x * literal(2.0)}; }),
      with_leaves([](Tape&, Var x, Var, Var) { return Vars{x * literal(3.0)}; }),
      with_leaves([](Tape&, Var x, Var, Var) { return Vars{x * Array(2.0)}; }),
      with_leaves([](Tape&, Var x, Var, Var) {
        return Vars{reshape(x, {2, 2}) * 2.0};
      }),
      with_leaves([](Tape&, Var x, Var, Var) {
        return Vars{reshape(x, {4, 1}) * 2.0};
      }),
      with_leaves([](Tape& tape, Var x, Var y, Var) { return Vars{tape.gradient(sum(x * x * y), x)}; }),
      with_leaves([](Tape& tape, Var x, Var y, Var) { return Vars{tape.gradient(sum(x * x * y), y)}; }),
      with_leaves([](Tape& tape, Var x, Var y, Var) {
        Var dx = tape.gradient(sum(x * x * y), x);
        return Vars{tape.gradient(sum(dx * x), x), dx};
      }),
      [](Tape& tape) -> Vars {
        return {tape.variable(Array{{1, 2}, {3, 4}}) * tape.variable(Array{5, 6})};
      },
      [](Tape& tape) -> Vars { return {tape.variable(1.5f) * tape.variable(2.5f)}; },
      [](Tape& tape) -> Vars { return {tape.variable(1.5) * tape.variable(2.5)}; },
  };
}

TEST(Rerun, AfterAnyOtherRecordingTheProgramIsAsOnANewTape) {
  const auto programs = programs_much_alike();
  Tape tape;
  for (const auto& first : programs)
    for (const auto& second : programs)
      for (const auto* record : {&first, &second, &second}) {
        tape.reset();
        const std::vector<Var> results = (*record)(tape);
        Tape fresh;
        const std::vector<Var> expected = (*record)(fresh);
        ASSERT_EQ(tape.dump(), fresh.dump());
        for (std::size_t i = 0; i < expected.size(); ++i)
          ASSERT_EQ(to_string(results[i].value()), to_string(expected[i].value()));
      }
}

TEST(Rerun, AProgramThatGrowsAndShrinksIsAsOnANewTape) {
  Tape tape;
  for (int length : {3, 5, 5, 2, 2, 7, 3, 8, 8, 1}) {
    tape.reset();
    Var x = tape.variable(2.0), y = x;
    for (int i = 0; i < length; ++i) y = i == 3 ? y + x : y * x;
    Var dx = tape.gradient(y, x);
    Tape fresh;
    Var fresh_x = fresh.variable(2.0), fresh_y = fresh_x;
    for (int i = 0; i < length; ++i) fresh_y = i == 3 ? fresh_y + fresh_x : fresh_y * fresh_x;
    Var fresh_dx = fresh.gradient(fresh_y, fresh_x);
    EXPECT_EQ(tape.dump(), fresh.dump());
    EXPECT_EQ(dx.item<double>(), fresh_dx.item<double>());
  }
}

TEST(Sizes, MoreElementsThanCanBeAddressedThrow) {
  EXPECT_THROW(Array::zeros(Shape{std::int64_t{1} << 61}), ShapeError);
  EXPECT_THROW((Shape{std::int64_t{1} << 62, 4}), ShapeError);
  Tape tape;
  Var x = tape.variable(Array{1});
  const std::int64_t many = std::int64_t{1} << 30;
  Var row = broadcast_to(x, Shape{many}), column = broadcast_to(reshape(x, {1, 1}), Shape{many, 1});
  EXPECT_THROW(row + column, ShapeError);
}

TEST(Numbers, BeyondInt64Throw) {
  Tape tape;
  Var x = tape.variable(3);
  EXPECT_THROW(x + std::numeric_limits<double>::infinity(), DTypeError);
  EXPECT_THROW(x + 1e300, DTypeError);
  EXPECT_THROW(x * 10000000000000000000ULL, ValueError);
  EXPECT_THROW(static_cast<void>(Array(1e300).item<std::int64_t>()), ValueError);
  EXPECT_EQ(tape.variable(2.5L).item<double>(), 2.5);
}

/// On one line for both types.
template <class T>
Var chosen(const Var& condition, T a, T b) {
  return where(condition, a, b);
}

TEST(Rerun, NumbersAloneBesideAConditionGiveTheirOwnDtype) {
  Tape tape;
  for (int round = 0; round < 3; ++round) {
    tape.reset();
    EXPECT_EQ(chosen(tape.variable(2.0) > 1, 1.5, 0.0).dtype(), DType::float64);
    tape.reset();
    EXPECT_EQ(chosen(tape.variable(2.0) > 1, 1, 0).dtype(), DType::int64);
    tape.reset();
    EXPECT_EQ(chosen(tape.variable(2.0) > 1, true, false).dtype(), DType::boolean);
  }
}

TEST(Gradient, OfALossBeforeAnAssignmentIsForTheReadThatItUsed) {
  Parameter w("w", Array(2.0));
  Tape tape;
  Var loss = square(tape.read(w));
  loss.value();
  w.assign(Array(3.0));
  tape.read(w);
  EXPECT_THROW(tape.gradient(loss, w).value(), StaleVarError);
}

/// Evaluates after the thread's own objects are gone.
struct Late {
  ~Late() {
    Tape tape;
    if ((tape.variable(2.0) * 2.0).item<double>() != 4) std::abort();
  }
};

TEST(Statics, MayEvaluateInTheirDestructors) {
  EXPECT_EXIT(
      {
        static const Late late;
        Tape tape;
        (tape.variable(3.0) * 3.0).value();
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace xtape
