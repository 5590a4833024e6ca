// How far elementwise ops are off the long double result, in units of the last place: over typical ranges, every
// magnitude and all bit patterns, under each instruction set that the machine has.
#include <bit>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "kernels/dispatch.hpp"
#include "ops/row.hpp"

namespace xtape::test {

namespace {

constexpr int kPoints = 20000;

/// Leaves the instruction set as it was.
class Restoring {
 public:
  ~Restoring() { detail::set_instruction_set(before_); }

 private:
  detail::InstructionSet before_ = detail::instruction_set();
};

Real from_bits(std::uint64_t bits, DType dtype) {
  if (dtype == DType::float32) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  return std::bit_cast<double>(bits);
}

/// A third of the points in the op's domain, a third of any magnitude that math functions bend at, a third of any bits.
Real point(const Row& row, std::size_t input, DType dtype, int i, Random& random) {
  if (i % 3 == 0) return rounded(random.uniform(row.low(input), row.high(input)), dtype);
  if (i % 3 == 1) return rounded(std::ldexp(random.uniform(-1, 1), static_cast<int>(random.integer(-30, 11))), dtype);
  return from_bits(random.bits(), dtype);
}

std::vector<Tensor> points(const Row& row, DType dtype) {
  Random random(5);
  std::vector<Tensor> result(row.arity, {dtype, {kPoints}, {}});
  for (int i = 0; i < kPoints; ++i)
    for (std::size_t input = 0; input < row.arity; ++input)
      result[input].elements.push_back(point(row, input, dtype, i, random));
  return result;
}

struct Worst {
  Real excess = 0;  ///< error over bound
  Real error = 0;
  std::size_t at = 0;
};

Worst worst_of(const Row& row, std::span<const Tensor> inputs, const Tensor& expected, const Tensor& actual) {
  Worst worst;
  for (std::size_t i = 0; i < expected.elements.size(); ++i) {
    Real x[2] = {};
    for (std::size_t input = 0; input < inputs.size(); ++input) x[input] = inputs[input].elements[i];
    const Real error = ulps(actual.elements[i], expected.elements[i], actual.dtype);
    const Real excess = error / ulp_bound(row, actual.dtype, x);
    if (excess > worst.excess) worst = {excess, error, i};
  }
  return worst;
}

class Accuracy : public testing::TestWithParam<Row> {};

TEST_P(Accuracy, WithinTheBound) {
  const Row& row = GetParam();
  const Restoring restoring;
  for (DType dtype : {DType::float64, DType::float32}) {
    const std::vector<Tensor> inputs = points(row, dtype);
    const Tensor expected = broadcast_apply(row.scalar, inputs);
    for (auto set : {detail::InstructionSet::baseline, detail::InstructionSet::avx2, detail::InstructionSet::avx512}) {
      if (!detail::available(set)) continue;
      detail::set_instruction_set(set);
      Tape tape;
      const Tensor actual = tensor_of(row.build(make_leaves(tape, inputs)).value());
      const Worst worst = worst_of(row, inputs, expected, actual);
      const std::string label = std::string(name(dtype)) + "_" + std::string(instruction_set());
      RecordProperty(label, std::to_string(static_cast<double>(worst.error)));
      EXPECT_LE(worst.excess, 1) << label << " at " << inputs[0].elements[worst.at] << ", "
                                 << inputs.back().elements[worst.at] << ": " << actual.elements[worst.at] << ", not "
                                 << expected.elements[worst.at] << ", " << worst.error << " ulp";
    }
  }
}

std::vector<Row> measured_rows() {
  std::vector<Row> result;
  for (const Row& row : rows())
    if (row.arity > 0 && row.ulp > 0 && row.differentiable) result.push_back(row);
  return result;
}

INSTANTIATE_TEST_SUITE_P(Elementwise, Accuracy, testing::ValuesIn(measured_rows()),
                         [](const testing::TestParamInfo<Row>& row) { return row.param.name; });

}  // namespace

}  // namespace xtape::test
