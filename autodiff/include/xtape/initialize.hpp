// Random values that the training of layers starts from, named as in torch.nn.init. A gain below 0, or one or a slope
// that is not finite, throws ValueError.
#pragma once

#include <xtape/ops/random.hpp>

namespace xtape {

/// How weights of a shape are laid out.
enum class Layout : std::uint8_t {
  outputs_inputs,  ///< (outputs, inputs, kernel...), as `linear` and the convolutions have it
  inputs_outputs,  ///< (inputs, outputs), as matmul(x, weights) has it
};

/// The numbers of inputs and outputs that a unit is connected with.
struct Fans {
  double in, out;
};
/// Kernel extents count in both. Throws ShapeError for fewer than two axes, or more than two unless they are a kernel.
Fans fans_of(const Shape& shape, Layout layout = Layout::outputs_inputs);

struct XavierOptions {
  double gain = 1;  ///< of the activation that follows: 1 where it is linear at 0, 5/3 for tanh as torch has it
  Layout layout = Layout::outputs_inputs;
  DType dtype = DType::float64;
};
/// Uniform in gain sqrt(6 / (in + out)) [-1, 1): forwards and backwards, a layer that is linear at 0 keeps the variance
/// of what passes through. Glorot and Bengio, Understanding the difficulty of training deep feedforward neural
/// networks, 2010.
Array xavier_uniform(Key key, const Shape& shape, const XavierOptions& options = {});
/// Normal with the same variance, gain^2 2 / (in + out).
Array xavier_normal(Key key, const Shape& shape, const XavierOptions& options = {});

/// Whether the variance is kept forwards or backwards.
enum class Fan : std::uint8_t { in, out };

struct KaimingOptions {
  double negative_slope = 0;  ///< of the leaky relu that follows; 0 is relu, 1 is no activation
  Fan fan = Fan::in;
  Layout layout = Layout::outputs_inputs;
  DType dtype = DType::float64;
};
/// Uniform in sqrt(6 / ((1 + negative_slope^2) fan)) [-1, 1): layers between relus keep the variance. He, Zhang, Ren
/// and Sun, Delving Deep into Rectifiers, 2015.
Array kaiming_uniform(Key key, const Shape& shape, const KaimingOptions& options = {});
/// Normal with the same variance, 2 / ((1 + negative_slope^2) fan).
Array kaiming_normal(Key key, const Shape& shape, const KaimingOptions& options = {});

}  // namespace xtape
