// Another Var in a Parameter's place, and what depends on what.
#include <gtest/gtest.h>

#include <xtape/error.hpp>
#include <xtape/ops.hpp>
#include <xtape/tape.hpp>

#include "support/check.hpp"

namespace xtape::test {
namespace {

TEST(Substitute, ReadsAndOperandsGiveTheVar) {
  Parameter x("x", Array{1, 2});
  Tape tape;
  Var before = tape.read(x);
  tape.substitute(x, before + 10);
  EXPECT_EQ((tape.read(x) * 2).value().values<double>()[1], 24);
  EXPECT_EQ((tape.variable(1.0) + x).value().values<double>()[0], 12);
  EXPECT_EQ(before.value().values<double>()[0], 1);
  EXPECT_EQ(x.version(), 0u);
}

TEST(Substitute, GradientsAreWithRespectToTheVar) {
  Parameter x("x", Array(3.0));
  Tape tape;
  Var early = square(tape.read(x));
  Var doubled = 2 * tape.read(x);
  tape.substitute(x, doubled);
  Var late = square(tape.read(x));  // (2 x)^2
  EXPECT_EQ(tape.gradient(late, x).item<double>(), 12);
  EXPECT_EQ(tape.gradient(late, doubled).item<double>(), 12);
  EXPECT_EQ(tape.gradient(early, x).item<double>(), 6);
}

TEST(Substitute, ADerivativeAlongALine) {
  Parameter x("x", Array{1, -2, 3}), b("b", Array(0.5));
  auto loss = [&](Tape& tape) { return sum(square(tape.read(x)) * x) * b; };
  Tape tape;
  Var t = tape.variable(0.0);
  tape.substitute(x, tape.read(x) + t * Array{1, 1, 0});
  tape.substitute(b, tape.read(b) + t);
  Var slope = tape.gradient(loss(tape), t);
  EXPECT_DOUBLE_EQ(slope.item<double>(), 0.5 * (3 * 1 + 3 * 4) + (1 - 8 + 27));
  EXPECT_DOUBLE_EQ(tape.gradient(slope, t).item<double>(), 0.5 * (6 - 12) + 2 * (3 + 12));
}

TEST(Substitute, TheLatestCountsUntilReset) {
  Parameter x("x", Array(1.0));
  Tape tape;
  tape.substitute(x, tape.variable(5.0));
  tape.substitute(x, tape.variable(7.0));
  EXPECT_EQ(tape.read(x).item<double>(), 7);
  tape.reset();
  EXPECT_EQ(tape.read(x).item<double>(), 1);
}

TEST(Substitute, AssignmentsGoToTheParameter) {
  Parameter x("x", Array(1.0));
  Tape tape;
  Var moved = tape.read(x) + 4;
  tape.substitute(x, moved);
  Var guard = square(tape.read(x)) > 20;
  EXPECT_TRUE(tape.evaluate({}, {{x, moved}}, &guard));
  EXPECT_EQ(x.value().item<double>(), 5);
}

TEST(Substitute, ShapeAndDTypeAreTheParameters) {
  Parameter x("x", Array{1, 2});
  Tape tape, other;
  EXPECT_EQ(message_of<ShapeError>([&] { tape.substitute(x, tape.variable(1.0)); }),
            "substitute: Parameter \"x\" is [2], the value is []");
  EXPECT_EQ(message_of<DTypeError>([&] { tape.substitute(x, tape.variable(Array::zeros({2}, DType::float32))); }),
            "substitute: Parameter \"x\" is float64, the value is float32");
  EXPECT_EQ(message_of<ValueError>([&] {
              tape.substitute(x, other.variable(Array{1, 2}));
            }),
            "substitute: the value is a Var of another tape");
  EXPECT_EQ(tape.read(x).value().values<double>()[0], 1);
}

TEST(Read, BesideAVarIsTheTapesRead) {
  Parameter x("x", Array(3.0));
  Tape tape;
  Var y = tape.variable(2.0), beside = read(x, y);
  Var z = y * square(beside);
  EXPECT_EQ(z.item<double>(), 18);
  EXPECT_EQ(tape.gradient(z, x).item<double>(), 12);
  tape.substitute(x, y);
  EXPECT_EQ(read(x, z).item<double>(), 2);
  tape.reset();
  EXPECT_THROW(read(x, y), StaleVarError);
}

TEST(DependsOn, IsWhetherTheTargetTakesPart) {
  Parameter x("x", Array{1, 2}), y("y", Array(1.0)), unread("unread", Array(1.0));
  Tape tape;
  Var a = tape.read(x), b = tape.read(y), c = tape.variable(2.0);
  Var z = sum(a * a) + c;
  EXPECT_TRUE(tape.depends_on(z, x));
  EXPECT_TRUE(tape.depends_on(z, a));
  EXPECT_TRUE(tape.depends_on(z, c));
  EXPECT_TRUE(tape.depends_on(z, z));
  EXPECT_FALSE(tape.depends_on(z, y));
  EXPECT_FALSE(tape.depends_on(z, b));
  EXPECT_FALSE(tape.depends_on(z, unread));
  EXPECT_FALSE(tape.depends_on(a, z));
  std::size_t nodes = tape.size();
  EXPECT_FALSE(tape.depends_on(z, unread));
  EXPECT_EQ(tape.size(), nodes);
}

TEST(DependsOn, LooksThroughValuesThatWereAskedFor) {
  Parameter x("x", Array(2.0));
  Tape tape;
  Var inner = square(tape.read(x));
  EXPECT_EQ(inner.item<double>(), 4);
  EXPECT_TRUE(tape.depends_on(inner + 1, x));
}

TEST(DependsOn, SeesTheSubstitute) {
  Parameter x("x", Array(2.0));
  Tape tape;
  Var raw = tape.read(x), early = square(raw);
  tape.substitute(x, tape.variable(3.0));
  Var late = square(tape.read(x));
  EXPECT_TRUE(tape.depends_on(early, x));
  EXPECT_TRUE(tape.depends_on(late, x));
  EXPECT_FALSE(tape.depends_on(late, raw));
}

}  // namespace
}  // namespace xtape::test
