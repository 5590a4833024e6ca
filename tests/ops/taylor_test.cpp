// Every row's Taylor coefficients, against derivatives that are nested instead.
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "ops/row.hpp"
#include "transform/apply.hpp"
#include "transform/taylor.hpp"

namespace xtape::test {

namespace {

using detail::NodeId;
using detail::VarAccess;

constexpr int kOrder = 3;

/// A sample of a row along a random line.
struct Line {
  explicit Line(const Sample& sample) {
    leaves = make_leaves(tape, make_inputs(sample.inputs, DType::float64, 7));
    y = sample.build(leaves);
    Random random{5};
    for (const Var& leaf : leaves) {
      if (!is_floating(leaf.dtype())) continue;
      x.push_back(leaf);
      directions.push_back(tape.variable(array_of(random_tensor(random, leaf.shape(), leaf.dtype()))));
    }
  }

  std::vector<Var> nested() const {
    std::vector<Var> derivatives{y};
    for (int k = 1; k <= kOrder; ++k) derivatives.push_back(detail::push_forward(derivatives.back(), x, directions));
    return derivatives;
  }

  std::vector<NodeId> coefficients() const {
    std::vector<NodeId> nodes, along;
    for (const Var& each : x) nodes.push_back(VarAccess::node(each));
    for (const Var& each : directions) along.push_back(VarAccess::node(each));
    return detail::taylor_coefficients(VarAccess::state(tape), VarAccess::node(y), nodes, along, kOrder);
  }

  Tape tape;
  std::vector<Var> leaves, x, directions;
  Var y;
};

class Taylor : public testing::TestWithParam<Row> {};

TEST_P(Taylor, CoefficientsAreNestedDerivatives) {
  for (const Sample& sample : GetParam().samples) {
    const Line line(sample);
    if (sample.large || line.x.empty() || !is_floating(line.y.dtype())) continue;
    const std::vector<Var> nested = line.nested();
    const std::vector<NodeId> coefficients = line.coefficients();
    double factorial = 1;
    for (int k = 0; k <= kOrder; ++k) {
      if (k > 1) factorial *= k;
      const auto at = static_cast<std::size_t>(k);
      const Tensor expected = tensor_of((nested[at] / factorial).value());
      if (coefficients[at] == detail::kNoNode) {
        for (Real element : expected.elements) EXPECT_EQ(element, 0) << "order " << k;
        continue;
      }
      const Var coefficient = VarAccess::make(VarAccess::state(line.tape), coefficients[at]);
      EXPECT_TRUE(close(coefficient.value(), expected, 1e-9L)) << "order " << k;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllRows, Taylor, testing::ValuesIn(rows()),
                         [](const testing::TestParamInfo<Row>& row) { return row.param.name; });

}  // namespace

}  // namespace xtape::test
