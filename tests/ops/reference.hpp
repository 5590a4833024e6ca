// Plain references for ops that move or combine elements: loops over whole index vectors, in long double.
#pragma once

#include <functional>
#include <vector>

#include "support/tensor.hpp"

namespace xtape::test {

using Index = std::vector<std::int64_t>;

/// The tensor whose element at an index is x at `source(index)`.
Tensor gathered(const Tensor& x, const Shape& shape, const std::function<Index(const Index&)>& source);
/// x at an index.
Real at(const Tensor& x, const Index& index);

/// Each group of elements that differ only in the axes (all of them if empty) replaced by one number.
Tensor reduced(const Tensor& x, std::vector<int> axes, bool keepdims, Real (*function)(const std::vector<Real>&));
/// Each such group replaced by another of equal size.
Tensor mapped(const Tensor& x, std::vector<int> axes, void (*function)(std::vector<Real>&));

/// The matrix product as in NumPy, batched with broadcasting; vectors on either side.
Tensor matrix_product(const Tensor& a, const Tensor& b);

Real log_sum_exp(const std::vector<Real>& x);

}  // namespace xtape::test
