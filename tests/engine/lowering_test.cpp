// What lowering makes of ops in two steps: who shares the first one, and that values do not depend on it; and that
// nodes are found again wherever they stand in a large program.
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

constexpr Options kPlanned{true, true}, kUnplanned{false, false};

std::size_t count(const std::string& plan, const std::string& op) {
  std::size_t number = 0;
  for (std::size_t at = plan.find("= " + op + "("); at != std::string::npos; at = plan.find("= " + op + "(", at + 1))
    ++number;
  return number;
}

Array logits() {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  return Array{0.0, -0.0, 1.5, -2.25, 1e-20, 40.0, -87.5, 1000.0, -1000.0, inf, -inf, nan, 0.3};
}

/// Three functions of the same logits, which need exp(-|x|).
struct Losses {
  Losses(const Options& options, DType dtype) : tape(options) {
    const Var z = cast(tape.variable(logits()), dtype), y = cast(tape.variable(Array::full({13}, 0.25)), dtype);
    const Var loss = binary_cross_entropy_with_logits(z, y, Reduction::none);
    all = {loss, softplus(z), sigmoid(z)};
  }
  Tape tape;
  std::vector<Var> all;
};

TEST(Lowering, LossAndSigmoidShareAnExponential) {
  Losses losses(kPlanned, DType::float64);
  const std::string plan = losses.tape.dump_plan(losses.all);
  EXPECT_EQ(count(plan, "decay"), 1U) << plan;
  EXPECT_EQ(count(plan, "bce_of_decay") + count(plan, "softplus_of_decay") + count(plan, "sigmoid_of_decay"), 3U)
      << plan;
  const std::string alone = losses.tape.dump_plan({losses.all[2]});
  EXPECT_EQ(count(alone, "sigmoid"), 1U) << alone;
  EXPECT_EQ(count(alone, "decay"), 0U) << alone;
}

TEST(Lowering, SharingKeepsBits) {
  for (DType dtype : {DType::float64, DType::float32}) {
    Losses together(kPlanned, dtype), unplanned(kUnplanned, dtype);
    const std::vector<Array> values = together.tape.evaluate(together.all);
    EXPECT_TRUE(same_bits(values, unplanned.tape.evaluate(unplanned.all)));
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_TRUE(same_bits(values[i], Losses(kPlanned, dtype).all[i].value())) << i;
  }
}

// Many readers of one value overflow the places beside it.
TEST(Lowering, FindsTheSameNodesAgain) {
  Tape tape;
  const Var x = tape.variable(Array{1.0, 2.0});
  std::vector<Var> once, again;
  for (std::vector<Var>* list : {&once, &again})
    for (int i = 0; i < 300; ++i) list->push_back(power(x, 0.5 + i));
  Var total = x;
  for (std::size_t i = 0; i < once.size(); ++i) total = total + exp(once[i]) * exp(again[i]);
  const std::string plan = tape.dump_plan({total});
  EXPECT_EQ(count(plan, "exp"), 300U);
}

}  // namespace

}  // namespace xtape::test
