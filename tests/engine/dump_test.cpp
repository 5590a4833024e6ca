// Tape and plan as text, compared with golden files. XTAPE_UPDATE_GOLDEN=1 writes the files anew: look at the
// difference before you commit it.
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>

#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

namespace xtape::test {

namespace {

std::string golden_path(const std::string& name) { return XTAPE_SOURCE_DIR "/tests/engine/golden/" + name + ".txt"; }

bool updating() {
  const char* text = std::getenv("XTAPE_UPDATE_GOLDEN");
  return text != nullptr && std::string_view(text) == "1";
}

void compare_with_golden(const std::string& name, const std::string& text) {
  if (updating()) std::ofstream(golden_path(name)) << text;
  std::ifstream file(golden_path(name));
  ASSERT_TRUE(file) << golden_path(name) << " is missing; XTAPE_UPDATE_GOLDEN=1 writes it";
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(text, golden.str()) << name << " differs; XTAPE_UPDATE_GOLDEN=1 writes it anew";
}

/// Tape and plan of a program, in one file.
void compare_both(const std::string& name, const Tape& tape, std::initializer_list<Var> outputs) {
  compare_with_golden(name, tape.dump() + "\n" + tape.dump_plan(outputs));
}

// One op in each statement: in a longer expression, compilers differ in what they record first.

TEST(Dump, FirstExample) {
  Tape tape(Options{});
  const Var x = tape.variable(2.0), y = tape.variable(1.0);
  const Var xx = x * x, xy = x * y, yy = y * y;
  const Var z = xx + xy + yy;
  const auto [dx, dy] = tape.gradient<2>(z, {x, y});
  compare_both("first_example", tape, {z, dx, dy});
}

TEST(Dump, LogisticRegressionStep) {
  Parameter weights("weights", Array::zeros({30})), bias("bias", Array(0.0));
  Tape tape(Options{});
  const Array features = Array::ones({569, 30}), labels = Array::zeros({569});
  const Var x = tape.variable(features), w = tape.read(weights), b = tape.read(bias);
  const Var logits = matmul(x, w) + b;
  const Var loss = binary_cross_entropy_with_logits(logits, labels);
  const auto [dw, db] = tape.gradient<2>(loss, {weights, bias});
  const Var step_of_w = 0.1 * dw, step_of_b = 0.1 * db;
  const Var next_w = w - step_of_w, next_b = b - step_of_b;
  compare_both("logistic_regression_step", tape, {loss, next_w, next_b});
}

TEST(Dump, MinibatchStep) {
  Parameter weights("weights", Array::zeros({30})), bias("bias", Array(0.0));
  Tape tape(Options{});
  const Var batch = tape.variable(Array::zeros({32}, DType::int64));
  const Var w = tape.read(weights), b = tape.read(bias);
  const Var x = tape.variable(Array::ones({569, 30})), y = tape.variable(Array::zeros({569}));
  const Var features = take(x, batch, 0), labels = take(y, batch, 0);
  const Var product = matmul(features, w);
  const Var loss = binary_cross_entropy_with_logits(product + b, labels);
  const auto [dw, db] = tape.gradient<2>(loss, {weights, bias});
  const Var step_of_w = 0.1 * dw, step_of_b = 0.1 * db;
  const Var next_w = w - step_of_w, next_b = b - step_of_b;
  compare_both("minibatch_step", tape, {loss, next_w, next_b});
}

/// The plan that docs/performance.md explains is the one that runs.
TEST(Dump, IsWhatTheDocumentShows) {
  const auto text_of = [](const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  };
  const std::string golden = text_of(golden_path("logistic_regression_step"));
  const std::size_t plan = golden.find("\nplan: ");
  ASSERT_NE(plan, std::string::npos);
  const std::string document = text_of(XTAPE_SOURCE_DIR "/docs/performance.md");
  EXPECT_NE(document.find(golden.substr(plan + 1)), std::string::npos) << "copy the plan into docs/performance.md";
}

TEST(Dump, ElementwiseProblem) {
  Tape tape(Options{});
  const Var a = tape.variable(2.0), b = tape.variable(1.0), x = tape.variable(Array::zeros({10000}));
  const Var wave = tanh(a * x + b), bell = exp(-x * x), tail = log1p(x * x);
  const Var y = sum(wave * bell + tail);
  const std::vector<Var> gradients = tape.gradient(y, {a, b, x});
  compare_both("elementwise", tape, {y, gradients[0], gradients[1], gradients[2]});
}

TEST(Dump, Shapes) {
  Tape tape(Options{});
  const Var x = tape.variable(Array::zeros({4, 6}, DType::float32));
  const Var part = slice(x, {Slice(), Slice(0, 6, 2)});
  const Var columns = transpose(part);
  const Var joined = concatenate({columns, columns}, 1);
  const Var taken = take(joined, Array::from<std::int64_t>({0, 2}), 0);
  const Var largest = max(taken, {0, 1}), total = logsumexp(taken, 1), flat = reshape(joined, {-1});
  compare_both("shapes", tape, {largest, total, flat});
}

TEST(Dump, SoftmaxCrossEntropy) {
  Tape tape(Options{});
  const Var logits = tape.variable(Array::zeros({32, 10}));
  const Var loss = softmax_cross_entropy(logits, Array::full({32}, 3, DType::int64));
  const Var gradient = tape.gradient(loss, logits);
  compare_both("softmax_cross_entropy", tape, {loss, gradient});
}

TEST(Dump, SoftmaxRegressionStep) {
  Parameter weights("weights", Array::zeros({30, 4})), bias("bias", Array::zeros({4}));
  Tape tape(Options{});
  const Array features = Array::ones({1200, 30}), labels = Array::zeros({1200, 4});
  const Var x = tape.variable(features), w = tape.read(weights), b = tape.read(bias);
  const Var logits = matmul(x, w) + b;
  const Var loss = softmax_cross_entropy(logits, labels);
  const auto [dw, db] = tape.gradient<2>(loss, {weights, bias});
  const Var step_of_w = 0.1 * dw, step_of_b = 0.1 * db;
  const Var next_w = w - step_of_w, next_b = b - step_of_b;
  if (instruction_set() != "avx512") GTEST_SKIP() << "products with several columns are BLAS's here";
  compare_both("softmax_regression_step", tape, {loss, next_w, next_b});
}

TEST(Dump, NothingRuns) {
  Parameter p("p", Array{1, 2});
  Tape tape(Options{});
  const Var y = exp(tape.read(p));
  tape.dump_plan({y});
  p.assign(Array{3, 4});
  EXPECT_THROW(y.value(), StaleVarError);
}

}  // namespace

}  // namespace xtape::test
