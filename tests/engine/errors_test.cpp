// The texts of errors: what is wrong, with the actual shapes, dtypes or names. Those of single ops are in tests/ops.
#include <functional>

#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

/// What a failing call may use.
struct Stage {
  Tape tape, other;
  Var x = tape.variable(Array{1, 2, 3});
  Var single = tape.variable(Array::ones({3}, DType::float32));
  Var integer = tape.variable(Array::from<std::int64_t>({0, 1, 7}));
  Var boolean = tape.variable(Array::full({3}, 1, DType::boolean));
  Var foreign = other.variable(Array{1, 2, 3});
  Parameter p{"weights", Array{1, 2, 3}};
};

struct Wrong {
  std::string name;
  std::function<void(Stage&)> call;
  std::vector<std::string> parts;
};

template <class Exception>
void expect_all(const std::vector<Wrong>& calls) {
  for (const Wrong& wrong : calls) {
    Stage stage;
    const std::string message = message_of<Exception>([&] { wrong.call(stage); });
    EXPECT_TRUE(contains(message, wrong.parts)) << wrong.name;
    EXPECT_EQ(sum(stage.x).template item<double>(), 6) << wrong.name << ": the tape is not usable after the error";
  }
}

TEST(Errors, OfShapes) {
  expect_all<ShapeError>({
      {"bool of several",
       [](Stage& s) { static_cast<void>(static_cast<bool>(s.boolean)); },
       {"operator bool", "[3]", "scalar", "logical_and"}},
      {"broadcast",
       [](Stage& s) {
         s.x + Array::ones({2, 4});
       },
       {"add", "[3]", "[2, 4]"}},
      {"gradient of a tensor", [](Stage& s) { s.tape.gradient(s.x, s.x); }, {"gradient", "[3]", "scalar"}},
      {"cotangent", [](Stage& s) { s.tape.vjp(s.x, sum(s.x), {s.x}); }, {"vjp", "[]", "[3]"}},
      {"assignment",
       [](Stage& s) {
         s.tape.evaluate({}, {{s.p, sum(s.x)}});
       },
       {"weights", "[3]", "[]"}},
      {"assign",
       [](Stage& s) {
         s.p.assign(Array{1, 2});
       },
       {"weights", "[3]", "[2]"}},
      {"guard",
       [](Stage& s) {
         s.tape.evaluate({}, {{s.p, s.x}}, &s.boolean);
       },
       {"guard", "[3]"}},
      {"condition",
       [](Stage& s) {
         if (s.x > 0) return;
       },
       {"[3]", "scalar"}},
      {"item of many", [](Stage& s) { s.x.item<double>(); }, {"[3]"}},
      {"ragged rows",
       [](Stage&) {
         Array{{1, 2}, {3}};
       },
       {"2", "1"}},
      {"count of elements",
       [](Stage&) {
         Array::from<double>({1, 2, 3}, {2, 2});
       },
       {"3", "[2, 2]"}},
      {"nine axes", [](Stage&) { Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}; }, {"9", "8"}},
      {"negative extent",
       [](Stage&) {
         Shape{2, -3};
       },
       {"-3"}},
      {"nine axes by expand_dims",
       [](Stage& s) {
         expand_dims(reshape(s.x, {1, 1, 1, 1, 1, 1, 1, 3}), 0);
       },
       {"8"}},
  });
}

TEST(Errors, OfDTypes) {
  expect_all<DTypeError>({
      {"float32 with float64", [](Stage& s) { s.x + s.single; }, {"add", "float32", "float64"}},
      {"float32 with a float64 Array",
       [](Stage& s) {
         s.single* Array{1, 2, 3};
       },
       {"multiply", "float32", "float64"}},
      {"float64 with int64", [](Stage& s) { s.x - s.integer; }, {"subtract", "float64", "int64"}},
      {"number beside int64", [](Stage& s) { s.integer + 1.5; }, {"add", "1.5", "int64"}},
      {"number beside bool", [](Stage& s) { static_cast<void>(s.boolean == 1); }, {"equal", "1", "bool"}},
      {"gradient of an integer", [](Stage& s) { s.tape.gradient(sum(s.integer), s.x); }, {"gradient", "int64"}},
      {"gradient for an integer", [](Stage& s) { s.tape.gradient(sum(s.x), s.integer); }, {"gradient", "int64"}},
      {"gradient for a bool", [](Stage& s) { s.tape.gradient(sum(s.x), s.boolean); }, {"gradient", "bool"}},
      {"cotangent", [](Stage& s) { s.tape.vjp(s.x, s.single, {s.x}); }, {"vjp", "float32", "float64"}},
      {"assignment",
       [](Stage& s) {
         s.tape.evaluate({}, {{s.p, s.single}});
       },
       {"weights", "float32", "float64"}},
      {"assign", [](Stage& s) { s.p.assign(Array::ones({3}, DType::float32)); }, {"weights", "float32", "float64"}},
      {"guard",
       [](Stage& s) {
         const Var guard = sum(s.x);
         s.tape.evaluate({}, {{s.p, s.x}}, &guard);
       },
       {"guard", "float64", "bool"}},
      {"condition",
       [](Stage& s) {
         if (sum(s.x)) return;
       },
       {"float64", "bool"}},
      {"elements of another type", [](Stage& s) { s.x.value().values<float>(); }, {"float64", "float32"}},
      {"full of a fraction", [](Stage&) { Array::full({2}, 1.5, DType::int64); }, {"1.5", "int64"}},
      {"full of two", [](Stage&) { Array::full({2}, 2, DType::boolean); }, {"2", "bool"}},
  });
}

TEST(Errors, OfValues) {
  expect_all<ValueError>({
      {"two tapes", [](Stage& s) { s.x + s.foreign; }, {"add", "two tapes"}},
      {"no Var", [](Stage&) { add(1, 2); }, {"add", "no operand is a Var", "Tape::variable"}},
      {"gradient of a foreign Var",
       [](Stage& s) { s.tape.gradient(sum(s.foreign), s.x); },
       {"gradient", "another tape"}},
      {"gradient for a foreign Var",
       [](Stage& s) { s.tape.gradient(sum(s.x), s.foreign); },
       {"gradient", "another tape"}},
      {"a foreign output", [](Stage& s) { s.tape.evaluate({s.foreign}); }, {"evaluate", "another tape"}},
      {"assigned twice",
       [](Stage& s) {
         s.tape.evaluate({}, {{s.p, s.x}, {s.p, s.x}});
       },
       {"weights", "twice"}},
      {"an empty Array", [](Stage& s) { s.tape.variable(Array()); }, {"Array"}},
      {"elements of an empty Array", [](Stage&) { Array().values<double>(); }, {"Array"}},
      {"a Parameter of nothing", [](Stage&) { Parameter("p", Array()); }, {"p"}},
      {"index", [](Stage& s) { take(s.x, s.integer, 0).value(); }, {"take", "7", "3", "errors_test.cpp"}},
      {"index below", [](Stage& s) { take(s.x, Array::from<std::int64_t>({-4}), 0).value(); }, {"take", "-4", "3"}},
      {"index along", [](Stage& s) { take_along_axis(s.x, s.integer, 0).value(); }, {"take_along_axis", "7", "3"}},
      {"class",
       [](Stage& s) {
         softmax_cross_entropy(reshape(s.x, {1, 3}), Array::from<std::int64_t>({3})).value();
       },
       {"3"}},
      {"negative class",
       [](Stage& s) {
         softmax_cross_entropy(reshape(s.x, {1, 3}), Array::from<std::int64_t>({-1})).value();
       },
       {"-1"}},
      {"threads", [](Stage&) { set_num_threads(0); }, {"0"}},
      {"nothing to join", [](Stage&) { concatenate(std::vector<Var>{}); }, {"concatenate"}},
      {"a moved tape",
       [](Stage& s) {
         Tape moved = std::move(s.other);
         s.other.variable(1.0);
       },
       {"moved"}},
  });
}

TEST(Errors, OfStaleVars) {
  Parameter p("weights", Array(1.0));
  Tape tape;
  const Var late = exp(tape.read(p));
  p.assign(Array(2.0));
  EXPECT_TRUE(contains(message_of<StaleVarError>([&] { late.value(); }), {"weights"}));
  EXPECT_TRUE(contains(message_of<StaleVarError>([&] { Var().value(); }), {"Var"}));
  tape.reset();
  EXPECT_TRUE(contains(message_of<StaleVarError>([&] { late.value(); }), {"Var", "reset"}));
}

TEST(Errors, ShareOneBase) {
  const Tape tape;
  EXPECT_THROW(Var().value(), Error);
  EXPECT_THROW((Shape{-1}), Error);
  EXPECT_THROW(Array::full({1}, 0.5, DType::int64), Error);
  EXPECT_TRUE((std::is_base_of_v<Error, NumericalError>));
}

}  // namespace

}  // namespace xtape::test
