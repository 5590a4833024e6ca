// Mini-batches: which rows, in which order; and descent by them.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include <xtape/engine.hpp>
#include <xtape/ops.hpp>
#include <xtape/optim/optim.hpp>

#include "support/check.hpp"

namespace xtape::test {
namespace {

using optim::Batches;
using optim::Batching;
using optim::GradientDescent;
using optim::minimize;
using optim::Result;
using optim::StopReason;
using Rows = std::vector<std::int64_t>;

Rows rows_of(const Array& batch) { return {batch.values<std::int64_t>().begin(), batch.values<std::int64_t>().end()}; }

TEST(Batches, DealEachRowOnceInAnEpoch) {
  Batches batches({.rows = 10, .batch_size = 4, .seed = 3});
  EXPECT_EQ(batches.batches_per_epoch(), 3);
  std::vector<Rows> epochs(2);
  for (std::size_t epoch = 0; epoch < 2; ++epoch)
    for (std::size_t size : {4u, 4u, 2u}) {
      EXPECT_EQ(batches.epochs(), static_cast<std::int64_t>(epoch));
      Rows batch = rows_of(batches.next());
      EXPECT_EQ(batch.size(), size);
      epochs[epoch].insert(epochs[epoch].end(), batch.begin(), batch.end());
    }
  EXPECT_EQ(batches.epochs(), 2);
  EXPECT_NE(epochs[0], epochs[1]);
  Rows all(10);
  std::iota(all.begin(), all.end(), 0);
  for (Rows& epoch : epochs) {
    EXPECT_NE(epoch, all);
    std::sort(epoch.begin(), epoch.end());
    EXPECT_EQ(epoch, all);
  }
}

TEST(Batches, WithoutShuffleKeepTheOrder) {
  Batches batches({.rows = 5, .batch_size = 2, .shuffle = false});
  for (int epoch = 0; epoch < 2; ++epoch) {
    EXPECT_EQ(rows_of(batches.next()), (Rows{0, 1}));
    EXPECT_EQ(rows_of(batches.next()), (Rows{2, 3}));
    EXPECT_EQ(rows_of(batches.next()), (Rows{4}));
  }
}

TEST(Batches, DependOnTheSeedAlone) {
  Batches a({.rows = 100, .seed = 7}), b({.rows = 100, .seed = 7}), c({.rows = 100, .seed = 8});
  Rows first = rows_of(a.next());
  EXPECT_EQ(first, rows_of(b.next()));
  EXPECT_NE(first, rows_of(c.next()));
}

TEST(Batches, AnEpochIsAPermutationOfItsNumber) {
  Batches batches({.rows = 20, .batch_size = 20, .seed = 5});
  for (std::uint64_t epoch = 0; epoch < 3; ++epoch)
    EXPECT_EQ(rows_of(batches.next()), rows_of(permutation({5, epoch}, 20)));
}

TEST(Batches, BadSettingsAreNamed) {
  EXPECT_EQ(message_of<ValueError>([] { Batches({.rows = 0}); }), "Batching: rows must be positive, is 0");
  EXPECT_EQ(message_of<ValueError>([] { Batches({.rows = 3, .batch_size = 0}); }),
            "Batching: batch_size must be positive, is 0");
}

/// The mean of (m - y)^2 over some of the rows; at the minimum m is the mean of y.
struct Mean {
  Array y = Array{1, 2, 3, 4, 5, 6, 7};
  Parameter m{"m", Array(0.0)};
  optim::BatchLoss loss = [this](Tape& tape, const Var& rows) { return mean(square(tape.read(m) - take(y, rows, 0))); };
  double value() const { return m.value().item<double>(); }
};

TEST(MiniBatches, AreThePlainLoop) {
  Mean f;
  Result result = minimize({f.m}, f.loss, {.rows = 7, .batch_size = 3, .seed = 11},
                           GradientDescent{.learning_rate = 0.1}, {.epochs = 4});
  Batches batches({.rows = 7, .batch_size = 3, .seed = 11});
  double m = 0, loss = 0;
  for (int i = 0; i < 12; ++i) {
    Rows rows = rows_of(batches.next());
    double gradient = 0, sum = 0;
    for (std::int64_t row : rows) {
      double difference = m - f.y.data<double>()[row];
      gradient += 2 * difference / static_cast<double>(rows.size());
      sum += difference * difference;
    }
    if (i % 3 == 0) loss = 0;
    loss += sum / 7;
    m -= 0.1 * gradient;
  }
  EXPECT_NEAR(f.value(), m, 1e-14);
  EXPECT_NEAR(result.loss, loss, 1e-13);
  EXPECT_EQ(result.iterations, 12);
  EXPECT_EQ(result.evaluations, 12);
  EXPECT_EQ(result.epochs, 4);
  EXPECT_EQ(result.reason, StopReason::epochs);
  EXPECT_EQ(result.message, "the limit of epochs is reached after 4 epochs");
}

TEST(MiniBatches, OfAllRowsAreGradientDescent) {
  Mean batched, full;
  minimize({batched.m}, batched.loss, {.rows = 7, .batch_size = 7}, GradientDescent{.learning_rate = 0.1},
           {.epochs = 5});
  auto loss = [&](Tape& tape) { return mean(square(tape.read(full.m) - full.y)); };
  minimize({full.m}, loss, GradientDescent{.learning_rate = 0.1}, {.iterations = 5});
  EXPECT_NEAR(batched.value(), full.value(), 1e-14);
}

TEST(MiniBatches, OfOneRowAreStochasticGradientDescent) {
  Mean f;
  auto rate = optim::InverseTimeDecay{.initial = 0.5, .factor = 1};  // m is then the mean of the rows seen
  Result result =
      minimize({f.m}, f.loss, {.rows = 7, .batch_size = 1}, GradientDescent{.learning_rate = rate}, {.epochs = 3});
  EXPECT_EQ(result.iterations, 21);
  EXPECT_NEAR(f.value(), 4, 1e-13);
}

TEST(MiniBatches, StopAtIterationsWithinAnEpoch) {
  Mean f;
  Result result = minimize({f.m}, f.loss, {.rows = 7, .batch_size = 2}, GradientDescent{.learning_rate = 0.1},
                           {.iterations = 6, .epochs = 100});
  EXPECT_EQ(result.iterations, 6);
  EXPECT_EQ(result.epochs, 1);
  EXPECT_EQ(result.reason, StopReason::iterations);
  EXPECT_EQ(minimize({f.m}, f.loss, {.rows = 7}, GradientDescent{.learning_rate = 0}).iterations, 1000);
}

TEST(MiniBatches, StopWhenAnEpochHardlyLowersTheLoss) {
  Mean f;
  Result result = minimize({f.m}, f.loss, {.rows = 7, .batch_size = 7}, GradientDescent{.learning_rate = 0.25},
                           {.epochs = 1000, .loss_decrease = 1e-3});
  EXPECT_EQ(result.reason, StopReason::loss_decrease);
  EXPECT_LT(std::abs(f.value() - 4), 0.05);
  EXPECT_LT(result.epochs, 20);
}

TEST(MiniBatches, OfNoEpochMeasureNothing) {
  Mean f;
  Result result = minimize({f.m}, f.loss, {.rows = 7}, GradientDescent{}, {.epochs = 0});
  EXPECT_EQ(result.iterations, 0);
  EXPECT_TRUE(std::isnan(result.loss) && std::isnan(result.gradient_norm));
  EXPECT_EQ(result.message, "the limit of epochs is reached after 0 epochs");
}

TEST(MiniBatches, TellProgressAtEveryUpdate) {
  Mean f;
  std::vector<std::int64_t> epochs;
  minimize({f.m}, f.loss, {.rows = 7, .batch_size = 3}, GradientDescent{}, {.epochs = 2},
           [&](const optim::Step& step) { epochs.push_back(step.epoch); });
  EXPECT_EQ(epochs, (std::vector<std::int64_t>{0, 0, 0, 1, 1, 1}));
}

TEST(MiniBatches, RunAsOnePlanForEachBatchSize) {
  Mean f;
  f.y = Array::full({1003}, 2.0);
  PlanCacheStatistics before = plan_cache_statistics();
  minimize({f.m}, f.loss, {.rows = 1003, .batch_size = 100}, optim::Adam{}, {.epochs = 5});
  EXPECT_EQ(plan_cache_statistics().misses - before.misses, 2u);  // of 100 rows and of the last 3
}

TEST(MiniBatches, KeepTheParametersWhenTheLossIsNotFinite) {
  Mean f;
  f.y = Array{1, INFINITY, 3};
  Result result = minimize({f.m}, f.loss, {.rows = 3, .batch_size = 1, .shuffle = false},
                           GradientDescent{.learning_rate = 0.5}, {.epochs = 2});
  EXPECT_EQ(result.reason, StopReason::non_finite);
  EXPECT_EQ(result.message, "the loss is inf at iteration 1");
  EXPECT_EQ(f.value(), 1);
}

TEST(MiniBatches, RefuseWhatMakesNoSense) {
  Mean f;
  auto run = [&](const optim::BatchLoss& loss, const Batching& batching, const optim::Stopping& stopping) {
    minimize({f.m}, loss, batching, GradientDescent{}, stopping);
  };
  EXPECT_EQ(message_of<ValueError>([&] { run(nullptr, {.rows = 7}, {}); }), "minimize: there is no loss function");
  EXPECT_EQ(message_of<ValueError>([&] { run(f.loss, {.rows = -1}, {}); }), "Batching: rows must be positive, is -1");
  EXPECT_TRUE(contains(message_of<ValueError>([&] { run(f.loss, {.rows = 7}, {.gradient_norm = 1e-3}); }),
                       {"Stopping::gradient_norm is not for mini-batches", "early_stopping"}));
  EXPECT_EQ(message_of<ValueError>([&] { run(f.loss, {.rows = 7}, {.epochs = -2}); }),
            "Stopping: epochs must not be negative, is -2");
  EXPECT_TRUE(contains(message_of<ValueError>([&] { run(f.loss, {.rows = 8, .shuffle = false}, {}); }), {"take", "7"}));
  EXPECT_EQ(f.m.version(), 0u);
}

}  // namespace
}  // namespace xtape::test
