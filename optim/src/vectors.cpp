#include "vectors.hpp"

#include <algorithm>
#include <cmath>

namespace xtape::optim::detail {

double dot(std::span<const double> a, std::span<const double> b) {
  constexpr std::size_t kSums = 8;
  double sums[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums <= a.size(); i += kSums)
    for (std::size_t k = 0; k < kSums; ++k) sums[k] += a[i + k] * b[i + k];
  for (std::size_t k = 0; i < a.size(); ++i, ++k) sums[k] += a[i] * b[i];
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

std::vector<double> add_scaled(std::span<const double> y, double a, std::span<const double> x) {
  std::vector<double> result(y.begin(), y.end());
  for (std::size_t i = 0; i < result.size(); ++i) result[i] += a * x[i];
  return result;
}

bool all_finite(std::span<const double> x) {
  return std::ranges::all_of(x, [](double element) { return std::isfinite(element); });
}

void append(const Array& elements, std::vector<double>& x) {
  if (elements.dtype() == DType::float64) {
    const std::span<const double> values = elements.values<double>();
    x.insert(x.end(), values.begin(), values.end());
  } else {
    const std::span<const float> values = elements.values<float>();
    x.insert(x.end(), values.begin(), values.end());
  }
}

Array shaped_as(const Parameter& parameter, const double* from) {
  if (parameter.dtype() == DType::float64) return Array::copy(from, parameter.shape());
  std::vector<float> rounded(static_cast<std::size_t>(parameter.shape().size()));
  std::transform(from, from + rounded.size(), rounded.begin(), [](double x) { return static_cast<float>(x); });
  return Array::copy(rounded.data(), parameter.shape());
}

}  // namespace xtape::optim::detail
