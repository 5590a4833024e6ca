// Parameters: name, value, version, and how tapes see them.
#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

TEST(Parameter, HasNameValueAndVersion) {
  Parameter weights("weights", Array{1, 2});
  EXPECT_EQ(weights.name(), "weights");
  EXPECT_TRUE(equals(weights.value(), {1, 2}));
  const std::uint64_t version = weights.version();
  weights.assign(Array{3, 4});
  EXPECT_EQ(weights.version(), version + 1);
  EXPECT_TRUE(equals(weights.value(), {3, 4}));
}

TEST(Parameter, CopiesAreIndependent) {
  Parameter original("w", Array{1});
  Parameter copy = original;
  copy.assign(Array{2});
  EXPECT_EQ(original.value().item<double>(), 1);
  EXPECT_EQ(copy.name(), "w");
  original = copy;
  copy.assign(Array{5});
  EXPECT_EQ(original.value().item<double>(), 2);
}

TEST(Parameter, IsReadOncePerTapeAndVersion) {
  Parameter p("p", Array(2.0));
  Tape tape;
  const Var first = tape.read(p);
  const std::size_t size = tape.size();
  const Var second = tape.read(p);
  EXPECT_EQ(tape.size(), size);
  EXPECT_EQ((first * second).item<double>(), 4);
  p.assign(Array(3.0));
  EXPECT_EQ(tape.read(p).item<double>(), 3);
}

TEST(Parameter, IsAnOperandAndATarget) {
  Parameter p("p", Array{1, 2});
  Tape tape;
  const Var x = tape.variable(Array{3, 4});
  const Var y = sum(x * p);
  EXPECT_TRUE(equals(tape.gradient(y, p).value(), {3, 4}));
  const auto gradients = tape.gradient<2>(y, {p, x});
  EXPECT_TRUE(equals(gradients[1].value(), {1, 2}));
}

TEST(Parameter, OutlivesItsTape) {
  Parameter p("p", Array(1.0));
  for (int i = 0; i < 3; ++i) {
    Tape tape;
    EXPECT_TRUE(tape.evaluate({}, {{p, tape.read(p) * 2}}));
  }
  EXPECT_EQ(p.value().item<double>(), 8);
}

}  // namespace

}  // namespace xtape::test
