// How far elementwise ops are off the truth, in units of the last place: over typical ranges, every magnitude, all bit
// patterns and the neighbours of the row's special points, under each instruction set that the machine has. The truth
// is MPFR's or, where that knows nothing of the op, the long double result. And how far partial derivatives are off
// what the same program gives in long double.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "kernels/dispatch.hpp"
#include "ops/exact.hpp"
#include "ops/page.hpp"
#include "ops/row.hpp"
#include "support/interpreter.hpp"

namespace xtape::test {

namespace {

/// XTAPE_ACCURACY_POINTS, by default 20,000; fewer where MPFR takes 0.1 ms for each.
int number_of_points(const Row& row) {
  const char* wish = std::getenv("XTAPE_ACCURACY_POINTS");
  const int points = wish == nullptr ? 20000 : std::atoi(wish);
  return row.name == "lgamma" || row.name == "digamma" ? points / 4 : points;
}

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

/// A few steps away from a special point or an edge of the dtype's range.
Real neighbour(const std::vector<Real>& edges, DType dtype, Random& random) {
  const Real point = rounded(random.pick(edges), dtype);
  const std::int64_t steps = random.integer(-3, 3);
  if (!std::isfinite(point)) return point;
  if (dtype == DType::float64)
    return std::bit_cast<double>(std::bit_cast<std::uint64_t>(static_cast<double>(point)) +
                                 static_cast<std::uint64_t>(steps));
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(point));
  return std::bit_cast<float>(bits + static_cast<std::uint32_t>(steps));
}

/// In the op's domain, of any magnitude that math functions bend at, of any bits, or beside a hard point.
Real point(const Row& row, std::size_t input, const std::vector<Real>& edges, DType dtype, Random& random) {
  switch (random.integer(0, 3)) {
    case 0:
      return rounded(random.uniform(row.low(input), row.high(input)), dtype);
    case 1:
      return rounded(std::ldexp(random.uniform(-1, 1), static_cast<int>(random.integer(-30, 11))), dtype);
    case 2:
      return from_bits(random.bits(), dtype);
    default:
      return neighbour(edges, dtype, random);
  }
}

std::vector<Tensor> points(const Row& row, DType dtype) {
  Random random(5);
  std::vector<Real> hard = edges(dtype);
  hard.insert(hard.end(), row.specials.begin(), row.specials.end());
  const int number = number_of_points(row);
  std::vector<Tensor> result(row.arity, {dtype, {number}, {}});
  for (int i = 0; i < number; ++i)
    for (std::size_t input = 0; input < row.arity; ++input)
      result[input].elements.push_back(point(row, input, hard, dtype, random));
  return result;
}

Tensor truth(const Row& row, std::span<const Tensor> inputs) {
  const std::function<Real(const Real*)> exact = exact_function(row.name);
  if (!exact) return broadcast_apply(row.scalar, inputs);
  Tensor result{inputs[0].dtype, inputs[0].shape, {}};
  for (std::size_t i = 0; i < inputs[0].elements.size(); ++i) {
    const Real x[] = {inputs[0].elements[i], inputs.back().elements[i]};
    result.elements.push_back(exact(x));
  }
  return result;
}

Array value_of(const Row& row, std::span<const Tensor> inputs) {
  Tape tape;
  return row.build(make_leaves(tape, inputs)).value();
}

struct Worst {
  Real excess = 0;  ///< error over bound, and the error and the place of it
  Real error = 0;
  std::size_t at = 0;
  Real unexplained = 0;  ///< the largest error less the condition number, where that counts
};

Worst worst_of(const Row& row, std::span<const Tensor> inputs, const Tensor& expected, const Tensor& actual) {
  Worst worst;
  const Real least = actual.dtype == DType::float32 && row.ulp > 1 ? std::max(row.ulp, Real{4}) : row.ulp;
  for (std::size_t i = 0; i < expected.elements.size(); ++i) {
    Real x[2] = {};
    for (std::size_t input = 0; input < inputs.size(); ++input) x[input] = inputs[input].elements[i];
    const Real error = ulps(actual.elements[i], expected.elements[i], actual.dtype);
    if (error <= worst.unexplained && error <= worst.excess * least) continue;  // the bound is at least that
    const Real bound = ulp_bound(row, actual.dtype, x), excess = error / bound;
    worst.unexplained = std::max(worst.unexplained, error - std::max(Real{0}, bound - least));
    if (excess > worst.excess) worst.excess = excess, worst.error = error, worst.at = i;
  }
  return worst;
}

class Accuracy : public testing::TestWithParam<Row> {};

TEST_P(Accuracy, WithinTheBound) {
  const Row& row = GetParam();
  const Restoring restoring;
  for (DType dtype : {DType::float64, DType::float32}) {
    const std::vector<Tensor> inputs = points(row, dtype);
    const Tensor expected = truth(row, inputs);
    for (auto set : {detail::InstructionSet::baseline, detail::InstructionSet::avx2, detail::InstructionSet::avx512}) {
      if (!detail::available(set)) continue;
      detail::set_instruction_set(set);
      const Tensor actual = tensor_of(value_of(row, inputs));
      const Worst worst = worst_of(row, inputs, expected, actual);
      const std::string label = std::string(name(dtype)) + "_" + std::string(instruction_set());
      RecordProperty(label, std::to_string(static_cast<double>(worst.unexplained)));
      EXPECT_LE(worst.excess, 1) << label << " at " << inputs[0].elements[worst.at] << ", "
                                 << inputs.back().elements[worst.at] << ": " << actual.elements[worst.at] << ", not "
                                 << expected.elements[worst.at] << ", " << worst.error << " ulp";
    }
  }
}

/// The elements in the same order, but from another one on.
Tensor rotated(Tensor x) {
  std::rotate(x.elements.begin(), x.elements.begin() + 3, x.elements.end());
  return x;
}

// Or else they would depend on how a plan cuts an array into vectors and chunks.
TEST_P(Accuracy, BitsDoNotDependOnNeighbours) {
  const Row& row = GetParam();
  const Restoring restoring;
  for (DType dtype : {DType::float64, DType::float32})
    for (auto set : {detail::InstructionSet::baseline, detail::InstructionSet::avx2, detail::InstructionSet::avx512}) {
      if (!detail::available(set)) continue;
      detail::set_instruction_set(set);
      const std::vector<Tensor> inputs = points(row, dtype);
      std::vector<Tensor> others;
      for (const Tensor& input : inputs) others.push_back(rotated(input));
      const Array here = value_of(row, inputs), there = value_of(row, others);
      EXPECT_TRUE(same_bits(array_of(rotated(tensor_of(here))), there)) << name(dtype) << ", " << instruction_set();
    }
}

/// A row's partial derivatives, as the library and as the interpreter have them. The latter at x (1 + `shift`) for one
/// of the inputs.
struct Partials {
  Partials(const Row& row, DType dtype) {
    Random random(6);
    for (std::size_t i = 0; i < row.arity; ++i)
      leaves.push_back(tape.variable(array_of(random_tensor(random, {2000}, dtype, row.low(i), row.high(i)))));
    const Var y = row.build(leaves);
    results =
        tape.vjp(y, tape.variable(Array::ones(y.shape(), dtype)), std::span<const Target>(floating_targets(leaves)));
  }
  std::vector<Tensor> exact(std::size_t shifted, Real shift) const {
    Interpretation how;
    Tensor& x = how.leaves[node_of(leaves[shifted])] = tensor_of(leaves[shifted].value());
    for (Real& element : x.elements) element *= 1 + shift;
    return interpret(results, how);
  }

  Tape tape;
  std::vector<Var> leaves, results;
};

// Partials that are made from tanh's or sigmoid's output are right to some ulp of 1 only.
TEST_P(Accuracy, PartialsWithinTheBound) {
  const Row& row = GetParam();
  const bool absolute = row.name == "tanh" || row.name == "sigmoid" || row.name == "mish";
  for (DType dtype : {DType::float64, DType::float32}) {
    const Partials partials(row, dtype);
    const std::vector<Tensor> expected = partials.exact(0, 0);
    std::vector<std::vector<Tensor>> nearby;
    for (std::size_t i = 0; i < row.arity; ++i) nearby.push_back(partials.exact(i, 1e-9L));
    for (std::size_t k = 0; k < expected.size(); ++k) {
      const Tensor actual = tensor_of(partials.results[k].value());
      for (std::size_t i = 0; i < actual.elements.size(); ++i) {
        const Real e = expected[k].elements[i];
        Real condition = absolute ? 2 / std::abs(e) : 0;
        for (const std::vector<Tensor>& moved : nearby) condition += std::abs(moved[k].elements[i] / e - 1) * 1e9L;
        EXPECT_LE(ulps(actual.elements[i], e, dtype), 8 + (std::isfinite(condition) ? 2 * condition : 0))
            << name(dtype) << " for input " << k << ": " << actual.elements[i] << ", not " << e;
      }
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

double measured_ulps(const Row& row, DType dtype) {
  const std::vector<Tensor> inputs = points(row, dtype);
  Tape tape;
  const Tensor actual = tensor_of(row.build(make_leaves(tape, inputs)).value());
  return static_cast<double>(worst_of(row, inputs, truth(row, inputs), actual).unexplained);
}

}  // namespace xtape::test
