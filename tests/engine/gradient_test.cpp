// Gradients: shapes and dtypes, long chains, high orders.
#include <chrono>
#include <cmath>

#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

TEST(Gradient, OfTheFirstExample) {
  Tape tape;
  const Var x = tape.variable(2.0), y = tape.variable(1.0);
  const Var z = x * x + x * y + y * y;
  const auto [dx, dy] = tape.gradient<2>(z, {x, y});
  EXPECT_EQ(z.item<double>(), 7);
  EXPECT_EQ(dx.item<double>(), 5);
  EXPECT_EQ(dy.item<double>(), 4);
}

TEST(Gradient, HasTheShapeAndDtypeOfItsLeaf) {
  for (DType dtype : {DType::float32, DType::float64})
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{3, 1}, Shape{2, 1, 4}, Shape{0, 1, 1}}) {
      Tape tape;
      const Var x = tape.variable(Array::ones(shape, dtype));
      const Shape beside = shape.size() == 0 ? Shape{0, 3, 4} : Shape{2, 3, 4};
      const Var gradient = tape.gradient(sum(square(x) * Array::ones(beside, dtype)), x);
      EXPECT_EQ(gradient.shape(), shape);
      EXPECT_EQ(gradient.dtype(), dtype);
      EXPECT_TRUE(
          same_bits(gradient.value(),
                    Array::full(shape, shape.size() == 0 ? 0 : 48.0 / static_cast<double>(shape.size()), dtype)));
    }
}

TEST(Gradient, IsZeroForTargetsNotReached) {
  Tape tape;
  const Var x = tape.variable(Array{1, 2}), unused = tape.variable(Array::ones({2, 3}, DType::float32));
  Parameter never_read("never_read", Array{1, 2, 3});
  const std::vector<Var> gradients = tape.gradient(sum(x), {x, unused, never_read});
  EXPECT_TRUE(equals(gradients[0].value(), {1, 1}));
  EXPECT_TRUE(same_bits(gradients[1].value(), Array::zeros({2, 3}, DType::float32)));
  EXPECT_TRUE(same_bits(gradients[2].value(), Array::zeros({3})));
}

TEST(Gradient, IsZeroThroughStopGradientAndIntegers) {
  Tape tape;
  const Var x = tape.variable(Array{1.5, 2.5});
  EXPECT_TRUE(equals(tape.gradient(sum(stop_gradient(x) * 3), x).value(), {0, 0}));
  EXPECT_TRUE(equals(tape.gradient(sum(cast(cast(x, DType::int64), DType::float64)), x).value(), {0, 0}));
}

TEST(Gradient, ForInnerVarsAndForYItself) {
  Tape tape;
  const Var x = tape.variable(3.0), inner = x * x, y = exp(inner) + x;
  const auto [dy, dinner] = tape.gradient<2>(y, {y, inner});
  EXPECT_EQ(dy.item<double>(), 1);
  EXPECT_DOUBLE_EQ(dinner.item<double>(), std::exp(9.0));
}

TEST(Gradient, ForTheSameTargetTwice) {
  Tape tape;
  const Var x = tape.variable(3.0);
  const auto [first, second] = tape.gradient<2>(x * x, {x, x});
  EXPECT_EQ(first.item<double>(), 6);
  EXPECT_EQ(second.item<double>(), 6);
}

TEST(Gradient, OfATensorWithACotangent) {
  Tape tape;
  const Var x = tape.variable(Array{1, 2, 3});
  const Var cotangent = tape.variable(Array{1, 0, -1});
  EXPECT_TRUE(equals(tape.vjp(x * x, cotangent, {x})[0].value(), {2, 0, -6}));
}

TEST(Gradient, DoesNotBlowUpOverSharedNodes) {
  Tape tape;
  const Var x = tape.variable(1.0);
  Var y = x;
  for (int i = 0; i < 60; ++i) y = y + y;
  EXPECT_EQ(tape.gradient(y, x).item<double>(), std::ldexp(1.0, 60));
  EXPECT_LT(tape.size(), 1000U);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST(Gradient, OfAMillionOpsWithoutRecursion) {
  constexpr int kOps = 1000000;
  const auto start = std::chrono::steady_clock::now();
  Tape tape;
  const Var x = tape.variable(1.0), factor = tape.variable(std::exp(1.0 / kOps));
  Var y = x;
  for (int i = 0; i < kOps; ++i) y = y * factor;
  const Var gradient = tape.gradient(y, x);
  const std::vector<Array> values = tape.evaluate({y, gradient});
  EXPECT_NEAR(values[0].item<double>(), std::exp(1.0), 1e-9);
  EXPECT_NEAR(values[1].item<double>(), std::exp(1.0), 1e-9);
  EXPECT_LT(seconds_since(start), 60);
}

TEST(Gradient, OfALongChainOfTensors) {
  Tape tape;
  const Var x = tape.variable(Array{0.5, -0.25, 0.125});
  Var y = x;
  for (int i = 0; i < 3000; ++i) y = tanh(y) * 1.0001;
  const Var gradient = tape.gradient(sum(y), x);
  double value = 0.5, slope = 1;
  for (int i = 0; i < 3000; ++i) {
    const double t = std::tanh(value);
    slope *= (1 - t * t) * 1.0001;
    value = t * 1.0001;
  }
  EXPECT_NEAR(gradient.value().values<double>()[0] / slope, 1, 1e-9);
}

/// The coefficients, in t = tanh(x), of the k-th derivative of tanh: p' (1 - t^2) from order to order.
std::vector<double> derivative_of_tanh(int order) {
  std::vector<double> p{0, 1};
  for (int k = 0; k < order; ++k) {
    std::vector<double> next(p.size() + 1, 0);
    for (std::size_t i = 1; i < p.size(); ++i) {
      next[i - 1] += static_cast<double>(i) * p[i];
      next[i + 1] -= static_cast<double>(i) * p[i];
    }
    p = next;
  }
  return p;
}

TEST(Gradient, OfEveryOrderOfTanh) {
  const std::vector<double> points{-2, -0.7, 0, 0.3, 1.1, 3};
  Tape tape;
  const Var x = tape.variable(Array::from(points));
  Var y = sum(tanh(x));
  for (int order = 1; order <= 6; ++order) {
    const Var derivative = tape.gradient(y, x);
    const std::vector<double> p = derivative_of_tanh(order);
    for (std::size_t i = 0; i < points.size(); ++i) {
      double expected = 0, scale = 1;
      for (std::size_t power = p.size(); power-- > 0;) expected = expected * std::tanh(points[i]) + p[power];
      for (double coefficient : p) scale = std::max(scale, std::abs(coefficient));
      EXPECT_NEAR(derivative.value().values<double>()[i], expected, 5e-15 * scale) << "order " << order;
    }
    y = sum(derivative);
  }
}

/// The sum of 100 (x[i + 1] - x[i]^2)^2 + (1 - x[i])^2.
Var rosenbrock(const Var& x) {
  const Var head = slice(x, {Slice(0, -1)}), tail = slice(x, {Slice(1, Slice::kNone)});
  return sum(100 * square(tail - square(head)) + square(1 - head));
}

TEST(Gradient, RosenbrockHessian) {
  const std::vector<double> at{1.2, -0.5, 0.25, 2, 1};
  const auto n = static_cast<int>(at.size());
  Tape tape;
  const Var x = tape.variable(Array::from(at));
  const Var gradient = tape.gradient(rosenbrock(x), x);
  for (int row = 0; row < n; ++row) {
    const Array hessian = tape.gradient(slice(gradient, {Slice(row)}), x).value();
    for (int column = 0; column < n; ++column) {
      const double here = at[static_cast<std::size_t>(row)];
      double expected = 0;
      if (column == row && row + 1 < n)
        expected += 1200 * here * here - 400 * at[static_cast<std::size_t>(row) + 1] + 2;
      if (column == row && row > 0) expected += 200;
      if (column == row + 1) expected = -400 * here;
      if (column == row - 1) expected = -400 * at[static_cast<std::size_t>(column)];
      EXPECT_NEAR(hessian.values<double>()[static_cast<std::size_t>(column)], expected, 1e-10) << row << ", " << column;
    }
  }
}

TEST(Gradient, OfItsOwnResultsThroughAnUpdate) {
  // One step of gradient descent, differentiated for its rate: d/dr f(x - r f'(x)) at f = x^2 is -2 (x - 2 r x) 2 x.
  Tape tape;
  const Var x = tape.variable(3.0), rate = tape.variable(0.1);
  const Var stepped = x - rate * tape.gradient(x * x, x);
  EXPECT_NEAR(tape.gradient(stepped * stepped, rate).item<double>(), -2 * (3 - 0.6) * 6, 1e-12);
}

}  // namespace

}  // namespace xtape::test
