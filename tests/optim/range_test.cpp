// The range of float32 must not limit what stopping rules see.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

namespace xtape::optim {
namespace {

TEST(Float32, AnUnchangedLossStops) {
  Parameter w("w", Array::from(std::vector<float>{1000.F}));
  const auto loss = [&](Tape& tape) { return sum(tape.read(w)); };
  const Result result =
      minimize({w}, loss, GradientDescent{.learning_rate = 1e-12}, {.iterations = 500, .loss_decrease = 1e-9});
  EXPECT_EQ(result.reason, StopReason::loss_decrease) << result.message;
}

TEST(Float32, TheGradientNormDoesNotOverflow) {
  Parameter w("w", Array::from(std::vector<float>{1.F, 1.F}));
  const auto loss = [&](Tape& tape) { return sum(tape.read(w) * 1e20F); };
  Optimizer optimizer(GradientDescent{.learning_rate = 1e-30}, {w});
  EXPECT_NEAR(optimizer.measure(loss).gradient_norm / 1e20, std::sqrt(2.0), 1e-6);
}

}  // namespace
}  // namespace xtape::optim
