// prod, as a tree of products of halves. Its derivative is then exact beside any number of zeros and of any order, as
// multiply's is, and errors grow as log n.
#include <vector>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/reduction.hpp"
#include "ops/view.hpp"

namespace xtape::detail {

namespace {

/// Over the last axis, which is not empty and stays with extent 1.
Var product_of_last(const Var& x) {
  const std::size_t axis = x.rank() - 1;
  std::vector<Var> factors{x};
  while (factors[0].shape()[axis] > 1) {
    const Var whole = factors[0];
    const std::int64_t extent = whole.shape()[axis], half = extent / 2;
    const Var left = sliced(whole, axis, 0, half);
    const Var right = sliced(whole, axis, half, half);
    factors[0] = left * right;
    if (extent % 2 == 1) factors.push_back(sliced(whole, axis, extent - 1, 1));
  }
  Var product = factors[0];
  for (std::size_t i = 1; i < factors.size(); ++i) product = product * factors[i];
  return product;
}

Shape without_last(Shape shape) { return Shape(std::span(shape.begin(), shape.rank() - 1)); }

Var product_of(const Var& x, const AxisSet& chosen) {
  if (x.dtype() == DType::boolean) fail<DTypeError>("prod", "it does not take bool; cast it to int64");
  if (reduced_size(x.shape(), chosen) == 0) return reduced(sum_op, x, chosen) + 1;
  const Var merged = merged_last(x, chosen);
  return reshaped(product_of_last(merged), without_last(merged.shape()));
}

}  // namespace

}  // namespace xtape::detail

namespace xtape {

Var prod(const Operand& x, const Axes& axes, bool keepdims) {
  return detail::record_reduction("prod", x, axes, keepdims, detail::product_of);
}

}  // namespace xtape
