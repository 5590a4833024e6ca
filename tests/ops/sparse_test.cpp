// Every row's Jacobian and Hessian by colouring are the dense ones: nothing but zeros lies outside of the patterns.
#include <xtape/sparse.hpp>

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include <xtape/functional.hpp>

#include "ops/row.hpp"

namespace xtape::test {

namespace {

/// A sample as a function of one of its inputs, recorded on a tape.
struct Function {
  Function(const Sample& from, std::size_t of, DType dtype)
      : sample(from), input(of), leaves(make_leaves(tape, make_inputs(from.inputs, dtype, 7))) {}

  Var operator()(const Var& x) const {
    std::vector<Var> inputs = leaves;
    inputs[input] = x;
    return sample.build(inputs);
  }
  Var x() const { return leaves[input]; }
  /// Whether it has derivatives, of which a dense matrix has no more axes than a tensor may.
  bool fits(std::size_t order) const {
    if (!is_floating(x().dtype()) || x().rank() == Shape::kMaxRank) return false;
    const Var y = (*this)(x());
    return is_floating(y.dtype()) && y.rank() < Shape::kMaxRank &&
           (order == 1 ? y.rank() : x().rank()) + x().rank() <= Shape::kMaxRank;
  }

  const Sample& sample;
  std::size_t input;
  Tape tape;
  std::vector<Var> leaves;
};

void compare(const SparseMatrix<Var>& sparse, const Var& dense, Real rounding) {
  const DType dtype = sparse.values.dtype();
  const Var expected = cast(reshape(dense, {sparse.row_count, sparse.column_count}), dtype);
  EXPECT_TRUE(close(sparse.dense().value(), tensor_of(expected.value()), rounding));
}

Real epsilon(DType x, DType y) { return x == DType::float32 || y == DType::float32 ? Real{0x1p-23L} : Real{0x1p-52L}; }

class Sparse : public testing::TestWithParam<Row> {
 protected:
  /// Calls test(function) for each sample as a function of each of its inputs.
  template <class Test>
  void for_each_function(const Test& test) {
    for (DType dtype : {DType::float64, DType::float32})
      for (std::size_t i = 0; i < GetParam().samples.size(); ++i)
        for (std::size_t input = 0; input < GetParam().samples[i].inputs.size(); ++input) {
          if (GetParam().samples[i].large) continue;
          SCOPED_TRACE("sample " + std::to_string(i) + ", " + std::string(name(dtype)) + ", input " +
                       std::to_string(input));
          ASSERT_NO_THROW(test(Function(GetParam().samples[i], input, dtype)));
        }
  }
};

TEST_P(Sparse, JacobiansAreTheDenseOnes) {
  for_each_function([](const Function& f) {
    if (!f.fits(1)) return;
    const Var x = f.x(), y = f(x);
    const SparseMatrix<Var> sparse = sparse_jacobian(std::cref(f))(x);
    EXPECT_EQ(sparse.values.dtype(), y.dtype());
    EXPECT_LE(sparse.products, std::min(x.size(), y.size()));
    compare(sparse, jacobian(std::cref(f))(x), 256 * epsilon(x.dtype(), y.dtype()));
  });
}

TEST_P(Sparse, HessiansAreTheDenseOnes) {
  for_each_function([](const Function& f) {
    if (!f.fits(2)) return;
    const Var x = f.x(), y = f(x);
    Random random(3);
    const Array weights = array_of(random_tensor(random, y.shape(), y.dtype()));
    const auto weighted = [&](const Var& v) { return sum(f(v) * weights); };
    const SparseMatrix<Var> sparse = sparse_hessian(weighted)(x);
    EXPECT_LE(sparse.products, x.size());
    compare(sparse, hessian(weighted)(x), 4096 * epsilon(x.dtype(), y.dtype()));
  });
}

INSTANTIATE_TEST_SUITE_P(AllRows, Sparse, testing::ValuesIn(rows()),
                         [](const testing::TestParamInfo<Row>& row) { return row.param.name; });

}  // namespace

}  // namespace xtape::test
