// Every row over a batch: values and first derivatives are those of the examples, one by one.
#include <algorithm>

#include <gtest/gtest.h>

#include "ops/row.hpp"
#include "transform/batch.hpp"

namespace xtape::test {

namespace {

using detail::NodeId;
using detail::TapeState;
using detail::VarAccess;

constexpr std::size_t kExamples = 3;

/// Whether each input of a sample has a value of its own in each example.
using Chosen = std::vector<bool>;

/// The inputs of example i: those that are not chosen are the same in all.
std::vector<Tensor> inputs_of(const Sample& sample, DType dtype, const Chosen& chosen, std::size_t i) {
  std::vector<Tensor> inputs = make_inputs(sample.inputs, dtype, 7);
  const std::vector<Tensor> own = make_inputs(sample.inputs, dtype, 7 + i);
  for (std::size_t at = 0; at < inputs.size(); ++at)
    if (chosen[at]) inputs[at] = own[at];
  return inputs;
}

Tensor stacked(const std::vector<Tensor>& parts) {
  Tensor result{parts[0].dtype, {static_cast<std::int64_t>(parts.size())}, {}};
  for (std::int64_t extent : parts[0].shape) result.shape.push_back(extent);
  for (const Tensor& part : parts)
    result.elements.insert(result.elements.end(), part.elements.begin(), part.elements.end());
  return result;
}

std::vector<Tensor> all_stacked(const std::vector<std::vector<Tensor>>& examples) {
  std::vector<Tensor> result;
  for (std::size_t at = 0; at < examples[0].size(); ++at) {
    std::vector<Tensor> parts;
    for (const std::vector<Tensor>& example : examples) parts.push_back(example[at]);
    result.push_back(stacked(parts));
  }
  return result;
}

Tensor cotangent_of(const Shape& shape, DType dtype, std::size_t i) {
  Random random(100 + i);
  return random_tensor(random, shape, dtype);
}

/// The value, and if it carries a gradient those of the chosen floating inputs.
std::vector<Var> outputs_of(Tape& tape, const Var& y, const Var& cotangent, std::span<const Var> leaves,
                            const Chosen& chosen) {
  std::vector<Var> outputs{y};
  std::vector<Target> targets;
  for (std::size_t at = 0; at < leaves.size(); ++at)
    if (chosen[at] && is_floating(leaves[at].dtype())) targets.emplace_back(leaves[at]);
  if (!is_floating(y.dtype()) || targets.empty()) return outputs;
  for (const Var& gradient : tape.vjp(y, cotangent, targets)) outputs.push_back(gradient);
  return outputs;
}

std::vector<Tensor> one_example(const Sample& sample, DType dtype, const Chosen& chosen, std::size_t i) {
  Tape tape;
  const std::vector<Var> leaves = make_leaves(tape, inputs_of(sample, dtype, chosen, i));
  const Var y = sample.build(leaves);
  const Var cotangent = tape.variable(array_of(cotangent_of(y.shape(), y.dtype(), i)));
  std::vector<Tensor> result;
  for (const Array& value : tape.evaluate(outputs_of(tape, y, cotangent, leaves, chosen)))
    result.push_back(tensor_of(value));
  return result;
}

Var placeholder(TapeState& state, DType dtype, const Shape& shape) {
  return VarAccess::make(state, detail::record_placeholder(state, dtype, shape, {}));
}

/// The sample recorded once, on placeholders, and its batch.
struct Batch {
  Batch(const Sample& sample, DType dtype, const Chosen& chosen) : state(VarAccess::state(tape)) {
    std::vector<std::vector<Tensor>> examples;
    for (std::size_t i = 0; i < kExamples; ++i) examples.push_back(inputs_of(sample, dtype, chosen, i));
    const std::vector<Tensor> stacks = all_stacked(examples);
    std::vector<Var> leaves;
    for (std::size_t at = 0; at < stacks.size(); ++at) {
      const Tensor& one = examples[0][at];
      leaves.push_back(chosen[at] ? add(one, stacks[at]) : tape.variable(array_of(one)));
    }
    y = sample.build(leaves);
    std::vector<Tensor> cotangents;
    for (std::size_t i = 0; i < kExamples; ++i) cotangents.push_back(cotangent_of(y.shape(), y.dtype(), i));
    const Var cotangent = add(cotangents[0], stacked(cotangents));
    for (const Var& output : outputs_of(tape, y, cotangent, leaves, chosen)) outputs.push_back(VarAccess::node(output));
  }

  /// A placeholder for the example, and its batch as a leaf.
  Var add(const Tensor& one, const Tensor& stack) {
    const Var input = placeholder(state, one.dtype, one.shape);
    inputs.push_back(VarAccess::node(input));
    batches.push_back(tape.variable(array_of(stack)));
    return input;
  }

  std::vector<Var> over_batch() {
    std::vector<NodeId> nodes;
    for (const Var& batch : batches) nodes.push_back(VarAccess::node(batch));
    std::vector<Var> result;
    for (NodeId node : detail::batched(state, outputs, inputs, nodes)) result.push_back(VarAccess::make(state, node));
    return result;
  }

  Tape tape;
  TapeState& state;
  Var y;
  std::vector<NodeId> inputs, outputs;
  std::vector<Var> batches;  ///< of the chosen inputs, then of the cotangent
};

/// Whether the inputs may get one more axis.
bool fits(const Sample& sample) {
  return std::ranges::all_of(sample.inputs, [](const Input& input) { return input.shape.rank() < Shape::kMaxRank; });
}

/// Whether recording the sample needs the value of a chosen input, as masked_select does of its mask.
bool reads_values(const Sample& sample, DType dtype, const Chosen& chosen) {
  return message_of<ValueError>([&] { Batch(sample, dtype, chosen); }).find("choose by `where`") != std::string::npos;
}

/// Each floating input alone, all floating ones, and all.
std::vector<Chosen> choices(const Sample& sample) {
  std::vector<Chosen> result;
  Chosen floating, all(sample.inputs.size(), true);
  for (const Input& input : sample.inputs) floating.push_back(input.kind == Kind::floating);
  for (std::size_t at = 0; at < floating.size(); ++at) {
    if (!floating[at]) continue;
    result.emplace_back(floating.size(), false);
    result.back()[at] = true;
  }
  if (std::ranges::count(floating, true) > 1) result.push_back(floating);
  if (floating != all) result.push_back(all);
  return result;
}

std::string text(const Chosen& chosen) {
  std::string result;
  for (bool one : chosen) result += one ? "x" : ".";
  return result;
}

Real tolerance(const Array& value, DType dtype) {
  const bool single = dtype == DType::float32 && is_floating(value.dtype());
  return 256 * (single ? Real{0x1p-23L} : Real{0x1p-52L});
}

/// The tests of one op.
class Batches : public testing::TestWithParam<Row> {
 protected:
  template <class Test>
  void for_each_batch(const Test& test) {
    for (DType dtype : {DType::float64, DType::float32})
      for (std::size_t i = 0; i < GetParam().samples.size(); ++i) {
        const Sample& sample = GetParam().samples[i];
        if (sample.large || !fits(sample)) continue;
        for (const Chosen& chosen : choices(sample)) {
          if (GetParam().name == "masked_select" && reads_values(sample, dtype, chosen)) continue;
          SCOPED_TRACE("sample " + std::to_string(i) + ", " + std::string(name(dtype)) + ", over " + text(chosen));
          ASSERT_NO_THROW(test(sample, dtype, chosen));
        }
      }
  }
};

TEST_P(Batches, ValuesAndGradientsAreThoseOfTheExamples) {
  for_each_batch([&](const Sample& sample, DType dtype, const Chosen& chosen) {
    std::vector<std::vector<Tensor>> examples;
    for (std::size_t i = 0; i < kExamples; ++i) examples.push_back(one_example(sample, dtype, chosen, i));
    const std::vector<Tensor> expected = all_stacked(examples);
    Batch batch(sample, dtype, chosen);
    const std::vector<Array> values = batch.tape.evaluate(batch.over_batch());
    for (std::size_t at = 0; at < expected.size(); ++at) {
      EXPECT_TRUE(close(values[at], expected[at], tolerance(values[at], dtype))) << "output " << at;
      if (GetParam().arity > 0 && at == 0) {
        EXPECT_TRUE(same_bits(values[at], array_of(expected[at])));
      }
    }
  });
}

// The gradients of a batch of the value, which come from the rules of the batch's ops.
TEST_P(Batches, RulesOfTheBatchAgreeWithTheBatchOfTheRules) {
  for_each_batch([&](const Sample& sample, DType dtype, const Chosen& chosen) {
    Batch batch(sample, dtype, chosen);
    if (batch.outputs.size() == 1) return;
    const std::vector<Var> over = batch.over_batch();
    std::vector<Target> targets;
    for (std::size_t at = 0; at + 1 < batch.batches.size(); ++at)
      if (is_floating(batch.batches[at].dtype())) targets.emplace_back(batch.batches[at]);
    const std::vector<Var> gradients = batch.tape.vjp(over[0], batch.batches.back(), targets);
    for (std::size_t at = 0; at < gradients.size(); ++at) {
      const Array value = gradients[at].value();
      EXPECT_TRUE(close(value, tensor_of(over[at + 1].value()), tolerance(value, dtype))) << "gradient " << at;
    }
  });
}

INSTANTIATE_TEST_SUITE_P(AllRows, Batches, testing::ValuesIn(rows()),
                         [](const testing::TestParamInfo<Row>& row) { return row.param.name; });

Var ones(Tape& tape, const Shape& shape) {
  const std::vector<double> elements(static_cast<std::size_t>(shape.size()), 1);
  return tape.variable(Array::from(elements, shape));
}

TEST(Batch, WhatDependsOnNoInputIsRepeated) {
  Tape tape;
  TapeState& state = VarAccess::state(tape);
  const Var input = placeholder(state, DType::float64, {2}), batch = ones(tape, {3, 2});
  const Var other = tape.variable(Array{1, 2}) * 3;
  const NodeId outputs[] = {VarAccess::node(other), VarAccess::node(input + other)};
  const NodeId inputs[] = {VarAccess::node(input)}, batches[] = {VarAccess::node(batch)};
  const std::vector<NodeId> nodes = detail::batched(state, outputs, inputs, batches);
  EXPECT_TRUE(equals(VarAccess::make(state, nodes[0]).value(), {3, 6, 3, 6, 3, 6}));
  EXPECT_TRUE(equals(VarAccess::make(state, nodes[1]).value(), {4, 7, 4, 7, 4, 7}));
}

TEST(Batch, NoExamples) {
  Tape tape;
  TapeState& state = VarAccess::state(tape);
  const Var input = placeholder(state, DType::float64, {2, 2}), batch = ones(tape, {0, 2, 2});
  const NodeId outputs[] = {VarAccess::node(det(input) + sum(input))};
  const NodeId inputs[] = {VarAccess::node(input)}, batches[] = {VarAccess::node(batch)};
  const std::vector<NodeId> nodes = detail::batched(state, outputs, inputs, batches);
  EXPECT_EQ(VarAccess::make(state, nodes[0]).value().shape(), Shape{0});
}

TEST(Batch, TooManyAxes) {
  Tape tape;
  TapeState& state = VarAccess::state(tape);
  const Var input = placeholder(state, DType::float64, {}), batch = ones(tape, {5});
  const NodeId outputs[] = {VarAccess::node(broadcast_to(input, {1, 2, 1, 1, 1, 1, 1, 1}))};
  const NodeId inputs[] = {VarAccess::node(input)}, batches[] = {VarAccess::node(batch)};
  EXPECT_TRUE(
      contains(message_of<ShapeError>([&] { detail::batched(state, outputs, inputs, batches); }),
               {"broadcast_to: over a batch of 5 it would have 9 axes, the most are 8", "[1, 2, 1, 1, 1, 1, 1, 1]"}));
}

}  // namespace

}  // namespace xtape::test
