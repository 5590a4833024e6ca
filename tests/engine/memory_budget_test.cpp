// A memory budget: less workspace, the same bits, and never more work than recomputing each value about once.
#include <algorithm>

#include <gtest/gtest.h>

#include <xtape/custom_op.hpp>
#include <xtape/xtape.hpp>

#include "plan/build.hpp"
#include "plan/request.hpp"
#include "plan/verify.hpp"
#include "support/check.hpp"
#include "tape/state.hpp"

namespace xtape::test {

namespace {

constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

detail::Plan plan_of(const Tape& tape, const std::vector<Var>& outputs) {
  std::vector<detail::NodeId> nodes;
  for (const Var& output : outputs) nodes.push_back(detail::VarAccess::node(output));
  detail::Request request;
  detail::make_request(detail::VarAccess::state(tape), nodes, request);
  detail::Plan plan = detail::build_plan(request);
  detail::verify(plan);
  return plan;
}

/// A network of so many square layers, with a product, a bias and tanh each, and its gradients.
std::vector<Var> network(Tape& tape, int layers, std::int64_t width) {
  Var x = tape.variable(Array::full({width, width}, 0.01));
  std::vector<Target> weights;
  for (int i = 0; i < layers; ++i) {
    const Var w = tape.variable(Array::full({width, width}, 0.02 + 0.001 * i));
    const Var b = tape.variable(Array::full({width}, 0.01 * i));
    weights.insert(weights.end(), {w, b});
    const Var z = matmul(x, w) + b;
    x = tanh(z);
  }
  const Var loss = mean(square(x));
  std::vector<Var> outputs = tape.gradient(loss, weights);
  outputs.push_back(loss);
  return outputs;
}

std::size_t products(const detail::Plan& plan) { return plan.matmuls.size(); }

TEST(MemoryBudget, IsKeptByComputingAgain) {
  constexpr int kLayers = 24;
  constexpr std::int64_t kWidth = 80;
  Tape tape;
  const std::vector<Var> outputs = network(tape, kLayers, kWidth);
  const detail::Plan whole = plan_of(tape, outputs);
  const std::size_t layer = kWidth * kWidth * sizeof(double);
  ASSERT_GT(whole.arena_bytes, kLayers * layer) << "each layer's result is kept for the gradient";
  tape.set_memory_budget(whole.arena_bytes / 2);
  const detail::Plan half = plan_of(tape, outputs);
  EXPECT_LE(half.arena_bytes, whole.arena_bytes / 2);
  EXPECT_GT(products(half), products(whole));
  EXPECT_LE(products(half), products(whole) + kLayers);
  tape.set_memory_budget(0);
  EXPECT_LT(plan_of(tape, outputs).arena_bytes, whole.arena_bytes / 2);
}

/// The nodes that nothing reads and nobody asked for.
std::size_t wasted(const detail::Plan& plan) {
  std::vector<bool> read(plan.program.size());
  for (detail::NodeId output : plan.outputs) read[output] = true;
  for (detail::NodeId id = 0; id < plan.program.size(); ++id)
    for (detail::NodeId input : plan.program.inputs(plan.program[id])) read[input] = true;
  return static_cast<std::size_t>(std::ranges::count(read, false));
}

/// Cosines are computed where the angles are, though the gradient alone reads them: if again, then not twice.
TEST(MemoryBudget, ComputesNothingThatIsNotRead) {
  Tape tape;
  const Var w = tape.variable(Array::full({40, 40}, 0.02));
  Var x = tape.variable(Array::full({40, 40}, 0.1));
  for (int i = 0; i < 12; ++i) x = sin(matmul(x, w));
  const Var gradient = tape.gradient(sum(x), w);
  for (std::size_t budget : {std::size_t{0}, std::size_t{100000}, std::size_t{200000}, kUnlimited}) {
    tape.set_memory_budget(budget);
    EXPECT_EQ(wasted(plan_of(tape, {gradient})), 0U) << budget << " bytes";
  }
}

/// Small products run before the loops that read them, but not all at once.
TEST(MemoryBudget, SmallProductsDoNotPileUp) {
  Tape tape;
  const Var w = tape.variable(Array::full({40, 40}, 0.02));
  Var state = tape.variable(Array::zeros({40, 40}));
  for (int i = 0; i < 1000; ++i) state = tanh(state + matmul(tape.variable(Array::full({40, 40}, 0.001 * i)), w));
  EXPECT_LT(plan_of(tape, {state}).arena_bytes, std::size_t{2} << 20);
}

TEST(MemoryBudget, ChangesNoBit) {
  const auto run = [](std::size_t budget) {
    Tape tape;
    tape.set_memory_budget(budget);
    return tape.evaluate(network(tape, 12, 40));
  };
  const std::vector<Array> unlimited = run(kUnlimited);
  for (std::size_t budget : {0, 40000, 80000, 120000, 200000})
    EXPECT_TRUE(same_bits(run(budget), unlimited)) << budget << " bytes";
}

TEST(MemoryBudget, MakesAPlanOfItsOwn) {
  Tape tape;
  const auto value = [&] {
    tape.reset();
    return tape.evaluate(network(tape, 6, 20));
  };
  const std::vector<Array> first = value();
  const std::uint64_t plans = plan_cache_statistics().misses;
  tape.set_memory_budget(0);
  EXPECT_TRUE(same_bits(value(), first));
  EXPECT_EQ(plan_cache_statistics().misses, plans + 1);
  EXPECT_TRUE(same_bits(value(), first));
  EXPECT_EQ(plan_cache_statistics().misses, plans + 1);
}

TEST(MemoryBudget, DoesNotCallUserFunctionsAgain) {
  int calls = 0;
  const CustomOp counted(
      "counted",
      [&calls](std::span<const Array> x) {
        ++calls;
        return x[0];
      },
      [](std::span<const Array>, const Array&, const Array& cotangent) { return std::vector<Array>{cotangent}; });
  Tape tape;
  tape.set_memory_budget(0);
  Var x = tape.variable(Array::full({30, 30}, 0.1));
  const Var leaf = x;
  for (int i = 0; i < 8; ++i) x = tanh(matmul(counted(x), x));
  tape.gradient(sum(x), leaf).value();
  EXPECT_EQ(calls, 8);
}

}  // namespace

}  // namespace xtape::test
