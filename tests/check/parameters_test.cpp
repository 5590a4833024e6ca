// The checker on losses over Parameters, which read them through the tape.
#include <functional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <xtape/custom_op.hpp>
#include <xtape/gradient_check.hpp>
#include <xtape/testing.hpp>
#include <xtape/xtape.hpp>

#include "support/check.hpp"

namespace xtape::test {

namespace {

const Array kInputs{{1, 0.5}, {-1, 2}, {0.3, 0.7}};

/// The identity, whose rule doubles the cotangent.
CustomOp doubling() {
  return CustomOp(
      "doubling", [](std::span<const Var> x) { return 1 * x[0]; },
      [](std::span<const Var>, const Var&, const Var& c) { return std::vector<Var>{2 * c}; });
}

TEST(Parameters, RightGradientsPassAndNothingIsAssigned) {
  const Parameter weights("weights", Array{0.3, -0.4}), bias("bias", Array(0.1));
  const auto loss = [&](Tape& tape) { return mean(square(tanh(matmul(kInputs, tape.read(weights)) + bias))); };
  const std::uint64_t version = weights.version();
  const CheckReport report = check_gradient(loss, {weights, bias}, {.order = 2});
  EXPECT_THAT(report, PassesGradientCheck());
  EXPECT_EQ(report.elements, 3);
  EXPECT_TRUE(contains(to_string(report), {"Parameter \""})) << report;
  EXPECT_EQ(weights.version(), version);
  EXPECT_TRUE(equals(weights.value(), {0.3, -0.4}));
  EXPECT_TRUE(gradient_is_right(loss, {bias}));
}

TEST(Parameters, AWrongGradientNamesTheParameter) {
  Parameter weights("weights", Array{0.3, -0.4}), bias("bias", Array(0.1));
  const CustomOp op = doubling();
  const auto loss = [&](Tape& tape) { return mean(square(matmul(kInputs, tape.read(weights)) + op(tape.read(bias)))); };
  const CheckReport report = check_gradient(loss, {weights, bias});
  EXPECT_THAT(report, HasGradientStatus(CheckStatus::fail));
  EXPECT_EQ(report.input, 1U);
  EXPECT_TRUE(contains(to_string(report), {"Parameter \"bias\" at []"})) << report;
  EXPECT_TRUE(gradient_is_right(loss, {weights})) << "bias is a constant then";
}

TEST(Parameters, Float32IsReplayedInFloat64) {
  Parameter weights("weights", Array::from(std::vector<float>{0.3F, -0.4F}));
  const auto loss = [&](Tape& tape) { return sum(exp(tape.read(weights)) * weights); };
  const std::vector<std::reference_wrapper<Parameter>> parameters{weights};
  const CheckReport report = check_gradient(loss, parameters);
  EXPECT_THAT(report, PassesGradientCheck());
  EXPECT_TRUE(report.notes.empty()) << report;
  EXPECT_LT(report.error, 1e-9);
}

TEST(Parameters, Errors) {
  const Parameter weights("weights", Array{1, 2}), counts("counts", Array::from(std::vector<std::int64_t>{1}));
  const auto loss = [&](Tape& tape) { return sum(tape.read(weights)); };
  EXPECT_TRUE(contains(message_of<ValueError>([&] {
                         check_gradient(loss, {weights, weights});
                       }),
                       {"\"weights\"", "twice"}));
  EXPECT_TRUE(contains(message_of<ValueError>([&] { check_gradient(loss, {counts}); }), {"none of the 1", "float32"}));
}

}  // namespace

}  // namespace xtape::test
