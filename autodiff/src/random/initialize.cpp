#include <xtape/initialize.hpp>

#include <cmath>

#include "ops/errors.hpp"

namespace xtape {

namespace {

Fans checked_fans(std::string_view op, const Shape& shape, Layout layout) {
  const bool is_kernel = layout == Layout::outputs_inputs;
  if (shape.rank() < 2 || (shape.rank() > 2 && !is_kernel))
    detail::fail<ShapeError>(op, "weights of shape ", shape, " have no inputs and outputs: ",
                             is_kernel ? "(outputs, inputs, kernel...)" : "(inputs, outputs)", " is wanted");
  double kernel = 1;
  for (std::size_t axis = 2; axis < shape.rank(); ++axis) kernel *= static_cast<double>(shape[axis]);
  const double first = kernel * static_cast<double>(shape[0]), second = kernel * static_cast<double>(shape[1]);
  return is_kernel ? Fans{second, first} : Fans{first, second};
}

double xavier_stddev(std::string_view op, const Shape& shape, const XavierOptions& options) {
  const Fans fans = checked_fans(op, shape, options.layout);
  if (!(options.gain >= 0 && std::isfinite(options.gain)))
    detail::fail<ValueError>(op, "gain must be finite and not negative, is ", options.gain);
  return options.gain * std::sqrt(2 / (fans.in + fans.out));
}

double kaiming_stddev(std::string_view op, const Shape& shape, const KaimingOptions& options) {
  const Fans fans = checked_fans(op, shape, options.layout);
  if (!std::isfinite(options.negative_slope))
    detail::fail<ValueError>(op, "negative_slope must be finite, is ", options.negative_slope);
  const double fan = options.fan == Fan::in ? fans.in : fans.out;
  return std::sqrt(2 / ((1 + options.negative_slope * options.negative_slope) * fan));
}

/// Weights without elements have no fans to divide by.
Array scaled_normal(Key key, const Shape& shape, double stddev, DType dtype) {
  return normal(key, shape, 0, shape.size() == 0 ? 1 : stddev, dtype);
}

Array scaled_uniform(Key key, const Shape& shape, double stddev, DType dtype) {
  const double bound = shape.size() == 0 ? 1 : std::sqrt(3.0) * stddev;
  return uniform(key, shape, -bound, bound, dtype);
}

}  // namespace

Fans fans_of(const Shape& shape, Layout layout) { return checked_fans("fans_of", shape, layout); }

Array xavier_uniform(Key key, const Shape& shape, const XavierOptions& options) {
  return scaled_uniform(key, shape, xavier_stddev("xavier_uniform", shape, options), options.dtype);
}

Array xavier_normal(Key key, const Shape& shape, const XavierOptions& options) {
  return scaled_normal(key, shape, xavier_stddev("xavier_normal", shape, options), options.dtype);
}

Array kaiming_uniform(Key key, const Shape& shape, const KaimingOptions& options) {
  return scaled_uniform(key, shape, kaiming_stddev("kaiming_uniform", shape, options), options.dtype);
}

Array kaiming_normal(Key key, const Shape& shape, const KaimingOptions& options) {
  return scaled_normal(key, shape, kaiming_stddev("kaiming_normal", shape, options), options.dtype);
}

}  // namespace xtape
