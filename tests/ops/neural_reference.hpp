// Layers by plain nested loops in long double, for images (n, channels, height, width).
#pragma once

#include <xtape/ops.hpp>

#include "support/tensor.hpp"

namespace xtape::test {

/// How a convolution or a pooling is called.
struct Spatial {
  Pair stride = 1, padding = 0, dilation = 1;
  std::int64_t groups = 1;
  Pair output_padding = 0;
  Pair kernel = 1;  ///< of pooling
  bool ceil_mode = false, count_include_pad = true;
};

/// weight (out, in / groups, kernel height, kernel width), bias (out).
Tensor convolved(const Tensor& x, const Tensor& weight, const Tensor* bias, const Spatial& how);
/// weight (in, out / groups, kernel height, kernel width): each input element adds the kernel to the output.
Tensor transpose_convolved(const Tensor& x, const Tensor& weight, const Tensor* bias, const Spatial& how);

/// The largest element in each window.
Tensor max_pooled(const Tensor& x, const Spatial& how);
Tensor average_pooled(const Tensor& x, const Spatial& how);

/// softmax(query key^T scale + mask) value for (batch, places, width) each; the mask, if any, is (l, s), of numbers to
/// add.
Tensor attended(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor* mask, Real scale);

}  // namespace xtape::test
