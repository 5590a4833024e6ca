// Layers at the hard points: constant rows, hidden queries, repeated indices, and what the caller keeps.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

Array gradient_of_sum(Tape& tape, const Var& y, const Var& x) { return tape.gradient(sum(y), x).value(); }

/// The gradient of sum(c y) for y = (x - mean) / sqrt(eps) is (c - mean of c) / sqrt(eps); the variance adds nothing.
TEST(LayerNorm, ConstantRowHasAFiniteGradient) {
  Tape tape;
  const Var x = tape.variable(Array{7, 7, 7});
  const Var y = layer_norm(x, {3}, {}, {}, 0.25);
  EXPECT_TRUE(equals(y.value(), {0, 0, 0}));
  EXPECT_TRUE(close(gradient_of_sum(tape, y * Array{1, 2, 6}, x), tensor({-4, -2, 6}), 1e-15L));
}

/// Sums of such numbers round, so that their mean need not be equal to them.
TEST(Normalization, EqualElementsBecomeZero) {
  Tape tape;
  for (double number : {0.1, 1e10, -3.3e-300, 1e300}) {
    const Var x = tape.variable(Array::ones({2, 3, 7})) * number;
    const Array zeros = Array::zeros({2, 3, 7});
    EXPECT_TRUE(same_bits(abs(layer_norm(x, {3, 7})).value(), zeros)) << number;
    EXPECT_TRUE(same_bits(abs(group_norm(x, 3)).value(), zeros)) << number;
    const BatchNorm normalized = batch_norm_training(x);
    EXPECT_TRUE(same_bits(abs(normalized.value).value(), zeros)) << number;
    EXPECT_TRUE(equals(normalized.variance.value(), {0, 0, 0})) << number;
    EXPECT_TRUE(equals(normalized.mean.value(), {number, number, number}));
  }
}

TEST(BatchNorm, VarianceOfConstantsHasNoGradient) {
  Tape tape;
  const Var x = tape.variable(Array{{3, 1}, {3, 2}});
  const BatchNorm result = batch_norm_training(x);
  EXPECT_TRUE(equals(result.variance.value(), {0, 0.25}));
  EXPECT_TRUE(equals(gradient_of_sum(tape, sqrt(result.variance + 1e-5) * Array{1, 0}, x), {0, 0, 0, 0}));
}

TEST(BatchNorm, OneElementGivesTheBias) {
  Tape tape;
  const Var x = tape.variable(Array{{3, 1}});
  const BatchNorm result = batch_norm_training(x, Array{2, 2}, Array{5, 6});
  EXPECT_TRUE(equals(result.value.value(), {5, 6}));
  EXPECT_TRUE(equals(gradient_of_sum(tape, result.value, x), {0, 0}));
  EXPECT_TRUE(equals(result.sample_variance.value(), {kNotANumber, kNotANumber}));
}

TEST(BatchNorm, CallerAveragesTheStatistics) {
  Parameter mean("mean", Array{0, 0}), variance("variance", Array{1, 1});
  Tape tape;
  const Var x = tape.variable(Array{{1, 10}, {3, 30}});
  const BatchNorm result = batch_norm_training(x);
  const auto averaged = [&](const Parameter& kept, const Var& seen) { return 0.5 * tape.read(kept) + 0.5 * seen; };
  tape.evaluate({result.value},
                {{mean, averaged(mean, result.mean)}, {variance, averaged(variance, result.sample_variance)}});
  EXPECT_TRUE(equals(mean.value(), {1, 10}));
  EXPECT_TRUE(equals(variance.value(), {1.5L, 100.5L}));
}

TEST(Embedding, RepeatedIndicesAddUpAndPaddingGetsNothing) {
  Tape tape;
  const Var weight = tape.variable(Array{{1, 2}, {3, 4}, {5, 6}});
  const Array indices = Array::from(std::vector<std::int64_t>{2, 0, 2, -1, 0});
  EXPECT_TRUE(equals(gradient_of_sum(tape, embedding(indices, weight), weight), {2, 2, 0, 0, 3, 3}));
  const Var padded = embedding(indices, weight, 2);
  EXPECT_TRUE(equals(padded.value(), {5, 6, 1, 2, 5, 6, 5, 6, 1, 2}));
  EXPECT_TRUE(equals(gradient_of_sum(tape, padded, weight), {2, 2, 0, 0, 0, 0}));
  EXPECT_TRUE(equals(gradient_of_sum(tape, embedding(indices, weight, -3), weight), {0, 0, 0, 0, 3, 3}));
}

TEST(Embedding, IndexOutOfRangeThrowsWhenComputed) {
  Tape tape;
  const Var weight = tape.variable(Array{{1, 2}, {3, 4}});
  const Var y = embedding(Array::from(std::vector<std::int64_t>{0, 2}), weight);
  const std::string message = message_of<ValueError>([&] { static_cast<void>(y.value()); });
  EXPECT_TRUE(contains(message, {"embedding: index 2", "out of range", "2"}));
}

/// Attention of two queries to two keys of which the first query may look at none.
Var hidden(const Var& query, const Var& key, const Var& value, bool by_adding) {
  const Array allowed = Array::from(std::vector<bool>{false, false, true, true}, {2, 2});
  const Array added{{-kInfinite, -kInfinite}, {0, 0}};
  return scaled_dot_product_attention(query, key, value, by_adding ? added : allowed);
}

TEST(Attention, QueryThatMayLookNowhereGetsZeros) {
  for (bool by_adding : {false, true}) {
    Tape tape;
    const Var query = tape.variable(Array{{1, 2}, {0, 0}}), key = tape.variable(Array{{3, 1}, {2, 2}});
    const Var value = tape.variable(Array::from(std::vector<double>{4, 8}, {2, 1}));
    const Var y = hidden(query, key, value, by_adding);
    EXPECT_TRUE(equals(y.value(), {0, 6}));
    const auto [of_query, of_key, of_value] = tape.gradient<3>(sum(y), {query, key, value});
    const Array query_gradient = of_query.value();
    EXPECT_EQ(query_gradient.values<double>()[0], 0);
    EXPECT_EQ(query_gradient.values<double>()[1], 0);
    EXPECT_TRUE(equals(of_key.value(), {0, 0, 0, 0}));  // the query that looks is 0
    EXPECT_TRUE(equals(of_value.value(), {0.5L, 0.5L}));
  }
}

TEST(Attention, DropoutIsOfTheWeights) {
  Tape tape;
  const Key key{.seed = 5};
  const Var q = tape.variable(normal(fold_in(key, 0), {2, 6, 3})),
            k = tape.variable(normal(fold_in(key, 1), {2, 8, 3}));
  const Var v = tape.variable(normal(fold_in(key, 2), {2, 8, 2}));
  const Var weights = softmax(einsum("bqe,bke->bqk", {q, k}) / std::sqrt(3.0), -1);
  const auto attention = [&](const Operand& p) {
    return scaled_dot_product_attention(q, k, v, {}, false, {}, Dropout{p, key});
  };
  const Var wanted = matmul(dropout(weights, 0.25, key), v);
  EXPECT_TRUE(close(attention(0.25).value(), tensor_of(wanted.value()), 1e-14L));
  EXPECT_TRUE(
      close(tape.gradient(sum(attention(0.25)), q).value(), tensor_of(tape.gradient(sum(wanted), q).value()), 1e-13L));
  EXPECT_TRUE(same_bits(attention(tape.variable(0.0)).value(), scaled_dot_product_attention(q, k, v).value()));
  EXPECT_TRUE(same_bits(attention(1).value(), Array::zeros({2, 6, 2})));
  EXPECT_TRUE(contains(message_of<ValueError>([&] { attention(1.5); }), {"attention", "[0, 1], is 1.5"}));
}

TEST(Attention, LargeScoresDoNotOverflowAndNaNStays) {
  Tape tape;
  const Var query = tape.variable(Array{{1000, 0}}), key = tape.variable(Array{{1000, 0}, {-1000, 0}});
  const Var value = tape.variable(Array::from(std::vector<double>{4, 8}, {2, 1}));
  EXPECT_TRUE(equals(scaled_dot_product_attention(query, key, value).value(), {4}));
  EXPECT_TRUE(equals(scaled_dot_product_attention(query * kNotANumber, key, value).value(), {kNotANumber}));
}

}  // namespace

}  // namespace xtape::test
