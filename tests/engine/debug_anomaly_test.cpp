// Anomaly mode: which op is named, what else the text tells, and what is no anomaly.
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <xtape/custom_op.hpp>
#include <xtape/debug.hpp>
#include <xtape/function.hpp>
#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// What a program may use, and the value that is asked for.
struct Stage {
  Tape tape{Options{.detect_anomalies = true}};
  Var x = name(tape.variable(Array{1, -1, 0, 2}), "x");
  Var zero = tape.variable(0.0);
};

std::string anomaly_of(const std::function<Var(Stage&)>& program) {
  Stage stage;
  const std::string message = message_of<NumericalError>([&] { program(stage).value(); });
  EXPECT_EQ(sum(stage.x).item<double>(), 2) << "the tape is not usable after the error";
  return message;
}

/// That nothing is found.
void expect_silence(const std::function<Var(Stage&)>& program) {
  EXPECT_EQ(anomaly_of(program), "<nothing was thrown>");
}

TEST(DebugAnomaly, NamesTheOpWithItsElementAndWhatWentIn) {
  Tape tape(Options{.detect_anomalies = true});
  const Var x = name(tape.variable(Array{{1, 2}, {3, -4}}), "x");
  const Scope scope(tape, "encoder");
  const std::string line = std::to_string(__LINE__ + 1);
  const Var y = name(log(x), "log of x");
  const Var loss = mean(2 * y + 1);
  const std::string text = message_of<NumericalError>([&] { loss.value(); });
  EXPECT_TRUE(contains(text, {"log \"log of x\": its value is nan at [1, 1], float64[2, 2] {0, 0.693",
                              ", though all that went in is finite; recorded at ",
                              "debug_anomaly_test.cpp:" + line + " in encoder; what went in: ",
                              "input \"x\" = -4 at [1, 1] of float64[2, 2] {1, 2, 3, -4}; asked for was %"}));
  EXPECT_TRUE(std::isfinite(sum(x).item<double>()));
  EXPECT_EQ(message_of<NumericalError>([&] { loss.value(); }), text) << "it is found again";
  detect_anomalies(tape, false);
  EXPECT_TRUE(std::isnan(loss.item<double>()));
}

TEST(DebugAnomaly, NamesTheOpWhoseGradientItIs) {
  Tape tape(Options{.detect_anomalies = true});
  const Var x = tape.variable(Array{4, 0, 1});
  const std::string line = std::to_string(__LINE__ + 1);
  const Var root = sqrt(x);
  const Var y = sum(root);
  const Var gradient = tape.gradient(y, x);
  const std::string text = message_of<NumericalError>([&] { gradient.value(); });
  EXPECT_TRUE(contains(text, {"a part of the gradient of sqrt, is inf at [1]", "_test.cpp:" + line,
                              "though all that went in is finite", "= 0 at [1] of float64[3] {2, 0, 1}"}))
      << text;
}

TEST(DebugAnomaly, NamesTheOpsOfAGradientOfAGradient) {
  Tape tape(Options{.detect_anomalies = true});
  const Var x = tape.variable(0.0);
  const Var y = pow(x, 1.5);
  const Var first = tape.gradient(y, x);
  EXPECT_EQ(first.item<double>(), 0);
  const Var second = tape.gradient(first, x);
  const std::string text = message_of<NumericalError>([&] { second.value(); });
  EXPECT_TRUE(contains(text, {"a part of the gradient of power", ", in the gradient of power, is inf"})) << text;
}

TEST(DebugAnomaly, WithoutANameForTheGradientOfEarlierRecordings) {
  Tape tape(Options{});
  const Var x = tape.variable(0.0);
  const Var gradient = tape.gradient(sqrt(x), x);
  detect_anomalies(tape);
  EXPECT_TRUE(contains(message_of<NumericalError>([&] { gradient.value(); }), {"a part of a gradient, is inf"}));
}

TEST(DebugAnomaly, FollowsNaNToTheInfinityThatItWasMadeOf) {
  const std::string text = anomaly_of([](Stage& s) {
    const Var e = exp(1000 * s.x);
    return e / sum(e);
  });
  EXPECT_TRUE(contains(
      text, {"exp: its value is inf at [0], float64[4] {inf, 0, 1, inf}", "it becomes nan in divide", "= 1000 at [0]"}))
      << text;
}

TEST(DebugAnomaly, NamesLeaves) {
  const std::string text = anomaly_of([](Stage& s) {
    const Parameter p("weights", Array{1, kNaN});
    return sum(s.tape.read(p)) + s.x;
  });
  EXPECT_TRUE(contains(text, {"parameter \"weights\": its value is nan at [1], float64[2] {1, nan}; recorded at "}));
  EXPECT_TRUE(contains(anomaly_of([](Stage& s) { return name(s.tape.variable(Array{kInf}), "data") * s.x; }),
                       {"input \"data\": its value is inf at [0], float64[1] {inf}; recorded at"}));
  EXPECT_TRUE(contains(anomaly_of([](Stage& s) { return s.x * kNaN; }), {"number: its value is nan, float64[] {nan}"}));
}

TEST(DebugAnomaly, NamesTheOpThatMakesNaNOfInfinitiesThatAreMeant) {
  const std::string text = anomaly_of([](Stage& s) {
    const Var masked = where(s.x > 5, s.x, -kInf);
    return softmax(masked, 0);
  });
  EXPECT_TRUE(contains(text, {"its value is nan", "made of infinities", "the infinity is of number"})) << text;
}

TEST(DebugAnomaly, NamesTheFirstOfSeveral) {
  const std::string text = anomaly_of([](Stage& s) {
    const Var reciprocal = 1 / s.x;
    return log(s.x) + reciprocal;
  });
  EXPECT_TRUE(contains(text, {"its value is"})) << text;
  Tape tape(Options{.detect_anomalies = true});
  const Var x = tape.variable(Array{-1, 0});
  const Var second = sqrt(x), first = log(tape.variable(-1.0));
  const std::string both = message_of<NumericalError>([&] { tape.evaluate({first, second}); });
  EXPECT_TRUE(contains(both, {"sqrt: its value is nan at [0]"})) << both;
}

TEST(DebugAnomaly, GoesThroughViewsReductionsProductsAndCalls) {
  const auto expect_log = [](const std::function<Var(const Var&)>& reader) {
    const std::string text = anomaly_of([&](Stage& s) { return reader(log(s.x)); });
    EXPECT_TRUE(contains(text, {"log: its value is nan at [1], float64[4] {0, nan, -inf, 0.69"})) << text;
  };
  expect_log([](const Var& y) { return transpose(reshape(y, {2, 2})); });
  expect_log([](const Var& y) { return slice(y, {Slice(3, 0, -1)}); });
  expect_log([](const Var& y) { return broadcast_to(reshape(y, {1, 4}), {3, 4}); });
  expect_log([](const Var& y) { return sum(reshape(slice(y, {Slice(0, 2)}), {2, 1}), 0); });
  expect_log([](const Var& y) { return matmul(reshape(y, {2, 2}), Array{{1, 2}, {3, 4}}); });
  expect_log([](const Var& y) { return matmul(Array{{1, 2}, {3, 4}}, reshape(y, {2, 2})); });
  expect_log([](const Var& y) { return take(y, Array::from<std::int64_t>({1, 1}), 0); });
  expect_log([](const Var& y) { return concatenate({y, y}, 0); });
  expect_log([](const Var& y) { return logsumexp(y, 0); });
}

TEST(DebugAnomaly, FindsWhatReductionsAndProductsMakeThemselves) {
  EXPECT_TRUE(contains(anomaly_of([](Stage& s) { return sum(0 * s.x + 1e308); }),
                       {"sum: its value is inf", "what went in: add = float64[4] {1e+308, "}));
  EXPECT_TRUE(contains(anomaly_of([](Stage& s) {
                         return matmul(reshape(abs(s.x), {1, 4}), Array::full({4, 1}, 1e308));
                       }),
                       {"matmul: its value is inf at [0, 0]", "though all that went in is finite"}));
}

TEST(DebugAnomaly, GoesThroughValuesThatWereAskedForBefore) {
  Tape tape(Options{});
  const Var x = tape.variable(Array{1, -1});
  const Var y = log(x);
  y.value();
  detect_anomalies(tape);
  EXPECT_TRUE(contains(message_of<NumericalError>([&] { sum(y).value(); }), {"log: its value is nan at [1]"}));
}

TEST(DebugAnomaly, StopsAtValuesOfParametersThatWereAssigned) {
  Parameter p("p", Array{1, -1});
  Tape tape(Options{});
  const Var y = log(tape.read(p));
  const Var z = 2 * y;
  z.value();
  p.assign(Array{1, 1});
  detect_anomalies(tape);
  const std::string text = message_of<NumericalError>([&] { sum(z).value(); });
  EXPECT_TRUE(contains(text, {"multiply: its value is nan at [1]", "(a value of before a Parameter was assigned)"}))
      << text;
}

// What is no anomaly: it does not reach what was asked for, or the program says so.

TEST(DebugAnomaly, BranchesThatAreNotSelected) {
  expect_silence([](Stage& s) { return where(s.x > 0, log(s.x), 0); });
  expect_silence([](Stage& s) {
    const Var y = where(s.x > 0, sqrt(s.x), 0);
    return s.tape.gradient(sum(y), s.x);
  });
  expect_silence([](Stage& s) { return where(s.x > -5, sum(softmax(where(s.x > 0, s.x, -kInf), 0)), log(s.x)); });
  const std::string text = anomaly_of([](Stage& s) { return where(s.x > 0, s.x / 0, log(s.x)); });
  EXPECT_TRUE(contains(text, {"log: its value is nan at [1]"})) << text;
}

TEST(DebugAnomaly, InfinitiesThatAreMeant) {
  expect_silence([](Stage& s) { return where(s.x > 0, s.x, -kInf); });
  expect_silence([](Stage& s) { return softmax(where(s.x > 0, s.x, -kInf), 0); });
  expect_silence([](Stage& s) { return logsumexp(where(s.x > 5, s.x, -kInf), 0); });
  expect_silence([](Stage& s) {
    const Var masked = where(s.x > 0, s.x, -kInf);
    return s.tape.gradient(logsumexp(masked, 0), s.x);
  });
  expect_silence([](Stage& s) { return softmax(s.x + Array{0, -kInf, 0, -kInf}, 0); });
  expect_silence([](Stage& s) { return exp(-exp(s.x) / s.zero) + exp(log(abs(s.x) * 0)); });
  const std::string text = anomaly_of([](Stage& s) { return where(s.x > 0, s.x, -kInf) + 1 / s.zero; });
  EXPECT_TRUE(contains(text, {"divide: its value is inf"})) << text;
}

TEST(DebugAnomaly, IntegersAndBoolsAreNone) {
  expect_silence([](Stage& s) { return argmax(s.x, 0); });
  expect_silence([](Stage& s) { return isfinite(log(s.x)); });
}

TEST(DebugAnomaly, ValuesAreThoseOfARunWithoutIt) {
  const auto values = [](bool on, bool planned) {
    Tape tape(Options{.planned = planned, .detect_anomalies = on});
    const Var x = tape.variable(Array{0.5, 1.5});
    const Var y = sum(tanh(x) * x);
    const Var gradient = tape.gradient(y, x);
    return tape.evaluate({y, gradient});
  };
  for (bool planned : {true, false}) EXPECT_TRUE(same_bits(values(true, planned), values(false, planned)));
}

TEST(DebugAnomaly, ParametersKeepTheirValues) {
  Parameter p("p", Array{1, -1});
  Tape tape(Options{.detect_anomalies = true});
  const Var next = log(tape.read(p));
  EXPECT_THROW(tape.evaluate({}, {{p, next}}), NumericalError);
  EXPECT_TRUE(equals(p.value(), {1, -1}));
}

TEST(DebugAnomaly, TapesThatAreResetFindItInEachRecording) {
  Tape tape(Options{.detect_anomalies = true});
  for (const double value : {1.0, -1.0, 1.0, -1.0}) {
    tape.reset();
    const Var x = tape.variable(value);
    const Var y = log(x) * 2;
    const Var gradient = tape.gradient(y, x);
    EXPECT_EQ(gradient.item<double>(), 2 / value);
    const std::string text = message_of<NumericalError>([&] { y.value(); });
    EXPECT_TRUE(contains(text, {value > 0 ? "nothing was thrown" : "log: its value is nan, float64[] {nan}"}));
  }
}

TEST(DebugAnomaly, OfTwoThreadsAtOnce) {
  std::vector<std::string> texts(4);
  std::vector<std::thread> threads;
  for (std::string& text : texts)
    threads.emplace_back([&text] { text = anomaly_of([](Stage& s) { return sum(log(s.x)); }); });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& text : texts) EXPECT_EQ(text, texts[0]);
  EXPECT_TRUE(contains(texts[0], {"log: its value is nan at [1]"}));
}

TEST(DebugAnomaly, OpsOfAnApplication) {
  const CustomOp broken(
      "broken", [](std::span<const Array> x) { return Array::full(x[0].shape(), kNaN); },
      [](std::span<const Array>, const Array&, const Array& cotangent) { return std::vector<Array>{cotangent}; });
  const std::string text = anomaly_of([&](Stage& s) { return sum(broken(s.x)); });
  EXPECT_TRUE(contains(text, {"broken: its value is nan at [0]", "input \"x\" = float64[4]"})) << text;
}

TEST(DebugAnomaly, CallsOfAFunctionWithArrays) {
  const Parameter weight("weight", Array(2.0));
  const auto program = [&](const Var& x) { return std::pair(where(x < 0, -kInf, x), log(x * weight)); };
  const Function f(program, Options{.detect_anomalies = true}), silent(program, Options{});
  EXPECT_EQ(f.call<2>(Array{1, 0.5})[1].values<double>()[1], 0);
  const std::string text = message_of<NumericalError>([&] { f.call(Array{1, -4}); });
  EXPECT_TRUE(contains(text, {"log: its value is nan at [1]", "multiply = -8 at [1] of float64[2] {2, -8}"})) << text;
  EXPECT_EQ(message_of<NumericalError>([&] { f.call<2>(Array{1, -4}); }), text);
  EXPECT_TRUE(std::isnan(silent.call(Array{1, -4})[1].values<double>()[1]));

  const Function one([](const Var& x) { return 1 / x; }, Options{.detect_anomalies = true});
  EXPECT_EQ(one(2.0).item<double>(), 0.5);
  EXPECT_TRUE(contains(message_of<NumericalError>([&] { one(0.0); }), {"divide: its value is inf"}));
  const Function meant([](const Var& x) { return where(x < 0, -kInf, x); }, Options{.detect_anomalies = true});
  EXPECT_EQ(meant(-1.0).item<double>(), -kInf);
}

TEST(DebugAnomaly, ByTheEnvironment) {
  const char* variable = "XTAPE_DETECT_ANOMALIES";
  EXPECT_EQ(setenv(variable, "1", 1), 0);
  Tape tape;
  EXPECT_EQ(unsetenv(variable), 0);
  EXPECT_THROW(log(tape.variable(-1.0)).value(), NumericalError);
  Tape later;
  EXPECT_TRUE(std::isnan(log(later.variable(-1.0)).item<double>()));
}

}  // namespace

}  // namespace xtape::test
