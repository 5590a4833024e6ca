// Functions: recorded once, called with Arrays, numbers and Vars.
#include <xtape/function.hpp>

#include <cmath>
#include <optional>
#include <thread>
#include <tuple>

#include <gtest/gtest.h>

#include <xtape/custom_op.hpp>
#include <xtape/functional.hpp>
#include <xtape/xtape.hpp>
#include <xtape/xtensor.hpp>

#include "support/check.hpp"

namespace xtape {
using test::message_of;
using test::same_bits;

namespace {

std::vector<double> elements(const Array& array) {
  const auto values = array.values<double>();
  return {values.begin(), values.end()};
}

// ---- Calls

TEST(Function, RecordsOnceAndRunsOnOtherInputs) {
  int recorded = 0;
  const Function f([&](const Var& x, const Var& y) {
    ++recorded;
    return x * x + x * y;
  });
  EXPECT_EQ(elements(f(Array{1, 2}, Array{10, 20})), (std::vector<double>{11, 44}));
  EXPECT_EQ(elements(f(Array{3, 4}, Array{-1, 0})), (std::vector<double>{6, 16}));
  EXPECT_EQ(recorded, 1);
  EXPECT_EQ(f(2.0, 5.0).item<double>(), 14);
  EXPECT_EQ(f(3.0, 5.0).item<double>(), 24);
  EXPECT_EQ(recorded, 2);
  EXPECT_EQ(f.recordings(), 2u);
}

TEST(Function, ResultsOutliveLaterCallsAndTheFunction) {
  std::optional<Function> f([](const Var& x) { return 2 * x; });
  const Array first = (*f)(Array{1, 2, 3});
  const Array second = (*f)(Array{4, 5, 6});
  f.reset();
  EXPECT_EQ(elements(first), (std::vector<double>{2, 4, 6}));
  EXPECT_EQ(elements(second), (std::vector<double>{8, 10, 12}));
}

TEST(Function, GivesSeveralResults) {
  const Function pair([](const Var& x) { return std::pair(sum(x), x + 1); });
  const auto [total, next] = pair.call<2>(Array{1, 2});
  EXPECT_EQ(total.item<double>(), 3);
  EXPECT_EQ(elements(next), (std::vector<double>{2, 3}));

  const Function all([](const Var& x) { return std::vector<Var>{x, x * x, reshape(x * x, {1, 2}), sum(x)}; });
  const std::vector<Array> values = all.call(Array{1, 2});
  ASSERT_EQ(values.size(), 4u);
  EXPECT_EQ(elements(values[0]), (std::vector<double>{1, 2}));
  EXPECT_EQ(elements(values[1]), (std::vector<double>{1, 4}));
  EXPECT_EQ(values[2].shape(), (Shape{1, 2}));
  EXPECT_EQ(elements(values[2]), (std::vector<double>{1, 4}));
  EXPECT_EQ(values[3].item<double>(), 3);

  const Function nested([](const Var& x) { return std::tuple(x + 1, std::array<Var, 2>{x + 2, x + 3}); });
  EXPECT_EQ(nested.call(1.0).size(), 3u);
  EXPECT_EQ(nested.call(1.0)[2].item<double>(), 4);
}

TEST(Function, GivesValueAndGradient) {
  const Function one(value_and_gradient([](const Var& x) { return sum(x * x); }));
  const auto [value, slope] = one.call<2>(Array{1, 3});
  EXPECT_EQ(value.item<double>(), 10);
  EXPECT_EQ(elements(slope), (std::vector<double>{2, 6}));
  const Function two(value_and_gradient([](const Var& x, const Var& y) { return sum(x * y); }));
  const auto [product, of_x, of_y] = two.call<3>(Array{1, 2}, Array{3, 4});
  EXPECT_EQ(product.item<double>(), 11);
  EXPECT_EQ(elements(of_x), (std::vector<double>{3, 4}));
  EXPECT_EQ(elements(of_y), (std::vector<double>{1, 2}));
}

TEST(Function, TakesItsTapeForGradients) {
  const Function step([](Tape& tape, const Var& w, const Var& x) {
    const Var loss = sum(square(w * x - 1));
    return std::pair(loss, w - 0.25 * tape.gradient(loss, w));
  });
  // loss = (3 - 1)^2 + (4 - 1)^2; w - (w x - 1) x / 2
  const auto [loss, w] = step.call<2>(Array{1, 2}, Array{3, 2});
  EXPECT_EQ(loss.item<double>(), 13);
  EXPECT_EQ(elements(w), (std::vector<double>{-2, -1}));
  const auto [again, v] = step.call<2>(Array{0, 0}, Array{3, 2});
  EXPECT_EQ(again.item<double>(), 2);
  EXPECT_EQ(elements(v), (std::vector<double>{1.5, 1}));
}

TEST(Function, TakesGenericLambdasSpansAndNoInputs) {
  EXPECT_EQ(Function([](auto x) { return x * x; })(3.0).item<double>(), 9);
  EXPECT_EQ(Function([](auto... x) { return (x + ...); })(3.0, 4.0, 5.0).item<double>(), 12);
  EXPECT_EQ(Function([](Tape& tape, auto x) { return tape.gradient(x * x, x); })(3.0).item<double>(), 6);
  const Function total([](std::span<const Var> x) {
    Var all = x[0];
    for (const Var& part : x.subspan(1)) all = all + part;
    return all;
  });
  const std::vector<Array> many(20, Array{1, 2});
  EXPECT_EQ(elements(total.call(many)[0]), (std::vector<double>{20, 40}));
  EXPECT_EQ(total(1.0).item<double>(), 1);
  Parameter w("w", Array{1, 2});
  const Function norm([&](Tape& tape) { return sum(square(tape.read(w))); });
  EXPECT_EQ(norm().item<double>(), 5);
  const Function slope([&](Tape& tape, std::span<const Var> x) { return tape.gradient(x[0] * x[1], x[1]); });
  EXPECT_EQ(slope(7.0, 2.0).item<double>(), 7);
}

TEST(Function, TakesNumbersOfEachTypeAndXtensorExpressions) {
  const Function twice([](const Var& x) { return x + x; });
  EXPECT_EQ(twice(1.5f).dtype(), DType::float32);
  EXPECT_EQ(twice(1.5f).item<float>(), 3);
  EXPECT_EQ(twice(2).dtype(), DType::int64);
  EXPECT_EQ(twice(2).item<std::int64_t>(), 4);
  EXPECT_EQ(Function([](const Var& x) { return logical_not(x); })(true).item<bool>(), false);
  const xt::xarray<double> x = {{1, 2}, {3, 4}};
  EXPECT_EQ(elements(twice(x)), (std::vector<double>{2, 4, 6, 8}));
  EXPECT_EQ(elements(twice(xt::transpose(x) + 1)), (std::vector<double>{4, 8, 6, 10}));
}

TEST(Function, GivesBackWhatItDoesNotCompute) {
  Parameter w("w", Array{5, 6});
  const Array captured{7, 8};
  const Function f([&](Tape& tape, const Var& x, const Var&) {
    return std::vector<Var>{x, tape.read(w), tape.variable(captured), tape.variable(2.5)};
  });
  const std::vector<Array> values = f.call(Array{1, 2}, Array{3, 4});
  EXPECT_EQ(elements(values[0]), (std::vector<double>{1, 2}));
  EXPECT_EQ(elements(values[1]), (std::vector<double>{5, 6}));
  EXPECT_EQ(elements(values[2]), (std::vector<double>{7, 8}));
  EXPECT_EQ(values[3].item<double>(), 2.5);
  EXPECT_EQ(f.call(4.0, 3.0)[0].item<double>(), 4);
}

TEST(Function, ReadsParametersAtTheirPresentValue) {
  Parameter w("w", Array{1, 2});
  const double captured = 10;
  const Function f([&](const Var& x) { return sum(x * w) + captured; });
  EXPECT_EQ(f(Array{3, 4}).item<double>(), 21);
  w.assign(Array{-1, 1});
  EXPECT_EQ(f(Array{3, 4}).item<double>(), 11);
  ASSERT_EQ(f.parameters().size(), 1u);
  EXPECT_EQ(f.parameters()[0]->name(), "w");
  f.parameters()[0]->assign(Array{0, 0});
  EXPECT_EQ(elements(w.value()), (std::vector<double>{0, 0}));
  EXPECT_EQ(f(Array{3, 4}).item<double>(), 10);
  EXPECT_EQ(f(w).item<double>(), 10);
}

TEST(Function, KeepsABoundedNumberOfRecordings) {
  int recorded = 0;
  Function f([&](const Var& x) {
    ++recorded;
    return sum(x);
  });
  f.set_capacity(2);
  const auto call = [&](std::int64_t n) { return f(Array::ones({n})).item<double>(); };
  EXPECT_EQ(call(1), 1);
  EXPECT_EQ(call(2), 2);
  EXPECT_EQ(call(1), 1);
  EXPECT_EQ(call(3), 3);  // 2 goes, which was used least recently
  EXPECT_EQ(recorded, 3);
  EXPECT_EQ(f.recordings(), 2u);
  EXPECT_EQ(call(1), 1);
  EXPECT_EQ(recorded, 3);
  EXPECT_EQ(call(2), 2);
  EXPECT_EQ(recorded, 4);
  f.set_capacity(1);
  EXPECT_EQ(f.recordings(), 1u);
}

TEST(Function, HonoursItsOptions) {
  const auto program = [](Tape& tape, const Var& x) {
    Var y = x;
    for (int i = 0; i < 12; ++i) y = matmul(y, y) * 0.125;
    return tape.gradient(sum(y), x);
  };
  const Array x = Array::full({40, 40}, 0.2);
  const Array reference = Function(program, {.planned = false, .rounding_passes = false})(x);
  EXPECT_EQ(elements(Function(program, {.rounding_passes = false})(x)), elements(reference));
  const Array planned = Function(program, {})(x);
  EXPECT_EQ(elements(Function(program, {.memory_budget = 200'000})(x)), elements(planned));
}

TEST(Function, PreparesWithoutRunning) {
  int recorded = 0;
  const Function f([&](const Var& x) {
    ++recorded;
    return x + 1;
  });
  f.prepare(Array::zeros({3}));
  EXPECT_EQ(recorded, 1);
  EXPECT_EQ(f(Array{1, 2, 3}).size(), 3);
  EXPECT_EQ(recorded, 1);
}

TEST(Function, CopiesShareTheirRecordings) {
  int recorded = 0;
  const Function f([&](const Var& x) {
    ++recorded;
    return x + 1;
  });
  const Function g = f;
  EXPECT_EQ(f(1.0).item<double>(), 2);
  EXPECT_EQ(g(2.0).item<double>(), 3);
  EXPECT_EQ(recorded, 1);
}

// ---- On tapes

TEST(Function, IsDifferentiableForInputsAndParameters) {
  Parameter w("w", Array{2, 3});
  const Function f([&](const Var& x) { return sum(w * square(x)); });
  Tape tape;
  const Var x = tape.variable(Array{4, 5});
  const Var y = f(x);
  EXPECT_EQ(y.item<double>(), 107);
  EXPECT_EQ(elements(tape.gradient(y, x).value()), (std::vector<double>{16, 30}));
  EXPECT_EQ(elements(tape.gradient(y, w).value()), (std::vector<double>{16, 25}));
  const Var gradient = tape.gradient(y, x);
  EXPECT_EQ(elements(tape.gradient(sum(gradient * gradient), x).value()), (std::vector<double>{128, 360}));
}

TEST(Function, RecordsOnTheTapeOfMixedInputs) {
  const Function f([](const Var& a, const Var& b, const Var& c) { return a * b + c; });
  Tape tape;
  Parameter w("w", Array(4.0));
  const Var b = tape.variable(3.0);
  const Var y = f(w, b, 0.5);
  EXPECT_EQ(y.item<double>(), 12.5);
  EXPECT_EQ(tape.gradient(y, w).item<double>(), 3);
  EXPECT_EQ(tape.gradient(y, b).item<double>(), 4);
  EXPECT_EQ(f(Array(2.0), 3.0, b).item<double>(), 9);
  const std::vector<Var> vars{b, b, b};
  EXPECT_EQ(f.call(vars)[0].item<double>(), 12);
  EXPECT_EQ(f.call<1>(b, 1.0, 2.0)[0].item<double>(), 5);
}

TEST(Function, NestsInOtherFunctions) {
  const Function square_of([](const Var& x) { return x * x; });
  const Function slope([&](Tape& tape, const Var& x) { return tape.gradient(square_of(x) * x, x); });
  EXPECT_EQ(slope(2.0).item<double>(), 12);
  const Function curvature([&](Tape& tape, const Var& x) { return tape.gradient(slope(x), x); });
  EXPECT_EQ(curvature(2.0).item<double>(), 12);
  EXPECT_EQ(Function(square_of)(3.0).item<double>(), 9);
  EXPECT_EQ(Function([&](const Var& x) { return square_of(square_of(x)); })(3.0).item<double>(), 81);
}

/// Small loops and products take ways of their own.
TEST(Function, AgreesWithTheTapeBitForBit) {
  const auto body = [](Tape& tape, const Var& x, const Var& w) {
    const Var y = tanh(matmul(x, w)), z = where(x > 0, exp(x), transpose(transpose(x) * 3)) / 7;
    const Var total = sum(z * z) + sum(square(y)) + mean(max(z, 1)) + sum(sum(z, 0) * 0.3);
    const std::vector<Var> gradients = tape.gradient(total, {x, w});
    return std::vector<Var>{y, z, total, sum(z, 1), all(x > 0, 1), gradients[0], gradients[1], transpose(z) - 1};
  };
  const Function f(body);
  for (std::int64_t rows : {1, 2, 7, 8, 16, 21, 33, 64})
    for (std::int64_t columns : {1, 3, 4, 8})
      for (DType dtype : {DType::float64, DType::float32}) {
        const Array x = normal(Key{1}, {rows, columns}, 0, 1, dtype), w = normal(Key{2}, {columns, 3}, 0, 1, dtype);
        Tape tape;
        const std::vector<Var> results = body(tape, tape.variable(x), tape.variable(w));
        EXPECT_TRUE(same_bits(f.call(x, w), tape.evaluate(results))) << rows << " x " << columns;
      }
}

// ---- Custom ops

TEST(Function, RunsOpaqueOpsAndNamesTheirLine) {
  const CustomOp root(
      "checked_root",
      [](std::span<const Array> x) {
        if (x[0].item<double>() < 0) throw ValueError("checked_root: it is negative");
        return Array(std::sqrt(x[0].item<double>()));
      },
      [](std::span<const Array>, const Array& y, const Array& h) {
        return std::vector<Array>{Array(h.item<double>() / (2 * y.item<double>()))};
      });
  const Function f([&](const Var& x) { return root(x) + 1; });
  EXPECT_EQ(f(9.0).item<double>(), 4);
  EXPECT_NE(message_of<ValueError>([&] { f(-1.0); }).find("negative (recorded at"), std::string::npos);
  EXPECT_NE(message_of<ValueError>([&] { f(-1.0); }).find("function_test.cpp:"), std::string::npos);
  EXPECT_EQ(f(16.0).item<double>(), 5);
  Tape tape;
  const Var x = tape.variable(16.0);
  EXPECT_EQ(tape.gradient(f(x), x).item<double>(), 0.125);
}

TEST(Function, MayCallItselfWhileItRuns) {
  const Function* again = nullptr;
  const CustomOp countdown(
      "countdown",
      [&](std::span<const Array> x) {
        const double n = x[0].item<double>();
        return Array(n == 0 ? 0 : n + (*again)(n - 1).item<double>());
      },
      [](std::span<const Array>, const Array&, const Array& h) { return std::vector<Array>{h}; });
  const Function f([&](const Var& x) { return countdown(x) + 0; });
  again = &f;
  EXPECT_EQ(f(4.0).item<double>(), 10);
}

// ---- Errors

TEST(Function, RejectsWrongCounts) {
  const Function two([](const Var& a, const Var& b) { return a + b; });
  EXPECT_EQ(message_of<ValueError>([&] { two(1.0); }), "Function: it takes 2 inputs, not 1");
  const Function either([](const Var& a, auto... b) { return (a + ... + b); });
  EXPECT_EQ(message_of<ValueError>([&] { static_cast<void>(either.call()); }).substr(0, 29),
            "Function: it takes 1 or 2 or ");
  EXPECT_EQ(message_of<ValueError>([&] { static_cast<void>(two.call<2>(1.0, 2.0)); }),
            "Function: it has 1 results, not 2");
  const Function pair([](const Var& a) { return std::pair(a + 1, a + 2); });
  EXPECT_EQ(message_of<ValueError>([&] { pair(1.0); }), "Function: it has 2 results, not 1");
  const Function none([](const Var&) { return std::vector<Var>{}; });
  EXPECT_EQ(message_of<ValueError>([&] { none(1.0); }), "Function: it has no results");
  const std::vector<Var> no_vars;
  EXPECT_EQ(message_of<ValueError>([&] { static_cast<void>(two.call(no_vars)); }),
            "Function: no input is a Var, whose tape it could be recorded on");
}

TEST(Function, RejectsVarsThatDoNotBelong) {
  Tape tape, other;
  const Var x = tape.variable(1.0), y = other.variable(2.0);
  const Function product([](const Var& a, const Var& b) { return a * b; });
  EXPECT_EQ(message_of<ValueError>([&] { product(x, y); }), "Function: the inputs are Vars of two tapes");
  const std::string captured =
      "Function: result 0 is a Var of another tape, which the function has captured; make that Var an input, or "
      "capture "
      "its value";
  EXPECT_EQ(message_of<ValueError>([&] { Function([&](const Var&) { return x; })(1.0); }), captured);
  EXPECT_EQ(message_of<ValueError>([&] { Function([&](const Var&) { return square(x); })(1.0); }), captured);
  EXPECT_NE(message_of<ValueError>([&] { Function([&](const Var& a) { return a + x; })(1.0); }).find("two tapes"),
            std::string::npos);
  EXPECT_EQ(message_of<ValueError>([&] { Function([&](const Var&) { return Var(); })(1.0); }),
            "Function: result 0 is an empty Var");
  Var leaked;
  const auto leak = [&] { Function([&](const Var& a) { return leaked = a; })(1.0); };
  leak();
  EXPECT_EQ(message_of<StaleVarError>([&] { Function([&](const Var& a) { return std::pair(a, leaked); }).call(1.0); }),
            "Function: result 1 is a Var of a tape that is gone");
}

TEST(Function, RejectsValuesAskedForWhileItIsRecorded) {
  const Function branch([](const Var& x) { return x > 0 ? x : -x; });
  const std::string message = message_of<ValueError>([&] { branch(1.0); });
  EXPECT_NE(message.find("depends on an input of a function that is being recorded (at"), std::string::npos) << message;
  EXPECT_NE(message.find("function_test.cpp:"), std::string::npos) << message;
  const Function constant([](const Var& x) { return (x * 0 + 1).shape().rank() == 0 ? x : -x; });
  EXPECT_EQ(constant(1.0).item<double>(), 1);
}

TEST(Function, RejectsUsingItselfWhileItIsRecorded) {
  const Function* again = nullptr;
  const Function f([&](const Var& x) { return (*again)(x); });
  again = &f;
  EXPECT_EQ(message_of<ValueError>([&] { f(1.0); }), "Function: it uses itself while it is recorded");
  EXPECT_EQ(message_of<ValueError>([&] { f(1.0); }), "Function: it uses itself while it is recorded");
}

TEST(Function, RejectsEmptyArraysAndCapacities) {
  Function f([](const Var& x) { return x; });
  EXPECT_EQ(message_of<ValueError>([&] { f(Array()); }), "Function: an input is an Array without a value");
  EXPECT_EQ(f(1.0).item<double>(), 1);
  EXPECT_EQ(message_of<ValueError>([&] { f(Array()); }), "Function: an input is an Array without a value");
  EXPECT_EQ(message_of<ValueError>([&] { f.set_capacity(0); }), "Function: the capacity is 0, it must be 1 or more");
}

TEST(Function, IsAsBeforeAfterAnError) {
  int calls = 0;
  const Function f([&](const Var& x) {
    if (++calls == 1) throw std::runtime_error("not yet");
    return x + 1;
  });
  EXPECT_THROW(f(1.0), std::runtime_error);
  EXPECT_EQ(f.recordings(), 0u);
  EXPECT_EQ(f(1.0).item<double>(), 2);
}

// ---- Threads

TEST(Function, RunsInSeveralThreadsAtOnce) {
  Parameter w("w", Array{1, 2, 3});
  const Function f([&](const Var& x) { return std::pair(sum(w * x), x * 2); });
  std::vector<std::thread> threads;
  std::vector<int> wrong(12);
  for (std::size_t t = 0; t < wrong.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        const double value = static_cast<double>(t) + i;
        const Array x = Array::full(i % 3 == 0 ? Shape{1, 3} : Shape{3}, value);
        const auto [total, twice] = f.call<2>(x);
        wrong[t] += total.item<double>() != 6 * value || twice.values<double>()[2] != 2 * value;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(wrong.size()));
  EXPECT_EQ(f.recordings(), 2u);
}

}  // namespace
}  // namespace xtape
