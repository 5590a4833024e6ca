// Rows of comparisons, logic and selection.
#include <cmath>

#include "ops/row.hpp"

namespace xtape::test {

namespace {

Build call(Binary op) {
  return [op](std::span<const Var> x) { return op(x[0], x[1]); };
}

Reference boolean_reference(const std::string& op) {
  return [op](std::span<const Tensor> x) {
    Tensor result = broadcast_apply(pointwise_ops().at(op).function, x);
    result.dtype = DType::boolean;
    return result;
  };
}

/// A comparison: of floating numbers, where NaN is neither, of integers and of bools.
Row comparison(const std::string& op, Binary function) {
  const Reference reference = boolean_reference(op);
  return {op,
          binary(function),
          special({0, -0.0L, 1, -1, kInf, -kInf, kNaN}),
          no_gradient(),
          numeric(),
          sample({integer({20}, -2, 2), integer({20}, -2, 2)}, call(function), reference),
          sample({integer({3, 1}, -2, 2), integer({4}, -2, 2)}, call(function), reference),
          sample({boolean({8}), boolean({8})}, call(function), reference)};
}

Row logical(const std::string& op, Binary function) {
  const Reference reference = boolean_reference(op);
  return {op,
          no_gradient(),
          sample({boolean({70}), boolean({70})}, call(function), reference),
          sample({boolean({3, 1}), boolean({4})}, call(function), reference),
          sample({boolean({}), boolean({})}, call(function), reference),
          sample({boolean({0}), boolean({1})}, call(function), reference),
          fails<DTypeError>({real({2}), real({2})}, call(function), {op, "float64"})};
}

Var select(std::span<const Var> x) { return where(x[0], x[1], x[2]); }

Tensor selected(std::span<const Tensor> x) {
  Tensor result = broadcast_apply([](const Real* a) { return a[0] != 0 ? a[1] : a[2]; }, x);
  result.dtype = x[1].dtype;
  return result;
}

}  // namespace

std::vector<Row> logic_rows() {
  return {
      comparison("equal", equal),
      comparison("not_equal", not_equal),
      comparison("less", less),
      comparison("less_equal", less_equal),
      comparison("greater", greater),
      comparison("greater_equal", greater_equal),
      logical("logical_and", logical_and),
      logical("logical_or", logical_or),
      logical("logical_xor", logical_xor),
      {"logical_not", no_gradient(),
       sample(
           {boolean({70})}, [](std::span<const Var> x) { return logical_not(x[0]); }, boolean_reference("logical_not")),
       fails<DTypeError>({real({2})}, [](std::span<const Var> x) { return logical_not(x[0]); },
                         {"logical_not", "float64"})},
      {"isfinite", unary(isfinite), special({0, 1, kInf, -kInf, kNaN}), no_gradient()},
      {"isinf", unary(isinf), special({0, 1, kInf, -kInf, kNaN}), no_gradient(), ulp(0.5L)},
      {"isnan", unary(isnan), special({0, 1, kInf, -kInf, kNaN}), no_gradient(), ulp(0.5L)},
      {"where", sample({boolean({2, 9}), real({2, 9}), real({2, 9})}, select, selected),
       sample({boolean({}), real({3}), real({2, 1})}, select, selected),
       sample({boolean({3}), real({}), real({})}, select, selected),
       sample({boolean({2, 1, 3}), real({4, 1}), real({3})}, select, selected),
       sample({boolean({0, 2}), real({2}), real({1, 1})}, select, selected),
       sample({boolean({4}), integer({4}, -3, 3), integer({4}, -3, 3)}, select, selected),
       sample(
           {boolean({4}), real({4})}, [](std::span<const Var> x) { return where(x[0], x[1], 0.0); },
           [](std::span<const Tensor> x) {
             Tensor result = broadcast_apply([](const Real* a) { return a[0] != 0 ? a[1] : 0; }, x);
             result.dtype = x[1].dtype;
             return result;
           }),
       fails<DTypeError>({real({2}), real({2}), real({2})}, select, {"where", "float64", "bool"}),
       fails<ShapeError>({boolean({2}), real({3}), real({2})}, select, {"where", "[2]", "[3]"}),
       fails<DTypeError>({boolean({2}), real({2}), integer({2}, 0, 1)}, select, {"where", "float64", "int64"})},
  };
}

}  // namespace xtape::test
