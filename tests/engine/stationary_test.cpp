// Kinds of points, and approximations of the first and second order.
#include <cmath>
#include <sstream>

#include <gtest/gtest.h>

#include <xtape/stationary.hpp>
#include <xtape/xtape.hpp>

#include "engine/derivative_cases.hpp"

namespace xtape::test {

namespace {

Var coordinate(const Var& v, std::int64_t i) { return slice(v, {Slice(i)}); }

Var hyperbolic(const Var& v) { return square(coordinate(v, 0)) - square(coordinate(v, 1)); }
Var bowl(const Var& v) { return square(coordinate(v, 0)) + 3.0 * square(coordinate(v, 1)) - 2.0; }
Var monkey(const Var& v) {
  const Var x = coordinate(v, 0), y = coordinate(v, 1);
  return x * x * x - 3.0 * x * y * y;
}

TEST(StationaryPoint, KindsOfPoints) {
  const Array origin = vector({0, 0});
  EXPECT_EQ(classify_stationary_point(bowl, origin).kind, PointKind::minimum);
  EXPECT_EQ(classify_stationary_point([](const Var& v) { return -bowl(v); }, origin).kind, PointKind::maximum);
  EXPECT_EQ(classify_stationary_point(hyperbolic, origin).kind, PointKind::saddle);
  EXPECT_EQ(classify_stationary_point(monkey, origin).kind, PointKind::degenerate);
  EXPECT_EQ(classify_stationary_point(bowl, vector({0, 1})).kind, PointKind::not_stationary);
  EXPECT_EQ(classify_stationary_point([](const Var& x) { return cos(x); }, 0.0).kind, PointKind::maximum);
}

TEST(StationaryPoint, OfATrough) {
  // Flat along y: positive in one direction and zero in the other.
  const auto trough = [](const Var& v) { return square(coordinate(v, 0)); };
  const StationaryPoint point = classify_stationary_point(trough, vector({0, 5}));
  EXPECT_EQ(point.kind, PointKind::degenerate);
  EXPECT_EQ(point.eigenvalues, (std::vector<double>{0, 2}));
}

TEST(StationaryPoint, HasValueGradientAndEigenvalues) {
  const StationaryPoint point = classify_stationary_point(bowl, vector({0, 1}));
  EXPECT_EQ(point.value, 1);
  EXPECT_EQ(point.gradient_norm, 6);
  EXPECT_EQ(point.eigenvalues, (std::vector<double>{2, 6}));
  std::ostringstream text;
  text << point;
  EXPECT_EQ(text.str(), "not stationary: value 1, gradient norm 6, eigenvalues 2 6");
}

TEST(StationaryPoint, MayBeAMatrixOrSingle) {
  const Array x = Array::zeros(Shape{2, 2}, DType::float32);
  EXPECT_EQ(classify_stationary_point([](const Var& v) { return sum(square(v)); }, x).kind, PointKind::minimum);
}

TEST(StationaryPoint, RefusesWhatSaysNothing) {
  const auto at = [](auto f, const Array& x, const StationaryOptions& options) {
    return [=] { classify_stationary_point(f, x, options); };
  };
  EXPECT_TRUE(contains(message_of<NumericalError>(at([](const Var& v) { return sum(log(v)); }, vector({0, 1}), {})),
                       {"classify_stationary_point: the value at the point has the element -inf"}));
  EXPECT_TRUE(contains(message_of<ValueError>(at([](const Var& v) { return sum(v); }, vector({}), {})),
                       {"the point [0] has no elements"}));
  EXPECT_TRUE(contains(message_of<ValueError>(at(bowl, vector({0, 1}), {.gradient_tolerance = -1})),
                       {"a tolerance is -1, it must not be negative"}));
}

TEST(Approximation, TouchesTheFunction) {
  const auto f = [](const Var& v) { return exp(coordinate(v, 0)) * sin(coordinate(v, 1)); };
  const Array a = vector({0.2, 0.5});
  const auto plane = tangent_plane(f, a);
  const auto paraboloid = second_order_approximation(f, a);
  const auto exact = [](double x, double y) { return std::exp(x) * std::sin(y); };
  EXPECT_NEAR(plane(a).item<double>(), exact(0.2, 0.5), 1e-15);
  EXPECT_NEAR(paraboloid(a).item<double>(), exact(0.2, 0.5), 1e-15);
  // The error falls with the square and with the cube of the distance.
  const auto error = [&](const auto& approximation, double h) {
    return std::abs(approximation(vector({0.2 + h, 0.5 - 2 * h})).template item<double>() -
                    exact(0.2 + h, 0.5 - 2 * h));
  };
  EXPECT_NEAR(std::log2(error(plane, 1e-3) / error(plane, 5e-4)), 2, 0.01);
  EXPECT_NEAR(std::log2(error(paraboloid, 1e-2) / error(paraboloid, 5e-3)), 3, 0.1);
}

TEST(Approximation, OfVarsIsDifferentiable) {
  Tape tape;
  const Var a = tape.variable(vector({0.2, 0.5})), x = tape.variable(vector({1, 2}));
  const Var y = second_order_approximation(bowl, a)(x);
  EXPECT_TRUE(close(tape.gradient(y, x).value(), tensor({2, 12}, {2}), 1e-14L)) << "the function is quadratic";
}

TEST(Approximation, RefusesAnotherShape) {
  const auto plane = tangent_plane(bowl, vector({1, 2}));
  EXPECT_EQ(message_of<ShapeError>([&] { plane(2.0); }),
            "first_order_approximation: the argument is [], the point [2]");
  const auto parabola = second_order_approximation(bowl, vector({1, 2}));
  EXPECT_EQ(message_of<ShapeError>([&] {
              parabola(Array{{2, 2}, {3, 3}});
            }),
            "second_order_approximation: the argument is [2, 2], the point [2]");
}

}  // namespace

}  // namespace xtape::test
