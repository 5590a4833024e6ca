// Windows over images: the gather behind convolution and pooling (im2col), and its transpose (col2im).
#pragma once

#include <string_view>

#include <xtape/ops/neural.hpp>
#include <xtape/tape.hpp>

namespace xtape::detail {

/// How windows lie over the last two axes of an image: tap t of window w is at w stride + t dilation - padding.
struct Windows {
  Pair kernel, stride = 1, padding = 0, dilation = 1;
};

/// A tensor with its last axes, of which there are one or two, as height and width, and those before the last `kept` of
/// the others as one.
Var as_images(const Var& x, std::size_t axes, std::size_t kept);
/// Height and width.
Pair extents_of(const Var& images);

/// Throws ValueError for a number below its range.
void check_windows(std::string_view op, const Windows& windows);
/// How many windows fit on each axis. With `ceil_mode` the last may reach over the end if it starts before. Throws
/// ShapeError if none fits; `shape` is what the user gave.
Pair window_counts(std::string_view op, const Shape& shape, const Pair& extents, const Windows& windows,
                   bool ceil_mode = false);

/// (..., height, width) to (..., kernel height, kernel width, rows, columns) of windows, with `fill` outside the image.
Var windows_of(const Var& image, const Windows& windows, const Pair& counts, double fill = 0);
/// The transpose: adds (..., kernel height, kernel width, rows, columns) up to images of these extents.
Var image_of(const Var& taps, const Windows& windows, const Pair& extents);

}  // namespace xtape::detail
