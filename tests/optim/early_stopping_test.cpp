// Early stopping on a validation loss.
#include <gtest/gtest.h>

#include <xtape/ops.hpp>
#include <xtape/optim/optim.hpp>

#include "support/check.hpp"

namespace xtape::test {
namespace {

using optim::EarlyStopping;
using optim::GradientDescent;
using optim::minimize;
using optim::Result;
using optim::StopReason;

/// Training pulls x to 0 and validation is best at 3: halving from 16, x is 16, 8, 4, 2, 1, ... and 2 comes nearest.
struct Overfit {
  Parameter x{"x", Array(16.0)};
  optim::LossFunction loss = [this](Tape& tape) { return square(tape.read(x)); };
  optim::LossFunction validation = [this](Tape& tape) { return square(tape.read(x) - 2.9); };
  GradientDescent halving{.learning_rate = 0.25};
  double value() const { return x.value().item<double>(); }
};

TEST(EarlyStopping, GivesBackTheBestParameters) {
  Overfit f;
  Result result = minimize({f.x}, f.loss, f.halving,
                           {.early_stopping = EarlyStopping{.validation_loss = f.validation, .patience = 3}});
  EXPECT_EQ(result.reason, StopReason::validation_loss);
  EXPECT_EQ(result.iterations, 6);
  EXPECT_EQ(f.value(), 2);
  EXPECT_DOUBLE_EQ(*result.validation_loss, 0.9 * 0.9);
  EXPECT_EQ(result.loss, 4);
  EXPECT_EQ(result.gradient_norm, 4);
  EXPECT_EQ(result.message,
            "the validation loss had no new lowest value in 3 checks after 6 iterations; its lowest is 0.81");
}

TEST(EarlyStopping, ALossThatFallsByLessThanMinDeltaIsNoNewLowest) {
  Overfit f;  // validation losses 171.61, 26.01, 1.21, 0.81: the last falls by 0.4
  EarlyStopping early{.validation_loss = f.validation, .patience = 1, .min_delta = 0.5};
  Result result = minimize({f.x}, f.loss, f.halving, {.early_stopping = early});
  EXPECT_EQ(result.iterations, 3);
  EXPECT_EQ(f.value(), 4);
}

TEST(EarlyStopping, ChecksEverySoManyIterations) {
  Overfit f;
  std::vector<std::int64_t> checked;
  EarlyStopping early{.validation_loss = f.validation, .patience = 1, .every = 2};
  Result result = minimize({f.x}, f.loss, f.halving, {.early_stopping = early}, [&](const optim::Step& step) {
    if (step.validation_loss) checked.push_back(step.iteration);
  });
  EXPECT_EQ(result.iterations, 4);  // x = 16, 4, 1
  EXPECT_EQ(f.value(), 4);
  EXPECT_EQ(checked, (std::vector<std::int64_t>{1, 3}));
}

TEST(EarlyStopping, GivesBackTheBestWhateverElseStops) {
  Overfit f;
  EarlyStopping early{.validation_loss = f.validation, .patience = 100};
  Result result = minimize({f.x}, f.loss, f.halving, {.iterations = 5, .early_stopping = early});
  EXPECT_EQ(result.reason, StopReason::iterations);
  EXPECT_EQ(f.value(), 2);
  EXPECT_EQ(result.loss, 4);
}

TEST(EarlyStopping, TheStartMayBeTheBest) {
  Overfit f;
  f.x.assign(Array(2.5));
  minimize({f.x}, f.loss, f.halving, {.early_stopping = EarlyStopping{.validation_loss = f.validation, .patience = 2}});
  EXPECT_EQ(f.value(), 2.5);
}

TEST(EarlyStopping, WatchesEpochsOfMiniBatches) {
  Overfit f;
  auto loss = [&](Tape& tape, const Var& rows) {
    return square(tape.read(f.x)) + mean(take(Array::zeros({4}), rows, 0));
  };
  EarlyStopping early{.validation_loss = f.validation, .patience = 2};
  Result result =
      minimize({f.x}, loss, {.rows = 4, .batch_size = 4}, f.halving, {.epochs = 50, .early_stopping = early});
  EXPECT_EQ(result.reason, StopReason::validation_loss);
  EXPECT_EQ(result.epochs, 5);
  EXPECT_EQ(f.value(), 2);
}

TEST(EarlyStopping, WorksWithNewton) {
  Parameter x("x", Array(3.0));
  auto loss = [&](Tape& tape) { return square(square(tape.read(x))); };  // x shrinks by 2/3
  auto validation = [&](Tape& tape) { return square(tape.read(x) - 2); };
  minimize({x}, loss, optim::Newton{}, {.early_stopping = EarlyStopping{.validation_loss = validation, .patience = 2}});
  EXPECT_NEAR(x.value().item<double>(), 2, 1e-14);
}

TEST(EarlyStopping, AValidationLossThatIsNaNIsNoImprovement) {
  Overfit f;
  auto undefined = [&](Tape& tape) { return log(tape.read(f.x) - 5); };  // NaN below 5
  Result result = minimize({f.x}, f.loss, f.halving,
                           {.early_stopping = EarlyStopping{.validation_loss = undefined, .patience = 3}});
  EXPECT_EQ(result.iterations, 4);
  EXPECT_EQ(f.value(), 8);
}

TEST(EarlyStopping, BadSettingsAreNamed) {
  Overfit f;
  auto message = [&](const EarlyStopping& early) {
    return message_of<ValueError>([&] { minimize({f.x}, f.loss, f.halving, {.early_stopping = early}); });
  };
  EXPECT_EQ(message({}), "EarlyStopping: there is no validation loss");
  EXPECT_EQ(message({.validation_loss = f.validation, .patience = 0}),
            "EarlyStopping: patience must be positive, is 0");
  EXPECT_EQ(message({.validation_loss = f.validation, .every = 0}), "EarlyStopping: every must be positive, is 0");
  EXPECT_EQ(message({.validation_loss = f.validation, .min_delta = -1}),
            "EarlyStopping: min_delta must be finite and not negative, is -1");
  auto vector = [&](Tape& tape) { return tape.read(f.x) * Array{1, 2}; };
  EXPECT_TRUE(contains(message_of<ShapeError>([&] {
                         minimize({f.x}, f.loss, f.halving,
                                  {.early_stopping = EarlyStopping{.validation_loss = vector}});
                       }),
                       {"the loss must be a scalar, is [2]"}));
  EXPECT_EQ(f.x.version(), 0u);
}

}  // namespace
}  // namespace xtape::test
