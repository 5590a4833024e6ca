// Vectors of float64 numbers, for methods that look at all parameters as one.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <xtape/parameter.hpp>

namespace xtape::optim::detail {

/// The sum of the products. Several partial sums let the compiler use SIMD.
double dot(std::span<const double> a, std::span<const double> b);

/// y + a x.
std::vector<double> add_scaled(std::span<const double> y, double a, std::span<const double> x);

bool all_finite(std::span<const double> x);

/// Appends the elements of a float32 or float64 Array.
void append(const Array& elements, std::vector<double>& x);

/// The elements from `from` on as an Array of the parameter's shape and dtype.
Array shaped_as(const Parameter& parameter, const double* from);

}  // namespace xtape::optim::detail
