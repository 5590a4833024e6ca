// Where the training of layers starts.
#pragma once

#include <cstdint>

#include <xtape/array.hpp>

namespace xtape::models {

/// sqrt(6 / inputs): with it, relu layers keep the variance of what passes through them. He et al., Delving Deep into
/// Rectifiers, 2015.
double he_bound(std::int64_t inputs);
/// sqrt(6 / (inputs + outputs)): the same for activations that are linear at 0, forwards and backwards at once. Glorot
/// and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010.
double glorot_bound(std::int64_t inputs, std::int64_t outputs);

/// Weights uniform in [-bound, bound], which depend on seed and stream alone: by the counter-based generator Philox
/// 4x32-10 (Salmon, Moraes, Dror and Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, 2011).
Array uniform_weights(const Shape& shape, double bound, std::uint64_t seed, std::uint64_t stream, DType dtype);

}  // namespace xtape::models
