// Names and scopes, in dumps and in errors, of gradients and of gradients of gradients.
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <xtape/debug.hpp>
#include <xtape/vectorize.hpp>
#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

/// The line of a dump that begins with the node's number.
std::string line_of(const std::string& dump, const std::string& node) {
  const std::size_t begin = dump.find(node + " = ");
  if (begin == std::string::npos) return "no " + node;
  return dump.substr(begin, dump.find('\n', begin) - begin);
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(DebugNames, GivesTheVarBackAndRemembersTheName) {
  Tape tape(Options{});
  const Var x = name(tape.variable(Array{1, 2}), "x");
  EXPECT_EQ(name_of(x), "x");
  EXPECT_EQ(name_of(exp(x)), "");
  name(x, "features");
  EXPECT_EQ(name_of(x), "features");
  EXPECT_TRUE(equals(x.value(), {1, 2}));
}

TEST(DebugNames, ScopesNest) {
  Tape tape(Options{});
  const Var x = tape.variable(2.0);
  std::optional<Var> outer, inner, after;
  {
    const Scope encoder(tape, "encoder");
    outer = exp(x);
    {
      const Scope layer(x, "layer1");
      inner = sin(*outer);
    }
    after = cos(*inner);
  }
  EXPECT_EQ(scope_of(x), "");
  EXPECT_EQ(scope_of(*outer), "encoder");
  EXPECT_EQ(scope_of(*inner), "encoder/layer1");
  EXPECT_EQ(scope_of(*after), "encoder");
  EXPECT_EQ(scope_of(exp(*after)), "");
}

TEST(DebugNames, AreShownByDumps) {
  Tape tape(Options{});
  const Var x = name(tape.variable(Array{1, 2}), "x");
  const Scope scope(tape, "encoder");
  const Var y = exp(x);
  const Var z = name(sum(y), "total");
  EXPECT_EQ(line_of(tape.dump(), "%0"), "%0 = input               float64[2]  \"x\"");
  EXPECT_EQ(line_of(tape.dump(), "%1"), "%1 = exp(%0)             float64[2]  in encoder");
  EXPECT_EQ(line_of(tape.dump(), "%2"), "%2 = sum(%1, axes=[-1])  float64[]  \"total\" in encoder");
  const std::string plan = tape.dump_plan({z});
  EXPECT_TRUE(contains(plan, {"leaf 0  \"x\"\n"})) << plan;
  EXPECT_TRUE(contains(plan, {"register  in encoder\n"})) << plan;
  EXPECT_TRUE(contains(plan, {"output 0  \"total\" in encoder\n"})) << plan;
}

TEST(DebugNames, DumpsOfProgramsWithoutNamesStayAsTheyAre) {
  const auto dumps = [](const Options& options) {
    Tape tape(options);
    const Var x = tape.variable(Array{1, 2});
    const Var y = sum(exp(x));
    const Var gradient = tape.gradient(y, x);
    return tape.dump() + tape.dump_plan({gradient});
  };
  EXPECT_EQ(dumps({.detect_anomalies = true}), dumps({}));
}

TEST(DebugNames, GradientsBelongToTheScopeOfTheirNode) {
  Tape tape(Options{});
  const Var x = tape.variable(0.5);
  std::optional<Var> y;
  {
    const Scope scope(tape, "encoder");
    y = tanh(x);
  }
  const Scope elsewhere(tape, "training");
  const std::size_t before = tape.size();
  const Var gradient = tape.gradient(*y, x);
  const std::size_t first_order = tape.size();
  EXPECT_EQ(count_of(tape.dump(), "in encoder, the gradient of tanh"), 2U) << tape.dump();
  EXPECT_EQ(count_of(tape.dump(), "in training"), 0U) << tape.dump();
  EXPECT_GT(first_order, before);
  const Var second = tape.gradient(gradient, x);
  EXPECT_TRUE(contains(tape.dump(), {"in encoder, the gradient of square, in the gradient of tanh"})) << tape.dump();
  EXPECT_EQ(scope_of(exp(second)), "training");
}

TEST(DebugNames, GradientsThatAreCopiedFromThePreviousRecordingAreNotedToo) {
  Tape tape(Options{});
  const auto record = [&] {
    const Var x = tape.variable(0.5);
    const Scope scope(tape, "encoder");
    const Var y = tanh(x);
    const Var gradient = tape.gradient(y, x);
    gradient.value();
    return tape.dump();
  };
  const std::string first = record();
  tape.reset();
  const std::string second = record();
  EXPECT_TRUE(contains(first, {"the gradient of tanh"})) << first;
  EXPECT_EQ(first, second);
}

TEST(DebugNames, BeginInTheMiddleOfATrainingLoop) {
  Tape tape(Options{});
  const auto record = [&](bool named) {
    tape.reset();
    const Var x = tape.variable(0.5);
    const Var y = named ? name(tanh(x), "y") : tanh(x);
    const Var gradient = tape.gradient(y, x);
    gradient.value();
    return tape.dump();
  };
  EXPECT_FALSE(contains(record(false), {"gradient of"}));
  EXPECT_TRUE(contains(record(true), {"the gradient of tanh"}));
  EXPECT_FALSE(contains(record(false), {"\"y\""}));
}

TEST(DebugNames, ScopesStayOpenOverAResetAndOutliveTheTape) {
  auto tape = std::make_unique<Tape>(Options{});
  const Scope scope(*tape, "training");
  name(tape->variable(1.0), "x");
  tape->reset();
  const Var x = tape->variable(1.0);
  EXPECT_EQ(scope_of(x), "training");
  EXPECT_EQ(name_of(x), "");
  tape = nullptr;
  Tape other(Options{});  // gets the memory of the first
  EXPECT_EQ(scope_of(other.variable(1.0)), "");
}

TEST(DebugNames, ErrorsThatDependOnValuesTellThem) {
  Tape tape(Options{});
  const Var x = tape.variable(Array{1, 2});
  const Scope scope(tape, "encoder");
  const Var picked = name(take(x, tape.variable(Array::from<std::int64_t>({5})), 0), "picked");
  EXPECT_TRUE(contains(message_of<ValueError>([&] { picked.value(); }), {", \"picked\" in encoder)"}));
}

TEST(DebugNames, NodesOverABatchHaveThoseOfOneExample) {
  Tape tape(Options{});
  const Var x = tape.variable(Array{{1, 2}, {3, 4}});
  const Scope outer(tape, "outer");
  const auto total = [](const Var& row) {
    const Scope scope(row, "inner");
    return name(sum(name(row * row, "squares")), "total");
  };
  const Var totals = vectorize(total)(x), shifted = totals + 1;
  EXPECT_TRUE(equals(totals.value(), {5, 25}));
  EXPECT_EQ(name_of(totals), "total");
  EXPECT_EQ(scope_of(totals), "outer/inner");
  EXPECT_EQ(scope_of(shifted), "outer");
  EXPECT_EQ(count_of(tape.dump(), "\"squares\" in outer/inner"), 2u);

  const Var same = vectorize([](const Var& row) { return name(row, "row"); })(x);
  EXPECT_EQ(name_of(same), "") << "the argument itself";
}

std::string text_of(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(XTAPE_SOURCE_DIR "/" + path).rdbuf();
  return text.str();
}

/// The code that docs/debugging.md shows is that of the example.
TEST(DebugNames, CodeOfTheDocumentIsOfTheExample) {
  const std::string document = text_of("docs/debugging.md"), example = text_of("examples/debugging.cpp");
  const std::string fence = "```cpp\n";
  int blocks = 0;
  for (std::size_t at = document.find(fence); at != std::string::npos; at = document.find(fence, at + 1)) {
    const std::size_t begin = at + fence.size();
    EXPECT_TRUE(contains(example, {document.substr(begin, document.find("```", begin) - begin)}));
    ++blocks;
  }
  EXPECT_EQ(blocks, 4);
}

TEST(DebugNames, Errors) {
  Tape tape(Options{});
  const Var x = tape.variable(1.0);
  EXPECT_TRUE(contains(message_of<ValueError>([&] { name(x, ""); }), {"name: the name is empty"}));
  EXPECT_TRUE(contains(message_of<ValueError>([&] { Scope(tape, ""); }), {"Scope: the name is empty"}));
  EXPECT_TRUE(contains(message_of<StaleVarError>([&] { name(Var(), "x"); }), {"Var: it is empty"}));
  tape.reset();
  EXPECT_TRUE(contains(message_of<StaleVarError>([&] { name(x, "x"); }), {"used after its tape was reset"}));
  EXPECT_TRUE(contains(message_of<StaleVarError>([&] { name_of(x); }), {"used after its tape was reset"}));
  EXPECT_TRUE(contains(message_of<StaleVarError>([&] { scope_of(x); }), {"used after its tape was reset"}));
  EXPECT_TRUE(contains(message_of<StaleVarError>([&] { Scope(x, "scope"); }), {"used after its tape was reset"}));
  const Tape moved = std::move(tape);
  EXPECT_TRUE(contains(message_of<ValueError>([&] { Scope(tape, "scope"); }),  // NOLINT(bugprone-use-after-move)
                       {"Tape: used after it was moved from"}));
}

}  // namespace

}  // namespace xtape::test
