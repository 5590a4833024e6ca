// Tests of the xtensor boundary, included by two translation units: with and without XTENSOR_USE_XSIMD, which changes
// the type of xt::xarray, in one program. XTAPE_XTENSOR_SUITE names the suite.
#include <gtest/gtest.h>

#include <xtape/xtape.hpp>
#include <xtape/xtensor.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

TEST(XTAPE_XTENSOR_SUITE, ContainersGoIn) {
  const xt::xarray<double> x{{1, 2, 3}, {4, 5, 6}};
  const xt::xtensor<float, 1> y{1.5F, 2.5F};
  const xt::xarray<std::int64_t> indices{2, 0};
  const xt::xarray<int> small{7, -8};
  const xt::xarray<bool> mask{true, false};
  EXPECT_EQ(to_array(x).shape(), (Shape{2, 3}));
  EXPECT_TRUE(equals(to_array(x), {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(to_array(y).dtype(), DType::float32);
  EXPECT_EQ(to_array(indices).dtype(), DType::int64);
  EXPECT_EQ(to_array(small).dtype(), DType::int64);
  EXPECT_TRUE(equals(to_array(small), {7, -8}));
  EXPECT_EQ(to_array(mask).dtype(), DType::boolean);
  EXPECT_EQ(to_array(xt::xarray<double>(3.5)).rank(), 0U);
}

TEST(XTAPE_XTENSOR_SUITE, ExpressionsGoIn) {
  const xt::xarray<double> x{1, 2, 3};
  EXPECT_TRUE(equals(to_array(2 * x + 1), {3, 5, 7}));
  const xt::xarray<double, xt::layout_type::column_major> columns{{1, 2}, {3, 4}};
  EXPECT_TRUE(equals(to_array(columns), {1, 2, 3, 4}));
}

TEST(XTAPE_XTENSOR_SUITE, LvaluesAreSnapshots) {
  xt::xarray<double> x{1, 2, 3};
  Tape tape;
  const Var v = tape.variable(to_array(x)), y = v * x;
  x(0) = 100;
  EXPECT_TRUE(equals(v.value(), {1, 2, 3}));
  EXPECT_TRUE(equals(y.value(), {1, 4, 9}));
}

TEST(XTAPE_XTENSOR_SUITE, RvaluesAreMoved) {
  xt::xarray<double> x{1, 2, 3};
  const double* elements = x.data();
  const Array array = to_array(std::move(x));
  EXPECT_EQ(array.data<double>(), elements);
}

TEST(XTAPE_XTENSOR_SUITE, BorrowedContainersAreNotCopied) {
  const xt::xarray<double> x{1, 2, 3};
  Tape tape;
  const Var v = tape.variable(borrow(x));
  EXPECT_EQ(v.value().data<double>(), x.data());
  const xt::xarray<double, xt::layout_type::column_major> columns{{1, 2}, {3, 4}};
  EXPECT_THROW(borrow(columns), ValueError);
}

TEST(XTAPE_XTENSOR_SUITE, ArraysComeOutWithoutACopy) {
  Tape tape;
  const Array array = (tape.variable(Array{{1, 2}, {3, 4}}) * 2).value();
  const auto seen = view<double>(array);
  const auto ranked = view<double, 2>(array);
  EXPECT_EQ(&seen(0, 0), array.data<double>());
  EXPECT_EQ(ranked(1, 0), 6);
  const xt::xarray<double> copy = seen;
  EXPECT_EQ(copy(1, 1), 8);
  EXPECT_THROW(view<float>(array), DTypeError);
  EXPECT_THROW((view<double, 1>(array)), ShapeError);
}

/// The operators on a Var and an xtensor operand of any value category, on both sides.
template <class Make>
void check_operators(const Make& make) {
  Tape tape;
  const Var v = tape.variable(Array{2, 4});
  EXPECT_TRUE(equals((v + make()).value(), {3, 6}));
  EXPECT_TRUE(equals((make() + v).value(), {3, 6}));
  EXPECT_TRUE(equals((v - make()).value(), {1, 2}));
  EXPECT_TRUE(equals((make() - v).value(), {-1, -2}));
  EXPECT_TRUE(equals((v * make()).value(), {2, 8}));
  EXPECT_TRUE(equals((make() * v).value(), {2, 8}));
  EXPECT_TRUE(equals((v / make()).value(), {2, 2}));
  EXPECT_TRUE(equals((make() / v).value(), {0.5L, 0.5L}));
  EXPECT_TRUE(equals((v < make()).value(), {0, 0}));
  EXPECT_TRUE(equals((make() <= v).value(), {1, 1}));
  EXPECT_TRUE(equals((v > make()).value(), {1, 1}));
  EXPECT_TRUE(equals((make() >= v).value(), {0, 0}));
  EXPECT_TRUE(equals((v == make()).value(), {0, 0}));
  EXPECT_TRUE(equals((make() != v).value(), {1, 1}));
}

TEST(XTAPE_XTENSOR_SUITE, OperatorsTakeEveryValueCategory) {
  xt::xarray<double> x{1, 2};
  const xt::xarray<double> constant = x;
  xt::xtensor<double, 1> ranked = x;
  check_operators([&]() -> xt::xarray<double>& { return x; });
  check_operators([&]() -> const xt::xarray<double>& { return constant; });
  check_operators([&]() -> xt::xarray<double> { return x; });
  check_operators([&]() -> xt::xtensor<double, 1>& { return ranked; });
  check_operators([&] { return 0.5 * (x + constant); });
  Tape tape;
  Var v = tape.variable(Array{2, 4});
  EXPECT_TRUE(equals((v * x).value(), {2, 8})) << "with an lvalue Var";
  EXPECT_TRUE(equals((Var(v) * x).value(), {2, 8})) << "with an rvalue Var";
}

TEST(XTAPE_XTENSOR_SUITE, FunctionsTakeExpressions) {
  const xt::xarray<double> x{{1, 2}, {3, 4}}, y{1, 1};
  Tape tape;
  const Var v = tape.variable(Array{1, 10});
  EXPECT_TRUE(equals(matmul(x, v).value(), {21, 43}));
  EXPECT_TRUE(equals(xtape::maximum(v, 5 * y).value(), {5, 10}));
  EXPECT_TRUE(equals(xtape::where(v > 5, v, y).value(), {1, 10}));
  EXPECT_TRUE(equals(tape.gradient(sum(matmul(x, v) * y), v).value(), {4, 6}));
}

TEST(XTAPE_XTENSOR_SUITE, ErrorsNameBothShapes) {
  const xt::xarray<double> x{1, 2, 3};
  Tape tape;
  const Var v = tape.variable(Array{1, 2});
  EXPECT_TRUE(contains(message_of<ShapeError>([&] { v + x; }), {"add", "[2]", "[3]"}));
}

}  // namespace

}  // namespace xtape::test
