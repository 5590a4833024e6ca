// Ops of an application's own: values, derivatives, lifetime, plans, errors.
#include <cmath>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include <xtape/custom_op.hpp>
#include <xtape/engine.hpp>
#include <xtape/gradient_check.hpp>
#include <xtape/testing.hpp>
#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

using Vars = std::span<const Var>;
using Arrays = std::span<const Array>;

/// a b, with the rule of the product.
CustomOp product_op(std::string name = "my_product") {
  return CustomOp(
      std::move(name), [](Vars x) { return x[0] * x[1]; },
      [](Vars x, const Var&, const Var& c) {
        return std::vector<Var>{c * x[1], c * x[0]};
      });
}

/// The elements of a function of one element.
template <class Function>
Array mapped(const Array& x, const Function& function) {
  std::vector<double> y;
  for (double element : x.values<double>()) y.push_back(function(element));
  return Array::from(y, x.shape());
}

/// exp(x) by the C++ library.
CustomOp opaque_exponential() {
  return CustomOp(
      "my_exp", [](Arrays x) { return mapped(x[0], [](double e) { return std::exp(e); }); },
      [](Arrays, const Array& y, const Array& c) {
        std::vector<double> g;
        for (std::size_t i = 0; i < static_cast<std::size_t>(y.size()); ++i)
          g.push_back(y.values<double>()[i] * c.values<double>()[i]);
        return std::vector<Array>{Array::from(g, y.shape())};
      });
}

/// sum(a) b for a float64 a of any shape and a vector b, with int64 counts that it ignores.
CustomOp opaque_scaling() {
  const auto total = [](const Array& a) {
    double sum = 0;
    for (double element : a.values<double>()) sum += element;
    return sum;
  };
  return CustomOp(
      "my_scaling", [total](Arrays x) { return mapped(x[2], [s = total(x[0])](double e) { return s * e; }); },
      [total](Arrays x, const Array&, const Array& c) {
        double dot = 0;
        for (std::size_t i = 0; i < static_cast<std::size_t>(c.size()); ++i)
          dot += c.values<double>()[i] * x[2].values<double>()[i];
        return std::vector<Array>{Array::full(x[0].shape(), dot), Array(),
                                  mapped(c, [s = total(x[0])](double e) { return s * e; })};
      },
      [](std::span<const Shape> shapes) { return shapes[2]; });
}

TEST(CustomOp, ValueAndGradient) {
  const CustomOp op = product_op();
  Tape tape;
  const Var x = tape.variable(3.0), y = tape.variable(4.0);
  const Var z = op(x, y);
  const auto [dx, dy] = tape.gradient<2>(z, {x, y});
  EXPECT_EQ(z.item<double>(), 12);
  EXPECT_EQ(dx.item<double>(), 4);
  EXPECT_EQ(dy.item<double>(), 3);
  EXPECT_TRUE(contains(tape.dump(), {"my_product"}));
}

TEST(CustomOp, TheRuleCounts) {  // not the derivative of the value
  const CustomOp op(
      "reversed", [](Vars x) { return x[0] * 2; }, [](Vars, const Var&, const Var& c) { return std::vector<Var>{-c}; });
  Tape tape;
  const Var x = tape.variable(Array{1, 2, 3});
  const Var y = sum(op(x) * 5);
  EXPECT_TRUE(equals(tape.gradient(y, x).value(), {-5, -5, -5}));
  EXPECT_TRUE(equals(op(x).value(), {2, 4, 6}));
}

TEST(CustomOp, HigherOrders) {
  const auto f = [op = product_op()](const Var& a, const Var& b) { return tanh(op(a, op(b, exp(a)))); };
  EXPECT_TRUE(gradient_is_right(f, {Array{0.3, -0.4}, Array{0.5, 0.6}}, {.order = 3}));
  EXPECT_TRUE(gradient_is_right(
      f, {Array::from(std::vector<float>{0.3F, -0.4F}), Array::from(std::vector<float>{0.5F, 0.6F})}, {.order = 2}));
}

TEST(CustomOp, ForwardMayUseArraysAndParameters) {
  const Array w{2, 3};
  const Parameter p("p", Array{10, 20});
  const CustomOp op(
      "affine", [&](Vars x) { return x[0] * w + p; },
      [&](Vars, const Var&, const Var& c) { return std::vector<Var>{c * w}; });
  Tape tape;
  const Var x = tape.variable(Array{1, 1});
  const Var y = op(x);
  const Var loss = sum(y);
  EXPECT_TRUE(equals(y.value(), {12, 23}));
  EXPECT_TRUE(equals(tape.gradient(loss, x).value(), {2, 3}));
  EXPECT_TRUE(equals(tape.gradient(loss, p).value(), {0, 0})) << "no gradient flows through the forward function";
}

TEST(CustomOp, NumbersArraysAndEmptyCotangents) {
  const CustomOp op(
      "weighted", [](Vars x) { return x[0] * x[1] * x[2]; },
      [](Vars x, const Var&, const Var& c) {
        return std::vector<Var>{c * x[1] * x[2], Var(), Var()};
      });
  Tape tape;
  const Var x = tape.variable(Array{1, 2});
  const Var w = tape.variable(Array{3, 4});
  const Var y = sum(op(x, w, 0.5));
  EXPECT_TRUE(equals(tape.gradient(y, x).value(), {1.5, 2}));
  EXPECT_TRUE(equals(tape.gradient(y, w).value(), {0, 0}));
  EXPECT_TRUE(equals(op(x, Array{5, 6}, 2).value(), {10, 24}));
}

TEST(CustomOp, OpsOfOneNameDoNotShareAPlan) {
  const auto scaling = [](double factor) {
    return CustomOp(
        "scaling", [=](Arrays x) { return mapped(x[0], [=](double e) { return factor * e; }); },
        [=](Arrays, const Array&, const Array& c) {
          return std::vector<Array>{mapped(c, [=](double e) { return factor * e; })};
        });
  };
  const CustomOp two = scaling(2), three = scaling(3);
  for (int again = 0; again < 2; ++again)
    for (const auto& [op, factor] : {std::pair(two, 2.0), std::pair(three, 3.0)}) {
      Tape tape;
      const Var x = tape.variable(Array{1, 2});
      const Var y = sum(op(x));
      const Var g = tape.gradient(y, x);
      EXPECT_EQ(y.item<double>(), 3 * factor);
      EXPECT_TRUE(equals(g.value(), {factor, factor}));
    }
}

TEST(CustomOp, PlansAreReused) {
  const CustomOp op = product_op(), opaque = opaque_exponential();
  const auto step = [&](double at) {
    Tape tape;
    const Var x = tape.variable(Array{at, 1});
    const Var y = sum(op(opaque(x), x));
    const Var g = tape.gradient(y, x);
    return tape.evaluate({y, g})[0].item<double>();
  };
  step(0.5);
  const std::uint64_t misses = plan_cache_statistics().misses;
  EXPECT_DOUBLE_EQ(step(1), 2 * std::exp(1.0));
  EXPECT_EQ(plan_cache_statistics().misses, misses);
}

TEST(CustomOp, OutlivesTheObject) {
  Tape tape;
  const Var x = tape.variable(Array{1, 2});
  Var y;
  {
    const auto captured = std::make_shared<double>(3.0);
    const CustomOp op(
        "short_lived", [captured](Arrays in) { return mapped(in[0], [=](double e) { return *captured * e; }); },
        [captured](Arrays, const Array&, const Array& c) {
          return std::vector<Array>{mapped(c, [=](double e) { return *captured * e; })};
        });
    y = sum(op(x));
  }
  EXPECT_TRUE(equals(tape.gradient(y, x).value(), {3, 3}));
  EXPECT_EQ(y.item<double>(), 9);
}

TEST(CustomOp, UnplannedAndInThreads) {
  const CustomOp op = product_op(), opaque = opaque_exponential();
  const auto value = [&](const Options& options) {
    Tape tape(options);
    const Var x = tape.variable(Array{0.25, -1.5});
    const Var y = sum(op(opaque(x), x));
    return tape.gradient(y, x).value();
  };
  const Array expected = value({true, false});
  EXPECT_TRUE(same_bits(value({false, false}), expected));
  std::vector<std::thread> threads;
  std::array<Array, 4> results;
  for (Array& result : results) threads.emplace_back([&] { result = value({true, false}); });
  for (std::thread& thread : threads) thread.join();
  for (const Array& result : results) EXPECT_TRUE(same_bits(result, expected));
}

// ---- Opaque

TEST(OpaqueOp, ValueAndGradient) {
  const CustomOp op = opaque_exponential();
  EXPECT_TRUE(gradient_is_right([&](const Var& x) { return op(op(0.1 * x)) * x; }, Array{0.3, -0.4, 0.5}));
}

TEST(OpaqueOp, SeveralInputsAndAShape) {
  const CustomOp op = opaque_scaling();
  const Array a{{1, 2}, {3, 4}}, counts = Array::from(std::vector<std::int64_t>{1}), b{1, -1, 2};
  Tape tape;
  const Var va = tape.variable(a), vb = tape.variable(b);
  const Var y = op(va, counts, vb);
  EXPECT_TRUE(equals(y.value(), {10, -10, 20}));
  const Var loss = sum(y * Array{1, 2, 3});
  EXPECT_TRUE(equals(tape.gradient(loss, va).value(), {5, 5, 5, 5}));
  EXPECT_TRUE(equals(tape.gradient(loss, vb).value(), {10, 20, 30}));
  EXPECT_TRUE(gradient_is_right([&](const Var& p, const Var& n, const Var& q) { return op(square(p), n, exp(q)); },
                                {a, counts, b}));
}

TEST(OpaqueOp, ASecondDerivativeSaysThatThereIsNone) {
  const CustomOp op = opaque_exponential();
  Tape tape;
  const Var x = tape.variable(2.0);
  const Var first = tape.gradient(op(x), x);
  EXPECT_TRUE(
      contains(message_of<ValueError>([&] { tape.gradient(first, x); }), {"my_exp", "no second derivative", "opaque"}));
  EXPECT_DOUBLE_EQ(first.item<double>(), std::exp(2.0));
}

// ---- Errors

TEST(CustomOp, Errors) {
  const auto with_rule = [](CustomOp::Vjp vjp) {
    return CustomOp(
        "faulty", [](Vars x) { return x[0] + x[1]; }, std::move(vjp));
  };
  const auto differentiate = [](const CustomOp& op) {
    Tape tape;
    const Var x = tape.variable(Array{{1, 2}, {3, 4}}), y = tape.variable(Array{1, 2});
    const Var z = sum(op(x, y));
    tape.gradient(z, {x, y});
  };
  const CustomOp few = with_rule([](Vars, const Var&, const Var& c) { return std::vector<Var>{c}; });
  EXPECT_TRUE(contains(message_of<ValueError>([&] { differentiate(few); }), {"faulty", "1 cotangents", "2 inputs"}));
  const CustomOp shape = with_rule([](Vars, const Var&, const Var& c) { return std::vector<Var>{c, c}; });
  EXPECT_TRUE(contains(message_of<ShapeError>([&] { differentiate(shape); }), {"faulty", "[2, 2]", "[2]"}));
  const CustomOp dtype = with_rule([](Vars, const Var&, const Var& c) {
    return std::vector<Var>{cast(c, DType::float32), sum(c, 0)};
  });
  EXPECT_TRUE(contains(message_of<DTypeError>([&] { differentiate(dtype); }), {"faulty", "float32", "float64"}));
  EXPECT_TRUE(contains(message_of<ValueError>([] { CustomOp("none", CustomOp::Forward(), CustomOp::Vjp()); }),
                       {"none", "forward", "vjp"}));
  EXPECT_TRUE(contains(message_of<ValueError>([] { product_op(""); }), {"custom_op", "name is empty"}));
  const CustomOp op = product_op();
  EXPECT_TRUE(contains(message_of<ValueError>([&] { op(Array{1}, Array{2}); }), {"my_product", "Var"}));
}

TEST(CustomOp, VarsOfOtherTapes) {
  Tape tape, other;
  const Var x = tape.variable(Array{1, 2}), elsewhere = other.variable(Array{3, 4});
  const auto gone = [] {
    Tape local;
    return local.variable(Array{1, 2});
  };
  const auto value_of = [&](const CustomOp::Forward& forward) {
    const CustomOp op("strayed", forward, [](Vars, const Var&, const Var& c) { return std::vector<Var>{c}; });
    return message_of<ValueError>([&] { op(x); });
  };
  EXPECT_TRUE(contains(value_of([&](Vars) { return elsewhere; }), {"strayed", "its value", "another tape"}));
  EXPECT_TRUE(contains(value_of([&](Vars) { return gone(); }), {"strayed", "its value", "gone"}));
  EXPECT_TRUE(contains(value_of([](Vars) { return Var(); }), {"strayed", "its value", "empty"}));
  const auto cotangent_of = [&](const std::function<Var()>& give) {
    const CustomOp op(
        "strayed", [](Vars in) { return 2 * in[0]; },
        [give](Vars, const Var&, const Var&) { return std::vector<Var>{give()}; });
    return message_of<ValueError>([&] { tape.gradient(sum(op(x)), x); });
  };
  EXPECT_TRUE(contains(cotangent_of([&] { return elsewhere; }), {"strayed", "cotangent", "another tape"}));
  EXPECT_TRUE(contains(cotangent_of(gone), {"strayed", "cotangent", "gone"}));
}

TEST(CustomOp, WhatTheFunctionsThrowArrives) {
  const auto throws = [](auto&&...) -> int { throw std::out_of_range("mine"); };
  const CustomOp ordinary(
      "ordinary", [](Vars x) { return 2 * x[0]; },
      [=](Vars x, const Var&, const Var&) { return std::vector<Var>(static_cast<std::size_t>(throws(x))); });
  const CustomOp opaque(
      "opaque", [=](Arrays x) { return Array::zeros({throws(x)}); },
      [](Arrays, const Array&, const Array&) { return std::vector<Array>(); });
  Tape tape;
  const Var x = tape.variable(Array{1, 2});
  EXPECT_TRUE(contains(message_of<std::out_of_range>([&] { tape.gradient(sum(ordinary(x)), x); }), {"mine"}));
  const Var y = opaque(x);
  EXPECT_TRUE(contains(message_of<std::out_of_range>([&] { y.value(); }), {"mine"}));
  EXPECT_TRUE(equals((3 * x).value(), {3, 6})) << "the tape stays usable";
}

TEST(CustomOp, SeveralResultsAsOne) {
  const CustomOp op(
      "sine_and_cosine",
      [](Vars x) {
        return stack({sin(x[0]), cos(x[0])});
      },
      [](Vars x, const Var& y, const Var& c) {
        const Var swapped = stack({take(y, Array(std::int64_t{1}), 0), -take(y, Array(std::int64_t{0}), 0)});
        return std::vector<Var>{sum(c * swapped, 0) + 0 * x[0]};
      });
  EXPECT_TRUE(gradient_is_right([&](const Var& x) { return op(x); }, Array{0.3, -1.2, 2}, {.order = 2}));
}

TEST(CustomOp, MayTakeGradientsInItsRule) {
  // exp(x)'s cotangent by a gradient that the rule takes itself, in the middle of a walk that goes on to x and w.
  Tape tape;
  const CustomOp own(
      "own", [](std::span<const Var> x) { return exp(x[0]); },
      [&](std::span<const Var> x, const Var&, const Var& cotangent) {
        return std::vector<Var>{cotangent * tape.gradient(sum(exp(x[0])), x[0])};
      });
  const Var x = tape.variable(Array{0.5, 1.5}), w = tape.variable(Array{2.0, 3.0});
  const auto [dx, dw] = tape.gradient<2>(sum(own(x * w) * w), {x, w});
  const auto [ex, ew] = tape.gradient<2>(sum(exp(x * w) * w), {x, w});
  EXPECT_TRUE(same_bits(tape.evaluate({dx, dw}), tape.evaluate({ex, ew})));
}

TEST(OpaqueOp, Errors) {
  const auto of = [](Array value, std::vector<Array> cotangents) {
    return CustomOp(
        "faulty", [value](Arrays) { return value; },
        [cotangents](Arrays, const Array&, const Array&) { return cotangents; });
  };
  const auto evaluate = [](const CustomOp& op) {
    Tape tape;
    const Var x = tape.variable(Array{1, 2});
    op(x).value();
  };
  const auto differentiate = [](const CustomOp& op) {
    Tape tape;
    const Var x = tape.variable(Array{1, 2});
    tape.gradient(sum(op(x)), x).value();
  };
  const Array right{1, 2}, single = Array::from(std::vector<float>{1, 2});
  EXPECT_TRUE(contains(message_of<ShapeError>([&] { evaluate(of(Array{1, 2, 3}, {})); }), {"faulty", "[3]", "[2]"}));
  EXPECT_TRUE(contains(message_of<DTypeError>([&] { evaluate(of(single, {})); }), {"faulty", "float32", "float64"}));
  EXPECT_TRUE(contains(message_of<ValueError>([&] { evaluate(of(Array(), {})); }), {"faulty", "no value"}));
  EXPECT_TRUE(contains(message_of<ValueError>([&] { differentiate(of(right, {})); }), {"faulty", "0", "1 inputs"}));
  EXPECT_TRUE(
      contains(message_of<ShapeError>([&] { differentiate(of(right, {Array{1}})); }), {"faulty", "[1]", "[2]"}));
}

TEST(OpaqueOp, CannotAskItsOwnTapeForAnotherValue) {
  Var other;
  const CustomOp curious(
      "curious", [&](Arrays x) { return other.value(), x[0]; },
      [](Arrays, const Array&, const Array& c) { return std::vector<Array>{c}; });
  Tape tape;
  for (int round = 0; round < 3; ++round) {
    tape.reset();
    const Var x = tape.variable(Array{1, 2}), y = curious(x);
    other = sum(exp(x));
    EXPECT_TRUE(
        contains(message_of<ValueError>([&] { y.value(); }), {"evaluate", "is being evaluated", "recorded at"}));
    EXPECT_NEAR(other.item<double>(), std::exp(1) + std::exp(2), 1e-14);
    EXPECT_TRUE(same_bits(y.value(), x.value()));
  }
}

}  // namespace

}  // namespace xtape::test
