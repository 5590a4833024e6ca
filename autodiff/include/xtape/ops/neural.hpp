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

/// x weight^T + bias: x (..., in), weight (out, in) or (in), bias (out) or (); the result is (..., out) or (...).
Var linear(const Operand& x, const Operand& weight, const std::optional<Operand>& bias = {});
/// The rows of weight (count, width) at the int64 indices, (..., width); negative indices and errors as in `take`. The
/// row `padding_idx` gets no gradient.
Var embedding(const Operand& indices, const Operand& weight, std::optional<std::int64_t> padding_idx = {});

// ---- Convolution: cross-correlation, as everywhere. A product of matrices, which follows IEEE where 0 meets inf, and
// for which the input is laid out once for each element of the kernel. Throws ShapeError where channels, groups or bias
// do not fit, or where no kernel fits into the padded input; ValueError for a stride, dilation or number of groups
// below 1 or a padding below 0.

/// x (..., in, length), weight (out, in / groups, kernel), bias (out); the result is (..., out, n) with
/// n = (length + 2 padding - dilation (kernel - 1) - 1) / stride + 1, rounded down.
Var conv1d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias = {}, std::int64_t stride = 1,
           std::int64_t padding = 0, std::int64_t dilation = 1, std::int64_t groups = 1);
/// What a convolution of stride 1 puts beside the input by itself: nothing, or so many zeros that the result is of its
/// size, the odd one after it.
enum class Padding : std::uint8_t { valid, same };
Var conv1d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias, std::int64_t stride,
           Padding padding, std::int64_t dilation = 1, std::int64_t groups = 1);
/// The same over height and width: weight (out, in / groups, kernel height, kernel width).
Var conv2d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias = {}, Pair stride = 1,
           Pair padding = 0, Pair dilation = 1, std::int64_t groups = 1);
Var conv2d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias, Pair stride, Padding padding,
           Pair dilation = 1, std::int64_t groups = 1);
/// The transpose of conv1d, x (..., in, length) by weight (in, out / groups, kernel), plus bias (out); the result has
/// (length - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1 places.
Var conv_transpose1d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias = {},
                     std::int64_t stride = 1, std::int64_t padding = 0, std::int64_t output_padding = 0,
                     std::int64_t groups = 1, std::int64_t dilation = 1);
/// The same over height and width. output_padding is less than stride or dilation, else ValueError.
Var conv_transpose2d(const Operand& x, const Operand& weight, const std::optional<Operand>& bias = {}, Pair stride = 1,
                     Pair padding = 0, Pair output_padding = 0, std::int64_t groups = 1, Pair dilation = 1);

// ---- Pooling over the last axis, or the last two; the stride is the kernel size if none is given. With `ceil_mode`
// the last window may reach over the end, if it starts in the input or in the padding before it. ShapeError where no
// window fits, ValueError for a padding of more than half a window.

/// The largest element of each window (..., length); NaN if any is. k tied elements get 1/k of the gradient each, where
/// torch gives all to the first; the padding is -inf, and ties with what is.
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

// ---- Normalization: (x - mean) / sqrt(variance + eps) * weight + bias, with the mean squared deviation as variance.
// Elements that are all the same become 0 and have a finite gradient as long as eps > 0. ValueError for eps < 0.

/// Over the last axes, whose extents are `normalized_shape`, which weight and bias have too.
Var layer_norm(const Operand& x, const Shape& normalized_shape, const std::optional<Operand>& weight = {},
               const std::optional<Operand>& bias = {}, double eps = 1e-5);
/// x (n, channels, ...), over each of `num_groups` groups of channels with all that follows; weight and bias
/// (channels).
Var group_norm(const Operand& x, std::int64_t num_groups, const std::optional<Operand>& weight = {},
               const std::optional<Operand>& bias = {}, double eps = 1e-5);
/// The inference form: x (n, channels, ...), everything else (channels), with given means and variances.
Var batch_norm(const Operand& x, const Operand& running_mean, const Operand& running_var,
               const std::optional<Operand>& weight = {}, const std::optional<Operand>& bias = {}, double eps = 1e-5);

/// What batch_norm_training returns; the statistics have the shape (channels).
struct BatchNorm {
  Var value;
  Var mean;             ///< of the batch
  Var variance;         ///< that the value is normalized with: the mean of the squared deviations
  Var sample_variance;  ///< with n - 1 for n, as running variances take it; NaN of one element
};
/// The training form: normalizes over all axes but the channels. It keeps nothing; the caller averages the statistics,
/// for example by tape.evaluate(outputs, {{running_mean, 0.9 * read(running_mean, x) + 0.1 * result.mean}, ...}).
BatchNorm batch_norm_training(const Operand& x, const std::optional<Operand>& weight = {},
                              const std::optional<Operand>& bias = {}, double eps = 1e-5);

/// In training each weight of attention is 0 with probability p, else over 1 - p, as in `dropout`: p a number in [0, 1]
/// or a 0-d Var, drawn from a Key.
struct Dropout {
  Operand p, key;
};
/// softmax(query key^T scale) value over the keys: query (..., l, e), key (..., s, e), value (..., s, v), with
/// broadcasting over the other axes; `scale` is 1 / sqrt(e) by default. attn_mask broadcasts to (..., l, s): boolean,
/// true where a query may look, or numbers to add. `is_causal` hides the keys after a query's own place. A query that
/// may look nowhere, or only at -inf, gets zeros, and a gradient of zeros. torch's dropout_p is a Dropout:
///     scaled_dot_product_attention(query, key, value, {}, true, {}, Dropout{0.1, fold_in(random, step)})
Var scaled_dot_product_attention(const Operand& query, const Operand& key, const Operand& value,
                                 const std::optional<Operand>& attn_mask = {}, bool is_causal = false,
                                 std::optional<double> scale = {}, const std::optional<Dropout>& dropout = {});

}  // namespace xtape
