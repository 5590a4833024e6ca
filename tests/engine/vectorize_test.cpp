// Functions of one example over many: against loops over the examples and closed forms.
#include <xtape/vectorize.hpp>

#include <cmath>

#include <gtest/gtest.h>

#include <xtape/custom_op.hpp>
#include <xtape/functional.hpp>
#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {
namespace {

const Array kPoints{{3, 4}, {0, 0}, {-5, 12}};

Var distance_between(const Var& a, const Var& b) { return norm(a - b); }

TEST(Vectorize, OverTheLeadingAxisOfAllArguments) {
  const Array others{{0, 0}, {0, -2}, {0, 0}};
  const Array distances = vectorize(distance_between)(kPoints, others);
  EXPECT_TRUE(equals(distances, {5, 2, 13}));
}

TEST(Vectorize, OverOtherAxesAndSharedArguments) {
  const Array columns{{3, 0, -5}, {4, 0, 12}}, center{0, 0};
  EXPECT_TRUE(equals(vectorize(distance_between, {0, kWhole})(kPoints, center), {5, 0, 13}));
  EXPECT_TRUE(equals(vectorize(distance_between, {1, kWhole})(columns, center), {5, 0, 13}));
  EXPECT_TRUE(equals(vectorize(distance_between, {kWhole, -1})(center, columns), {5, 0, 13}));
  EXPECT_TRUE(equals(vectorize(distance_between, {-1, -2})(columns, kPoints), {0, 0, 0}));
}

TEST(Vectorize, GivesVarsForVars) {
  Tape tape;
  const Var points = tape.variable(kPoints);
  const Var distances = vectorize(distance_between, {0, kWhole})(points, Array{0, 0});
  EXPECT_TRUE(tape.owns(distances));
  EXPECT_TRUE(equals(distances.value(), {5, 0, 13}));
}

TEST(Vectorize, SeveralResults) {
  const auto both = [](const Var& x) { return std::pair(sum(x), x * 2); };
  const auto [sums, doubled] = vectorize(both)(kPoints);
  EXPECT_TRUE(equals(sums, {7, 0, 7}));
  EXPECT_TRUE(equals(doubled, {6, 8, 0, 0, -10, 24}));
  const std::vector<Array> list = vectorize([](const Var& x) { return std::vector<Var>{x, max(x)}; })(kPoints);
  EXPECT_TRUE(same_bits(list[0], kPoints));
  EXPECT_TRUE(equals(list[1], {4, 0, 12}));
}

TEST(Vectorize, WhatDependsOnNoExampleIsRepeated) {
  const auto ignores = [](const Var&, const Var& whole) { return whole + 1; };
  const Array result = vectorize(ignores, {0, kWhole})(kPoints, Array{1, 2});
  EXPECT_EQ(result.shape(), (Shape{3, 2}));
  EXPECT_TRUE(equals(result, {2, 3, 2, 3, 2, 3}));
}

TEST(Vectorize, NestsOverTwoAxes) {
  const auto to_all = vectorize(distance_between, {kWhole, 0});
  const Array pairs = vectorize(to_all, {0, kWhole})(kPoints, kPoints);
  EXPECT_EQ(pairs.shape(), (Shape{3, 3}));
  EXPECT_TRUE(
      close(pairs, tensor({0, 5, std::sqrt(Real{128}), 5, 0, 13, std::sqrt(Real{128}), 13, 0}, {3, 3}), 1e-15L));
}

// The gradient of (w x - y)^2 for w is 2 (w x - y) x.
TEST(Vectorize, GradientOfEachExample) {
  const auto loss = [](const Var& w, const Var& x, const Var& y) { return square(matmul(x, w) - y); };
  const Array w{1, -1}, y{0, 1, 2};
  const Array gradients = vectorize(gradient<0>(loss), {kWhole, 0, 0})(w, kPoints, y);
  EXPECT_TRUE(equals(gradients, {-6, -8, 0, 0, 190, -456}));
}

TEST(Vectorize, ValueAndGradientOfEachExample) {
  const auto loss = [](const Var& w, const Var& x) { return sum(w * square(x)); };
  const Array w{2, 3}, x{{1, 0}, {-1, 2}};
  const auto [values, slopes] = vectorize(value_and_gradient<1>(loss), {kWhole, 0})(w, x);
  EXPECT_TRUE(equals(values, {2, 14}));
  EXPECT_TRUE(equals(slopes, {4, 0, -4, 12}));  // 2 w x
  const auto [same_values, both] = vectorize(value_and_gradient(loss), {kWhole, 0})(w, x);
  EXPECT_TRUE(equals(same_values, {2, 14}));
  EXPECT_TRUE(equals(both[0], {1, 0, 1, 4}));  // x^2
  EXPECT_TRUE(equals(both[1], {4, 0, -4, 12}));
}

TEST(Vectorize, GradientThroughABatch) {
  const auto total = [](const Var& points, const Var& center) {
    return sum(square(vectorize(distance_between, {0, kWhole})(points, center)));
  };
  const auto [of_points, of_center] = gradient(total)(kPoints, Array{1, 1});
  EXPECT_TRUE(close(of_points, tensor({4, 6, -2, -2, -12, 22}, {3, 2}), 1e-15L));  // 2 (point - center)
  EXPECT_TRUE(close(of_center, tensor({10, -26}), 1e-15L));
}

TEST(Vectorize, EnsemblesGoOverParameters) {
  const auto model = [](const Var& w, const Var& x) { return matmul(x, w); };
  const Array members{{1, 0}, {0, 1}};
  const Array predictions = vectorize(model, {0, kWhole})(members, kPoints);
  EXPECT_EQ(predictions.shape(), (Shape{2, 3}));
  EXPECT_TRUE(equals(predictions, {3, 0, -5, 4, 0, 12}));
}

// f(x) = x'Ax / 2 + sum(x^3) / 6 has the Hessian (A + A') / 2 + diag(x).
TEST(Vectorize, HessianOfEachExample) {
  const Array a{{2, 1}, {1, 4}};
  const auto f = [&](const Var& x) { return sum(x * matmul(x, a)) / 2 + sum(x * x * x) / 6; };
  const Array hessians = vectorize(hessian(f))(kPoints);
  EXPECT_EQ(hessians.shape(), (Shape{3, 2, 2}));
  EXPECT_TRUE(close(hessians, tensor({5, 1, 1, 8, 2, 1, 1, 4, -3, 1, 1, 16}, {3, 2, 2}), 1e-15L));
}

TEST(Vectorize, CapturedVarsAndParametersAreShared) {
  Tape tape;
  const Parameter scale("scale", Array(2.0));
  const Var shift = tape.variable(Array{1, 10}), points = tape.variable(kPoints);
  const Var result = vectorize([&](const Var& x) { return sum(x * scale + shift); })(points);
  EXPECT_TRUE(equals(result.value(), {25, 11, 25}));
  const auto gradients = tape.gradient(sum(result), {shift, scale});
  EXPECT_TRUE(equals(gradients[0].value(), {3, 3}));
  EXPECT_TRUE(equals(gradients[1].value(), {14}));
}

TEST(Vectorize, RandomDrawsAreThoseOfTheirKeys) {
  const auto draw = [](const Var& x, const Var& key) { return uniform_like(x, key); };
  const Key first{.seed = 1}, second{.seed = 2};
  const Array shared = vectorize(draw, {0, kWhole})(kPoints, to_array(first));
  const Array one = uniform(first, {2}), two = uniform(second, {2});
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(shared.values<double>()[static_cast<std::size_t>(i)],
              one.values<double>()[static_cast<std::size_t>(i % 2)]);
  Tape tape;
  const Var keys = stack({tape.variable(to_array(first)), to_array(second)});
  const Var own = vectorize(draw, {kWhole, 0})(tape.variable(Array{0.0, 0.0}), keys);
  EXPECT_TRUE(equals(own.value(), {one.values<double>()[0], one.values<double>()[1], two.values<double>()[0],
                                   two.values<double>()[1]}));
}

// The rule is written for one example, and says something that no derivative of the value does.
Var tripled_cotangent(const Var& x) {
  static const CustomOp op(
      "tripled", [](std::span<const Var> inputs) { return sum(inputs[0] * inputs[1]); },
      [](std::span<const Var> inputs, const Var&, const Var& cotangent) {
        EXPECT_EQ(inputs[0].rank(), 1u);
        return std::vector<Var>{3 * cotangent * inputs[1], Var()};
      });
  return op(x, Array{1, 2});
}

TEST(Vectorize, RulesOfCustomOpsAreThoseOfOneExample) {
  Tape tape;
  const Var points = tape.variable(kPoints);
  const Var values = vectorize(tripled_cotangent)(points);
  EXPECT_TRUE(equals(values.value(), {11, 0, 19}));
  EXPECT_TRUE(
      equals(tape.vjp(values, tape.variable(Array{1, 10, 100}), {points})[0].value(), {3, 6, 30, 60, 300, 600}));
  EXPECT_TRUE(equals(vectorize(gradient(tripled_cotangent))(points).value(), {3, 6, 3, 6, 3, 6}));
  const Array twice =
      vectorize(vectorize(gradient(tripled_cotangent)))(Array::from(std::vector<double>{1, 2, 3, 4}, {1, 2, 2}));
  EXPECT_TRUE(equals(twice, {3, 6, 3, 6}));
}

Var opaque_square_sum(const Var& x) {
  static const CustomOp op(
      "square_sum",
      [](std::span<const Array> inputs) {
        double total = 0;
        for (double element : inputs[0].values<double>()) total += element * element;
        return Array(total);
      },
      [](std::span<const Array> inputs, const Array&, const Array& cotangent) {
        std::vector<double> result;
        for (double element : inputs[0].values<double>()) result.push_back(2 * element * cotangent.item<double>());
        return std::vector<Array>{Array::from(result, inputs[0].shape())};
      },
      [](std::span<const Shape>) { return Shape{}; });
  return op(x);
}

TEST(Vectorize, OpaqueOpsRunForEachExample) {
  EXPECT_TRUE(equals(vectorize(opaque_square_sum)(kPoints), {25, 0, 169}));
  EXPECT_TRUE(equals(vectorize(gradient(opaque_square_sum))(kPoints), {6, 8, 0, 0, -10, 24}));
}

// Nothing in the plan runs once for each example.
TEST(Vectorize, SharedMatricesMakeOneProduct) {
  Tape tape(Options{});  // a plan, whatever the environment says
  const Array hidden = normal(Key{.seed = 3}, {64, 32}), output = normal(Key{.seed = 4}, {32, 10});
  const Var first = tape.variable(hidden), second = tape.variable(output);
  const auto network = [&](const Var& x) { return matmul(tanh(matmul(x, first)), second); };
  const auto loss = [&](const Var& x) { return sum(square(network(x))); };
  const Var x = tape.variable(normal(Key{.seed = 5}, {128, 64}));
  EXPECT_TRUE(contains(tape.dump_plan({vectorize(gradient(loss))(x)}),
                       {"4 products, 0 calls", "product, 128 x 64 by 64 x 32", "product, 128 x 32 by 32 x 10",
                        "product, 128 x 10 by 10 x 32 transposed", "product, 128 x 32 by 32 x 64 transposed"}));
  const Var one = slice(x, {Slice(0)});
  EXPECT_TRUE(contains(
      tape.dump_plan({jacobian(network)(one)}),
      {"2 products, 0 calls", "product, 10 x 10 by 10 x 32 transposed", "product, 10 x 32 by 32 x 64 transposed"}));
}

template <class Exception, class F>
std::string error_of(const F& f) {
  return message_of<Exception>(f);
}

TEST(Vectorize, Errors) {
  const auto f = [](const Var& a, const Var& b) { return sum(a) + sum(b); };
  const auto call = [&](const ExampleAxes& axes, const Array& a, const Array& b) {
    return [=] { vectorize(f, axes)(a, b); };
  };
  const Array pair{1, 2}, three{1, 2, 3}, number(1.0);
  EXPECT_TRUE(contains(error_of<ShapeError>(call({0, 0}, pair, three)),
                       {"vectorize", "argument 1 has 3 examples, an argument before it 2"}));
  EXPECT_TRUE(contains(error_of<ShapeError>(call({0, 0}, pair, number)), {"vectorize: argument 1 is a scalar"}));
  EXPECT_TRUE(contains(error_of<ShapeError>(call({1, kWhole}, pair, number)), {"argument 0 is [2]", "no axis 1"}));
  EXPECT_TRUE(contains(error_of<ShapeError>(call({-2, kWhole}, pair, number)), {"argument 0 is [2]", "no axis -2"}));
  EXPECT_TRUE(contains(error_of<ValueError>(call({kWhole, kWhole}, pair, pair)), {"vectorize: no argument"}));
  EXPECT_TRUE(contains(error_of<ValueError>(call({0}, pair, pair)), {"1 axes are given for 2 arguments"}));
}

TEST(Vectorize, ErrorsOfWhatTheFunctionDoes) {
  Tape other;
  const Var foreign = other.variable(1.0);
  EXPECT_TRUE(contains(error_of<ValueError>([&] { vectorize([&](const Var&) { return foreign; })(kPoints); }),
                       {"vectorize: the function's result is a Var of another tape"}));
  const auto asks = [](const Var& x) { return sum(x).item<double>() > 0 ? x : -x; };
  EXPECT_TRUE(contains(error_of<ValueError>([&] { vectorize(asks)(kPoints); }), {"choose by `where`"}));
  const auto wide = [](const Var& x) { return broadcast_to(x, {1, 1, 1, 1, 1, 1, 1, 2}); };
  EXPECT_TRUE(contains(error_of<ShapeError>([&] { vectorize(wide)(kPoints); }), {"over a batch of 3", "9 axes"}));
}

}  // namespace
}  // namespace xtape::test
