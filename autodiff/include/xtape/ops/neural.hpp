// Layers of neural networks, named as in torch.nn.functional. Images are (..., channels, height, width), where "..."
// are any number of batch axes, none included; operands that may be left out are std::optional.
#pragma once

#include <cstdint>
#include <optional>

#include <xtape/operand.hpp>

namespace xtape {

/// A number for each of the axes height and width; a single one stands for both.
struct Pair {
  std::int64_t height, width;

  Pair(std::int64_t both) : Pair(both, both) {}
  Pair(std::int64_t of_height, std::int64_t of_width) : height(of_height), width(of_width) {}
};

// ---- Convolution: cross-correlation, as everywhere. A product of matrices, which follows IEEE where 0 meets inf.
// Throws ShapeError where channels, groups or bias do not fit, or where no kernel fits into the padded input;
// ValueError for a stride, dilation or number of groups below 1 or a padding below 0.

/// x (..., in, length), weight (out, in / groups, kernel), bias (out); the result is (..., out, n) with
/// n = (length + 2 padding - dilation (kernel - 1) - 1) / stride + 1, rounded down.
Var conv1d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias = {}, std::int64_t stride = 1,
           std::int64_t padding = 0, std::int64_t dilation = 1, std::int64_t groups = 1);
/// The same over height and width: weight (out, in / groups, kernel height, kernel width).
Var conv2d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias = {}, Pair stride = 1,
           Pair padding = 0, Pair dilation = 1, std::int64_t groups = 1);
/// The transpose of conv1d, x (..., in, length) by weight (in, out / groups, kernel), plus bias (out); the result has
/// (length - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1 places.
Var conv_transpose1d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias = {},
                     std::int64_t stride = 1, std::int64_t padding = 0, std::int64_t output_padding = 0,
                     std::int64_t groups = 1, std::int64_t dilation = 1);
/// The same over height and width. output_padding is less than stride or dilation, else ValueError.
Var conv_transpose2d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias = {}, Pair stride = 1,
                     Pair padding = 0, Pair output_padding = 0, std::int64_t groups = 1, Pair dilation = 1);

// ---- Pooling over the last axis, or the last two; the stride is the kernel size if none is given. With `ceil_mode`
// the last window may reach over the end of the padded input, if it starts before. ShapeError where no window fits,
// ValueError for a padding of more than half a window.

/// The largest element of each window (..., length); NaN if any is. k tied elements get 1/k of the gradient each, where
/// torch gives all to the first; the padding is -inf.
Var max_pool1d(const Operand& x, std::int64_t kernel_size, std::int64_t stride, std::int64_t padding = 0,
               std::int64_t dilation = 1, bool ceil_mode = false);
inline Var max_pool1d(const Operand& x, std::int64_t kernel_size) { return max_pool1d(x, kernel_size, kernel_size); }
/// The same for (..., height, width).
Var max_pool2d(const Operand& x, Pair kernel_size, Pair stride, Pair padding = 0, Pair dilation = 1,
               bool ceil_mode = false);
inline Var max_pool2d(const Operand& x, Pair kernel_size) { return max_pool2d(x, kernel_size, kernel_size); }
/// The mean of each window (..., length), of which padding counts as zeros, or not at all if `count_include_pad` is
/// false.
Var avg_pool1d(const Operand& x, std::int64_t kernel_size, std::int64_t stride, std::int64_t padding = 0,
               bool ceil_mode = false, bool count_include_pad = true);
inline Var avg_pool1d(const Operand& x, std::int64_t kernel_size) { return avg_pool1d(x, kernel_size, kernel_size); }
/// The same for (..., height, width).
Var avg_pool2d(const Operand& x, Pair kernel_size, Pair stride, Pair padding = 0, bool ceil_mode = false,
               bool count_include_pad = true);
inline Var avg_pool2d(const Operand& x, Pair kernel_size) { return avg_pool2d(x, kernel_size, kernel_size); }

}  // namespace xtape
