// The program as a picture: its text, and that `dot` takes it.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include <xtape/debug.hpp>
#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

/// The text from `begin` up to the end of the line.
std::string line_with(const std::string& text, const std::string& begin) {
  const std::size_t at = text.find(begin);
  return at == std::string::npos ? "no " + begin : text.substr(at, text.find('\n', at) - at);
}

TEST(DebugGraphviz, ShowsNodesWithShapesNamesAndLines) {
  Parameter weights("weights", Array{1, 2});
  Tape tape(Options{});
  const Var x = name(tape.variable(Array{1, 2}), "x"), w = tape.read(weights);
  const std::string line = std::to_string(__LINE__ + 1);
  const Var scaled = x * w;
  const Var shifted = scaled + 2.5;
  const Var y = sum(shifted);
  const std::string text = dump_graphviz(tape, {y});
  EXPECT_TRUE(text.starts_with("digraph tape {\n")) << text;
  EXPECT_TRUE(contains(line_with(text, "n0 ["), {R"([label="%0 = input\nfloat64[2]\n\"x\"\n)", "shape=box"})) << text;
  EXPECT_TRUE(
      contains(line_with(text, "n1 ["), {R"([label="%1 = parameter \"weights\"\nfloat64[2]\n)", "shape=cylinder"}));
  EXPECT_TRUE(
      contains(line_with(text, "n2 ["), {R"([label="%2 = multiply(%0, %1)\nfloat64[2]\ndebug_graphviz_test.cpp:)" +
                                         line + R"(\nloop 0", shape=ellipse, fillcolor="#)"}));
  EXPECT_TRUE(contains(line_with(text, "n3 ["), {"%3 = number", "shape=plaintext"}));
  EXPECT_TRUE(contains(line_with(text, "n5 ["), {"%5 = sum(%4, axes=[-1])", "peripheries=2"})) << text;
  for (const char* edge : {"n0 -> n2;", "n1 -> n2;", "n2 -> n4;", "n3 -> n4;", "n4 -> n5;"})
    EXPECT_TRUE(contains(text, {edge})) << text;
}

TEST(DebugGraphviz, ColoursTellTheSteps) {
  Tape tape(Options{});
  const Var a = tape.variable(Array::ones({64, 64}));
  const Var product = matmul(a, transpose(a));
  const Var waves = sin(product);
  const Var sorted = sort(waves, 0);
  const Var shifted = sorted + 1;
  const std::string text = dump_graphviz(tape, {shifted});
  EXPECT_TRUE(contains(line_with(text, "n1 ["), {"%1 = transpose("})) << text;
  EXPECT_FALSE(contains(line_with(text, "n1 ["), {"fillcolor"})) << "a view costs nothing";
  EXPECT_TRUE(contains(line_with(text, "n2 ["), {"product 0", "fillcolor=\"#8dd3c7\""})) << text;
  EXPECT_TRUE(contains(line_with(text, "n3 ["), {"loop 1", "fillcolor=\"#ffffb3\""})) << text;
  EXPECT_TRUE(contains(line_with(text, "n4 ["), {"call 2", "fillcolor=\"#bebada\""})) << text;
  shifted.value();
  EXPECT_FALSE(contains(dump_graphviz(tape, {shifted}), {"fillcolor=\"#"})) << "all values are there";
}

TEST(DebugGraphviz, ScopesAreFramesAndGradientsAreDashed) {
  Tape tape(Options{});
  const Var x = tape.variable(0.5);
  const auto layer = [&](const Var& input) {
    const Scope encoder(tape, "encoder");
    const Scope inner(tape, "layer1");
    return tanh(input);
  };
  const Var y = layer(x);
  const Var gradient = tape.gradient(y, x);
  const std::string text = dump_graphviz(tape, {gradient});
  EXPECT_TRUE(contains(text, {"  subgraph cluster_0 {\n    label=\"encoder\";\n    subgraph cluster_1 {\n"
                              "      label=\"layer1\";\n      n1 [label=\"%1 = tanh(%0)"}))
      << text;
  EXPECT_FALSE(contains(line_with(text, "n1 ["), {"dashed"}));
  EXPECT_TRUE(contains(line_with(text, "square(%1)"), {"dashed"})) << text;
  EXPECT_FALSE(contains(text, {"cluster_2"}));
}

TEST(DebugGraphviz, ShowsOnlyWhatTheOutputsNeed) {
  Tape tape(Options{});
  const Var x = tape.variable(0.5);
  const Var y = tanh(x);
  cos(x);
  const std::string text = dump_graphviz(tape, {y});
  EXPECT_TRUE(contains(text, {"tanh"}));
  EXPECT_FALSE(contains(text, {"cos"}));
  EXPECT_EQ(tape.size(), 3U) << "nothing is recorded";
  EXPECT_EQ(dump_graphviz(tape, {}).find("n0"), std::string::npos);
}

/// Labels that could break the text.
std::string awkward_picture() {
  Tape tape(Options{});
  const Scope scope(tape, "a \"scope\" \\ {");
  const Var x = name(tape.variable(Array{1, 2}), "quotes \" and \\n and\nlines <b>");
  const Var y = exp(x);
  const Var gradient = tape.gradient(sum(y), x);
  return dump_graphviz(tape, {y, gradient});
}

TEST(DebugGraphviz, EscapesLabels) {
  const std::string text = awkward_picture();
  EXPECT_TRUE(contains(text, {R"(label="a \"scope\" \\ {";)"})) << text;
  EXPECT_TRUE(contains(text, {R"(\n\"quotes \" and \\n and\nlines <b>\"\n)"})) << text;
}

TEST(DebugGraphviz, DotTakesIt) {
  if (std::system("dot -V > /dev/null 2>&1") != 0) GTEST_SKIP() << "there is no dot";
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "xtape_debug_graphviz_test.dot";
  std::ofstream(path) << awkward_picture();
  EXPECT_EQ(std::system(("dot -Tsvg " + path.string() + " > /dev/null").c_str()), 0);
  std::filesystem::remove(path);
}

TEST(DebugGraphviz, Errors) {
  Tape tape(Options{}), other(Options{});
  const Var x = other.variable(1.0);
  EXPECT_EQ(message_of<ValueError>([&] { dump_graphviz(tape, {x}); }),
            "dump_graphviz: a Var of another tape was given");
  other.reset();
  EXPECT_TRUE(
      contains(message_of<StaleVarError>([&] { dump_graphviz(tape, {x}); }), {"used after its tape was reset"}));
}

}  // namespace

}  // namespace xtape::test
