// Convolution and pooling at the hard points: ties, NaN, padding; and operands that are no Vars.
#include <limits>

#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

Array gradient_of_sum(Tape& tape, const Var& y, const Var& x) { return tape.gradient(sum(y), x).value(); }

TEST(MaxPool, TiedElementsShareTheGradient) {
  Tape tape;
  const Var x = tape.variable(Array{{2, 2, 1, 5}, {0, 1, 5, 5}});
  const Var y = max_pool2d(x, 2);
  EXPECT_TRUE(equals(y.value(), {2, 5}));
  EXPECT_TRUE(
      close(gradient_of_sum(tape, y, x), tensor({0.5L, 0.5L, 0, 1 / 3.0L, 0, 0, 1 / 3.0L, 1 / 3.0L}, {2, 4}), 1e-15L));
}

TEST(MaxPool, PaddingIsNoElement) {
  Tape tape;
  const Var x = tape.variable(Array{-3, -1, -2});
  const Var y = max_pool1d(x, 2, 2, 1);
  EXPECT_TRUE(equals(y.value(), {-3, -1}));
  EXPECT_TRUE(equals(gradient_of_sum(tape, y, x), {1, 1, 0}));
}

TEST(MaxPool, NaNPropagates) {
  Tape tape;
  const Var x = tape.variable(Array{1, kNotANumber, 3, 4});
  EXPECT_TRUE(equals(max_pool1d(x, 2).value(), {kNotANumber, 4}));
}

TEST(AvgPool, PaddingCountsOrNot) {
  Tape tape;
  const Var x = tape.variable(Array{6, 3, 9});
  EXPECT_TRUE(equals(avg_pool1d(x, 2, 2, 1).value(), {3, 6}));
  EXPECT_TRUE(equals(avg_pool1d(x, 2, 2, 1, false, false).value(), {6, 6}));
}

TEST(Conv2d, TakesArraysAndParameters) {
  Tape tape;
  const Parameter weight("weight", Array::ones({1, 1, 2, 2})), bias("bias", Array{10});
  const Var x = tape.variable(Array{{1, 2, 3}, {4, 5, 6}});
  const Var image = reshape(x, {1, 2, 3});
  EXPECT_TRUE(equals(conv2d(image, weight, bias).value(), {22, 26}));
  EXPECT_TRUE(equals(conv2d(image, Array::ones({1, 1, 2, 2}), Array{10}, {1, 2}).value(), {22}));
  EXPECT_TRUE(equals(tape.gradient(sum(conv2d(image, weight, bias)), bias).value(), {2}));
}

}  // namespace

}  // namespace xtape::test
