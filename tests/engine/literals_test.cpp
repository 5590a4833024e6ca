// Numbers beside Vars: the dtypes that they take, and literals.
#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

TEST(Numbers, TakeTheDtypeOfTheVarBesideThem) {
  Tape tape;
  const Var single = tape.variable(2.0F), wide = tape.variable(2.0), integer = tape.variable(2);
  for (const Var& y : {single + 0.1, 0.1 + single, single * 3, single - 1.5F, 3 / single, power(single, 2.5)})
    EXPECT_EQ(y.dtype(), DType::float32);
  for (const Var& y : {wide + 0.1, 1 - wide, wide * true, wide / 3.0F, maximum(wide, 0)})
    EXPECT_EQ(y.dtype(), DType::float64);
  for (const Var& y : {integer + 1, 7 - integer, integer * 2.0, maximum(integer, -1)})
    EXPECT_EQ(y.dtype(), DType::int64);
  EXPECT_EQ((single + 0.1).item<float>(), 2.0F + 0.1F);
  EXPECT_EQ((7 - integer).item<std::int64_t>(), 5);
  EXPECT_EQ((wide > 1).dtype(), DType::boolean);
}

TEST(Numbers, LargeIntegersStayExact) {
  Tape tape;
  const Var x = tape.variable(std::int64_t{1});
  EXPECT_EQ((x + std::int64_t{9007199254740993}).item<std::int64_t>(), 9007199254740994);
  EXPECT_EQ((x + literal(std::int64_t{9007199254740993})).item<std::int64_t>(), 9007199254740994);
}

TEST(Numbers, ChooseBetweenNumbers) {
  Tape tape;
  const Var condition = tape.variable(Array::from<bool>({true, false}));
  EXPECT_EQ(where(condition, 1.0, 0.0).dtype(), DType::float64);
  EXPECT_EQ(where(condition, 1, 0).dtype(), DType::int64);
  EXPECT_TRUE(equals(where(condition, 2.5, -1).value(), {2.5L, -1}));
  EXPECT_TRUE(equals(where(condition, 2, -1).value(), {2, -1}));
}

TEST(Numbers, DoNotMixWithBools) {
  Tape tape;
  const Var x = tape.variable(true);
  EXPECT_THROW(static_cast<void>(x == 1), DTypeError);
  EXPECT_FALSE(logical_and(x, false).item<bool>());
}

TEST(Literals, GiveTheValuesOfNumbers) {
  Tape tape;
  const Var x = tape.variable(Array{-1.5, 0, 2});
  EXPECT_TRUE(same_bits((x * literal(2.0)).value(), (x * 2.0).value()));
  EXPECT_TRUE(same_bits((x * literal(1.0)).value(), x.value()));
  EXPECT_TRUE(same_bits((x + literal(0.0)).value(), (x + 0.0).value()));
  EXPECT_TRUE(same_bits((literal(1) / (x + 2)).value(), (1 / (x + 2)).value()));
}

TEST(Literals, KeepTheSignOfZero) {
  Tape tape;
  const Var x = tape.variable(-0.0);
  EXPECT_FALSE(std::signbit((x + literal(0.0)).item<double>()));
  EXPECT_TRUE(std::signbit((x - literal(0.0)).item<double>()));
  EXPECT_TRUE(std::signbit((x * literal(1.0)).item<double>()));
}

TEST(Operands, ArraysAndParametersStandForVars) {
  Tape tape;
  Parameter p("p", Array{1, 2});
  const Array a{10, 20};
  const Var x = tape.variable(Array{3, 4});
  EXPECT_TRUE(equals((a - x).value(), {7, 16}));
  EXPECT_TRUE(equals((x - a).value(), {-7, -16}));
  EXPECT_TRUE(equals((p * x).value(), {3, 8}));
  EXPECT_TRUE(equals((x * p).value(), {3, 8}));
  EXPECT_TRUE(equals(matmul(a, x).value(), {110}));
}

}  // namespace

}  // namespace xtape::test
