// The suites that run over every row: values, gradients, second order, linearity in the cotangent, planned against
// unplanned, special values, errors.
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "ops/row.hpp"
#include "support/differences.hpp"

namespace xtape::test {

namespace {

constexpr Options kPlanned{true, true}, kPlannedExactly{true, false}, kUnplanned{false, false};

Real epsilon(DType dtype) { return dtype == DType::float32 ? Real{0x1p-23L} : Real{0x1p-52L}; }

/// One sample recorded on a tape of its own, with its reverse pass for a cotangent that is a leaf.
struct Recorded {
  Recorded(const Sample& sample, DType dtype, const Options& options = kPlanned)
      : tape(options),
        inputs(make_inputs(sample.inputs, dtype, 7)),
        leaves(make_leaves(tape, inputs)),
        y(sample.build(leaves)) {}

  /// Random values of a shape as a leaf.
  Var leaf_like(const Var& x) {
    weights.push_back(random_tensor(random, x.shape(), x.dtype()));
    return tape.variable(array_of(weights.back()));
  }

  bool differentiable() const { return is_floating(y.dtype()) && !floating_targets(leaves).empty(); }

  void differentiate() {
    cotangent = leaf_like(y);
    gradients = tape.vjp(y, cotangent, floating_targets(leaves));
    std::vector<Var> terms;
    for (const Var& gradient : gradients) terms.push_back(cast(sum(gradient * leaf_like(gradient)), DType::float64));
    directional = terms[0];
    for (std::size_t i = 1; i < terms.size(); ++i) directional = directional + terms[i];
  }

  std::vector<Var> second_gradients() {
    return tape.gradient(directional, std::span<const Target>(floating_targets(leaves)));
  }

  Tape tape;
  Random random{11};
  std::vector<Tensor> inputs;
  std::vector<Var> leaves;
  Var y, cotangent;
  std::vector<Var> gradients;
  Var directional;  ///< the sum of products of the gradients with random tangents
  std::vector<Tensor> weights;
};

DType coarsest(const Recorded& recorded) {
  for (const Var& leaf : recorded.leaves)
    if (leaf.dtype() == DType::float32) return DType::float32;
  return recorded.y.dtype() == DType::float32 ? DType::float32 : DType::float64;
}

std::vector<Var> floating_leaves(const Recorded& recorded) {
  std::vector<Var> result;
  for (const Var& leaf : recorded.leaves)
    if (is_floating(leaf.dtype())) result.push_back(leaf);
  return result;
}

/// The tests of one op.
class Ops : public testing::TestWithParam<Row> {
 protected:
  template <class Test>
  void for_each_sample(const Test& test) {
    for (DType dtype : {DType::float64, DType::float32})
      for (std::size_t i = 0; i < GetParam().samples.size(); ++i) {
        SCOPED_TRACE("sample " + std::to_string(i) + ", " + std::string(name(dtype)));
        ASSERT_NO_THROW(test(GetParam().samples[i], dtype));
      }
  }
};

TEST_P(Ops, Values) {
  for_each_sample([&](const Sample& sample, DType dtype) {
    const Recorded recorded(sample, dtype);
    const Tensor interpreted = interpret(recorded.y);
    const Tensor expected = sample.reference ? sample.reference(recorded.inputs) : interpreted;
    EXPECT_TRUE(close(interpreted, expected, epsilon(coarsest(recorded)))) << "the interpreter's";
    if (GetParam().ulp > 0 && !GetParam().conditioned) {
      EXPECT_TRUE(within_ulps(recorded.y.value(), expected, ulp_bound(GetParam(), dtype, nullptr)));
    } else {
      EXPECT_TRUE(close(recorded.y.value(), expected, 32 * epsilon(coarsest(recorded))));
    }
  });
}

TEST_P(Ops, Gradients) {
  for_each_sample([&](const Sample& sample, DType dtype) {
    Recorded recorded(sample, dtype);
    if (!recorded.differentiable()) return;
    recorded.differentiate();
    const std::vector<Var> leaves = floating_leaves(recorded);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      const Tensor expected = sample.large ? interpret(recorded.gradients[i])
                                           : difference_gradient(recorded.y, recorded.weights[0], leaves[i]);
      EXPECT_TRUE(close(recorded.gradients[i].value(), expected, 1e-10L + 256 * epsilon(coarsest(recorded))))
          << "input " << i;
    }
  });
}

TEST_P(Ops, SecondOrder) {
  for_each_sample([&](const Sample& sample, DType dtype) {
    Recorded recorded(sample, dtype);
    if (!recorded.differentiable() || sample.large) return;
    recorded.differentiate();
    const std::vector<Var> second = recorded.second_gradients();
    const std::vector<Var> leaves = floating_leaves(recorded);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      const Tensor expected = difference_gradient(recorded.directional, tensor({1}), leaves[i]);
      EXPECT_TRUE(close(second[i].value(), expected, 1e-9L + 4096 * epsilon(coarsest(recorded)))) << "input " << i;
    }
  });
}

// The reverse pass is linear in its cotangent, so its derivative for the cotangent is the forward pass, in which the
// cotangent itself does not occur.
TEST_P(Ops, CotangentIsLinear) {
  for_each_sample([&](const Sample& sample, DType dtype) {
    Recorded recorded(sample, dtype);
    if (!recorded.differentiable()) return;
    recorded.differentiate();
    const Var tangent = recorded.tape.gradient(recorded.directional, recorded.cotangent);
    for (detail::NodeId id : ancestors(std::span<const Var>(&tangent, 1)))
      EXPECT_NE(id, node_of(recorded.cotangent)) << "the cotangent is alive";
    const Real forward = dot(tensor_of(tangent.value()), recorded.weights[0]);
    const Real reverse = static_cast<Real>(recorded.directional.item<double>());
    EXPECT_NEAR(static_cast<double>(forward), static_cast<double>(reverse),
                static_cast<double>((1 + std::abs(reverse)) * 512 * epsilon(coarsest(recorded))));
  });
}

std::vector<Array> everything(const Sample& sample, DType dtype, const Options& options) {
  Recorded recorded(sample, dtype, options);
  std::vector<Var> outputs{recorded.y};
  if (recorded.differentiable()) {
    recorded.differentiate();
    outputs.insert(outputs.end(), recorded.gradients.begin(), recorded.gradients.end());
    for (const Var& second : recorded.second_gradients()) outputs.push_back(second);
  }
  return recorded.tape.evaluate(outputs);
}

TEST_P(Ops, PlannedEqualsUnplanned) {
  for_each_sample([&](const Sample& sample, DType dtype) {
    const std::vector<Array> reference = everything(sample, dtype, kUnplanned);
    EXPECT_TRUE(same_bits(everything(sample, dtype, kPlannedExactly), reference));
    const std::vector<Array> rounding = everything(sample, dtype, kPlanned);
    const bool single = dtype == DType::float32 || reference[0].dtype() == DType::float32;
    for (std::size_t i = 0; i < reference.size(); ++i)
      EXPECT_TRUE(close(rounding[i], tensor_of(reference[i]), 512 * epsilon(single ? DType::float32 : DType::float64)));
  });
}

/// All points, or all pairs of points, as the inputs of an elementwise op.
std::vector<Tensor> special_inputs(const Row& row, DType dtype) {
  std::vector<Real> points = row.specials;
  for (Real edge : edges(dtype)) points.push_back(edge);
  std::vector<std::vector<Real>> inputs(row.arity);
  for (Real first : points) {
    if (row.arity == 1) inputs[0].push_back(first);
    else
      for (Real second : points) inputs[0].push_back(first), inputs[1].push_back(second);
  }
  std::vector<Tensor> result;
  for (const std::vector<Real>& input : inputs)
    result.push_back(tensor(input, {static_cast<std::int64_t>(input.size())}, dtype));
  return result;
}

TEST_P(Ops, SpecialValues) {
  const Row& row = GetParam();
  if (row.arity == 0 || row.scalar == nullptr || row.ulp == 0) return;
  for (DType dtype : {DType::float64, DType::float32}) {
    const std::vector<Tensor> inputs = special_inputs(row, dtype);
    Tape tape;
    const Tensor actual = tensor_of(row.build(make_leaves(tape, inputs)).value());
    const Tensor expected = broadcast_apply(row.scalar, inputs);
    for (std::size_t i = 0; i < expected.elements.size(); ++i) {
      Real x[2] = {};
      for (std::size_t input = 0; input < inputs.size(); ++input) x[input] = inputs[input].elements[i];
      const Real a = actual.elements[i], e = expected.elements[i];
      EXPECT_LE(ulps(a, e, actual.dtype), ulp_bound(row, dtype, x))
          << name(dtype) << " at " << x[0] << ", " << x[1] << ": " << a << ", not " << e;
      if (row.signed_zeros && is_floating(actual.dtype) && a == 0 && e == 0) {
        EXPECT_EQ(std::signbit(a), std::signbit(e)) << name(dtype) << " at " << x[0] << ", " << x[1];
      }
    }
  }
}

TEST_P(Ops, Errors) {
  for (std::size_t i = 0; i < GetParam().failures.size(); ++i) {
    const Failure& failure = GetParam().failures[i];
    SCOPED_TRACE("failure " + std::to_string(i));
    Tape tape;
    const std::vector<Var> leaves = make_leaves(tape, make_inputs(failure.inputs, failure.dtype, 3));
    try {
      failure.build(leaves);
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::exception& error) {
      EXPECT_TRUE(failure.is_expected(error)) << "of another type: " << error.what();
      EXPECT_TRUE(contains(error.what(), failure.parts));
    }
    EXPECT_EQ((tape.variable(2.0) + 1).item<double>(), 3) << "the tape is not usable after the error";
  }
}

INSTANTIATE_TEST_SUITE_P(AllRows, Ops, testing::ValuesIn(rows()),
                         [](const testing::TestParamInfo<Row>& row) { return row.param.name; });

}  // namespace

}  // namespace xtape::test
