// Losses where calculus is silent or plain formulas overflow: values, and gradients of the first operand.
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "ops/loss_reference.hpp"

namespace xtape::test {

namespace {

using Numbers = std::vector<Real>;

struct Point {
  std::string name;
  std::vector<Tensor> inputs;
  Build build;  ///< gives the unreduced losses
  Numbers value, gradient;
};

Tensor numbers(const Numbers& x) { return tensor(x); }
Tensor rows_of_two(const Numbers& x) { return tensor(x, {std::ssize(x) / 2, 2}); }
Tensor classes(const Numbers& x) { return tensor(x, {std::ssize(x)}, DType::int64); }

std::vector<Point> points() {
  const auto none = Reduction::none;
  return {
      {"l1 at its kink",
       {numbers({1, 2, -3}), numbers({1, 1, 1})},
       [=](Vars x) { return l1_loss(x[0], x[1], none); },
       {0, 1, 4},
       {0, 1, -1}},
      {"huber where its pieces meet, and far out",
       {numbers({2, -2, 1, 1e200L}), numbers({0, 0, 0, 0})},
       [=](Vars x) { return huber_loss(x[0], x[1], none, 2); },
       {2, 2, 0.5L, 2e200L},
       {2, -2, 1, 2}},
      {"smooth l1 where its pieces meet",
       {numbers({2, -2, 1}), numbers({0, 0, 0})},
       [=](Vars x) { return smooth_l1_loss(x[0], x[1], none, 2); },
       {1, 1, 0.25L},
       {1, -1, 0.5L}},
      {"smooth l1 with beta 0",
       {numbers({0, -2}), numbers({0, 0})},
       [=](Vars x) { return smooth_l1_loss(x[0], x[1], none, 0); },
       {0, 2},
       {0, -1}},
      {"hinge at its kink",
       {numbers({1, -1, 0, 2}), numbers({1, -1, 1, 1})},
       [=](Vars x) { return hinge_loss(x[0], x[1], none); },
       {0, 0, 1, 0},
       {0, 0, -1, 0}},
      {"hinge of NaN",
       {numbers({kNaN}), numbers({1})},
       [=](Vars x) { return hinge_loss(x[0], x[1], none); },
       {kNaN},
       {kNaN}},
      {"poisson with target 0",
       {numbers({0, 2}), numbers({0, 0})},
       [=](Vars x) { return poisson_nll_loss(x[0], x[1], {.reduction = none, .log_input = false}); },
       {0, 2},
       {1, 1}},
      {"poisson with target 0 and log rate -inf",
       {numbers({-kInf}), numbers({0})},
       [=](Vars x) { return poisson_nll_loss(x[0], x[1], {.reduction = none}); },
       {0},
       {0}},
      {"poisson of a rate 0 that cannot be",
       {numbers({0}), numbers({3})},
       [=](Vars x) { return poisson_nll_loss(x[0], x[1], {.reduction = none, .log_input = false}); },
       {kInf},
       {-kInf}},
      {"gaussian with variance 0",
       {numbers({3}), numbers({1}), numbers({0})},
       [=](Vars x) { return gaussian_nll_loss(x[0], x[1], x[2], {.reduction = none, .epsilon = 0.5}); },
       {(std::log(0.5L) + 8) / 2},
       {4}},
      {"divergence of impossible classes",
       {rows_of_two({-kInf, 0, std::log(0.25L), std::log(0.75L)}), rows_of_two({0, 1, 0.25L, 0.75L})},
       [=](Vars x) { return kl_divergence(x[0], x[1], none); },
       {0, 0},
       {0, -1, -0.25L, -0.75L}},
      {"likelihood of an impossible class",
       {rows_of_two({-kInf, 0}), classes({0})},
       [=](Vars x) { return nll_loss(x[0], x[1], {.reduction = none}); },
       {kInf},
       {-1, 0}},
      {"a loss of weight 0 does not count",
       {rows_of_two({-kInf, 0, kNaN, 1, -1, -2}), classes({0, 1, 1})},
       [](Vars x) {
         return nll_loss(x[0], x[1], {.sample_weights = Array{0, 0, 2}});
       },
       {2},
       {0, 0, 0, 0, 0, -1}},
      {"a binary loss of weight 0 does not count",
       {numbers({-kInf, kNaN, 0}), numbers({1, 1, 1})},
       [](Vars x) {
         return binary_cross_entropy_with_logits(x[0], x[1], {.weights = Array{0, 0, 3}});
       },
       {std::log(Real{2})},
       {0, 0, -0.5L}},
      {"positive weight far out",
       {numbers({1000, -1000, kInf, -kInf}), numbers({1, 1, 1, 0})},
       [=](Vars x) { return binary_cross_entropy_with_logits(x[0], x[1], {.reduction = none, .positive_weight = 3}); },
       {0, 3000, 0, 0},
       {0, -3, 0, 0}},
      {"focal far out",
       {numbers({1000, -1000, kInf, 0}), numbers({1, 1, 1, 0})},
       [=](Vars x) { return sigmoid_focal_loss(x[0], x[1], {.reduction = none}); },
       {0, 1000, 0, std::log(Real{2}) / 4},
       {0, -1, 0, 0.125L + std::log(Real{2}) / 4}},
      {"cosine of zero vectors",
       {rows_of_two({0, 0}), rows_of_two({0, 0})},
       [](Vars x) { return cosine_similarity(x[0], x[1]); },
       {0},
       {0, 0}},
      {"cosine of vectors along one line",
       {rows_of_two({3, 4, -3, -4}), rows_of_two({6, 8, 6, 8})},
       [](Vars x) { return cosine_similarity(x[0], x[1]); },
       {1, -1},
       {0, 0, 0, 0}},
      {"cosine of huge and of tiny vectors",
       {rows_of_two({3e200L, 4e200L, 3e-200L, 4e-200L}), rows_of_two({4e200L, 3e200L, 4e-200L, 3e-200L})},
       [](Vars x) { return cosine_similarity(x[0], x[1], -1, 0); },
       {0.96L, 0.96L},
       {0.0448e-200L, -0.0336e-200L, 0.0448e200L, -0.0336e200L}},
      {"a weighted mean leaves out what has no weight",
       {numbers({kInf, kNaN, 2, 5})},
       [](Vars x) {
         return weighted_mean(x[0], Array{0, 0, 1, 2});
       },
       {4},
       {0, 0, 1 / Real{3}, 2 / Real{3}}},
      {"triplet of equal points",
       {rows_of_two({1, 2}), rows_of_two({1, 2}), rows_of_two({1, 2})},
       [=](Vars x) { return triplet_margin_loss(x[0], x[1], x[2], {.reduction = none}); },
       {1},
       {0, 0}},
      {"triplet at its kink",
       {rows_of_two({0, 0}), rows_of_two({3, 4}), rows_of_two({0, 6})},
       [=](Vars x) { return triplet_margin_loss(x[0], x[1], x[2], {.reduction = none}); },
       {0},
       {0, 0}},
  };
}

TEST(Losses, AtHardPoints) {
  for (const Point& point : points()) {
    SCOPED_TRACE(point.name);
    Tape tape;
    const std::vector<Var> leaves = make_leaves(tape, point.inputs);
    const Var y = point.build(leaves);
    EXPECT_TRUE(close(y.value(), {y.dtype(), y.shape(), point.value}, 1e-15L)) << "value";
    const Tensor expected{y.dtype(), leaves[0].shape(), point.gradient};
    EXPECT_TRUE(close(tape.gradient(sum(y), leaves[0]).value(), expected, 1e-15L)) << "gradient";
  }
}

TEST(Losses, HuberIsOfSecondOrder) {
  Tape tape;
  const Var x = tape.variable(Array{-3, -1, 0, 0.5, 1, 2});
  const Var first = tape.gradient(huber_loss(x, Array::zeros({6}), Reduction::sum), x);
  EXPECT_TRUE(equals(tape.gradient(sum(first), x).value(), {0, 0, 1, 1, 0, 0}));
}

// The sum of the logit's size and a small loss would round the loss to ulps of the logit.
TEST(Losses, SmallCrossEntropiesOfLargeLogitsAreExact) {
  Tape tape;
  const Var logits = tape.variable(Array::from<float>({100.5F, 90, 91}));
  const Var loss = softmax_cross_entropy(logits, Array(std::int64_t{0}));
  const Real rest = std::exp(-10.5L) + std::exp(-9.5L), expected = std::log1p(rest);
  const Tensor gradient = tensor_of(tape.gradient(loss, logits).value());
  EXPECT_NEAR(loss.item<double>(), static_cast<double>(expected), 1e-7);
  EXPECT_NEAR(static_cast<double>(gradient.elements[0]), static_cast<double>(-rest / (1 + rest)), 2e-7);
  EXPECT_LE(std::abs(gradient.elements[1] * (1 + rest) / std::exp(-10.5L) - 1), 5e-7L);
}

}  // namespace

}  // namespace xtape::test
