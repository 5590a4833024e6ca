// Gradients recorded again after a reset are copies of the previous recording's nodes: the same program, and only where
// all that rules see is the same.
#include <gtest/gtest.h>

#include <xtape/custom_op.hpp>
#include <xtape/xtape.hpp>

#include "support/check.hpp"
#include "tape/state.hpp"

namespace xtape::test {

namespace {

/// What a function records on a tape of its own, and the value of what it returns.
template <class Record>
std::pair<std::string, Array> fresh(const Record& record) {
  Tape tape;
  const Var result = record(tape);
  return {tape.dump(), result.value()};
}

/// Records on one tape, one after the other; each must give what a tape of its own gives.
template <class... Record>
void record_in_turn(const Record&... record) {
  Tape tape;
  const auto check = [&](const auto& one) {
    tape.reset();
    const Var result = one(tape);
    const auto [dump, value] = fresh(one);
    EXPECT_EQ(tape.dump(), dump);
    EXPECT_TRUE(same_bits(result.value(), value));
  };
  (check(record), ...);
}

bool replays(const Tape& tape) { return !detail::VarAccess::state(tape).gradients_differ; }

Var cube(Tape& tape, double x) {
  const Var v = tape.variable(Array{x, 2, 3});
  return tape.gradient(sum(v * v * v), v);
}

TEST(Replay, TheSameProgramGivesTheSameGradient) {
  Tape tape;
  for (double x : {1.0, 2.0, 3.0}) {
    tape.reset();
    const Var gradient = cube(tape, x);
    EXPECT_TRUE(equals(gradient.value(), {3 * static_cast<Real>(x) * static_cast<Real>(x), 12, 27}));
    EXPECT_TRUE(replays(tape));
  }
}

TEST(Replay, OtherProgramsRunTheirRules) {
  const auto with_factor = [](double factor) {
    return [factor](Tape& tape) {
      const Var x = tape.variable(Array{1, 2, 3});
      return tape.gradient(sum(square(x) * literal(factor)), x);
    };
  };
  const auto with_exponent = [](double exponent) {
    return [exponent](Tape& tape) {
      const Var x = tape.variable(Array{1, 2, 3});
      return tape.gradient(sum(power(x, exponent)), x);
    };
  };
  record_in_turn(with_factor(2), with_factor(3), with_factor(1), with_factor(3), with_exponent(2.5), with_exponent(3.5),
                 with_factor(3), with_factor(3));
}

TEST(Replay, OtherTargetsAndOtherOutputsRunTheirRules) {
  const auto ask = [](int which) {
    return [which](Tape& tape) {
      const Var x = tape.variable(Array{1, 2}), y = tape.variable(Array{3, 4});
      const Var z = x * y * y, w = exp(z * 0.1);
      return tape.gradient(sum(which % 2 == 0 ? z : w), which < 2 ? x : y);
    };
  };
  record_in_turn(ask(0), ask(1), ask(2), ask(3), ask(3), ask(0), ask(0));
}

TEST(Replay, HigherOrders) {
  const auto hessian_row = [](Tape& tape) {
    const Var x = tape.variable(Array{0.5, 0.25, 2});
    const Var first = tape.gradient(sum(exp(x) * square(x)), x);
    const Var second = tape.gradient(sum(square(first)), x);
    return tape.gradient(sum(tanh(second)), x);
  };
  record_in_turn(hessian_row, hessian_row, hessian_row);
}

/// An evaluation between recordings and gradients, and more recorded after the gradient than before.
TEST(Replay, ValuesAskedForInTheMiddle) {
  const auto ask = [](bool first) {
    return [first](Tape& tape) {
      const Var x = tape.variable(Array{0.5, 0.25, 2});
      const Var y = tanh(x);
      if (first) y.value();
      const Var gradient = tape.gradient(sum(y * y), x);
      if (!first) gradient.value();
      return tape.gradient(sum(gradient * y), x);
    };
  };
  record_in_turn(ask(true), ask(false), ask(true), ask(true), ask(false), ask(false));
}

TEST(Replay, RulesOfUsersRunEachTime) {
  double factor = 1;
  const CustomOp scaled(
      "scaled", [](std::span<const Var> x) { return x[0] * 2; },
      [&factor](std::span<const Var>, const Var&, const Var& cotangent) {
        return std::vector<Var>{cotangent * factor};
      });
  Tape tape;
  for (double next : {1.0, 2.0, 5.0}) {
    tape.reset();
    factor = next;
    const Var x = tape.variable(Array{1, 2});
    EXPECT_TRUE(equals(tape.gradient(sum(scaled(x)), x).value(), {static_cast<Real>(next), static_cast<Real>(next)}));
  }
}

TEST(Replay, ARuleThatThrowsThrowsAgain) {
  const CustomOp opaque(
      "once", [](std::span<const Array> x) { return x[0]; },
      [](std::span<const Array>, const Array&, const Array& cotangent) { return std::vector<Array>{cotangent}; });
  Tape tape;
  for (int repeat = 0; repeat < 3; ++repeat) {
    tape.reset();
    const Var x = tape.variable(Array{1, 2});
    const Var first = tape.gradient(sum(square(opaque(x))), x);
    EXPECT_THROW(tape.gradient(sum(first), x), Error);
    EXPECT_TRUE(equals(first.value(), {2, 4}));
  }
}

/// Errors that come later name the line of this recording.
TEST(Replay, NodesCarryTheirOwnLines) {
  Tape tape;
  const auto record = [&](bool other_line) {
    tape.reset();
    const Var x = tape.variable(Array{1, 2});
    Var y;
    if (other_line) y = exp(x);
    else y = exp(x);
    tape.gradient(sum(y), x);
    return replays(tape);
  };
  record(true);
  EXPECT_TRUE(record(true));
  EXPECT_FALSE(record(false));
  EXPECT_TRUE(record(false));
}

}  // namespace

}  // namespace xtape::test
