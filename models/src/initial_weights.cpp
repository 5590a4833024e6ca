#include "initial_weights.hpp"

#include <cmath>
#include <vector>

#include <Random123/philox.h>

#include "check.hpp"

namespace xtape::models {

namespace {

/// The random number in [0, 1) at a place of a stream. The last word of the counter is set, so that no stream coincides
/// with one of optim's random orders, which count from 0.
double uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t place) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  const auto bits = r123::Philox4x32()({{low(place), high(place), low(stream), ~0U}}, {{low(seed), high(seed)}});
  return static_cast<double>((static_cast<std::uint64_t>(bits[1]) << 32 | bits[0]) >> 11) * 0x1p-53;
}

}  // namespace

double he_bound(std::int64_t inputs) { return std::sqrt(6 / static_cast<double>(inputs)); }

double glorot_bound(std::int64_t inputs, std::int64_t outputs) {
  return std::sqrt(6 / (static_cast<double>(inputs) + static_cast<double>(outputs)));
}

Array uniform_weights(const Shape& shape, double bound, std::uint64_t seed, std::uint64_t stream, DType dtype) {
  std::vector<double> weights(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = bound * (2 * uniform(seed, stream, i) - 1);
  return as_dtype(Array::from(weights, shape), dtype);
}

}  // namespace xtape::models
