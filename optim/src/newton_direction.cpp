#include "newton_direction.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <xtape/linalg.hpp>
#include <xtape/optim/fail.hpp>

namespace xtape::optim::detail {

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
/// Eigenvalues below this part of the largest are flat: rounding and curvature cannot be told apart.
constexpr double kFlat = 1.5e-8;  // square root of kEpsilon

/// -H^-1 g by Cholesky's factor, unless H is indefinite or so near to singular that the result would be noise.
std::optional<Direction> cholesky_direction(const Array& hessian, const Array& gradient) {
  std::optional<Array> factor = linalg::cholesky(hessian);
  if (!factor) return std::nullopt;
  const std::int64_t n = gradient.size();
  double smallest = std::numeric_limits<double>::infinity(), largest = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    double pivot = std::abs(factor->data<double>()[i * n + i]);
    smallest = std::min(smallest, pivot);
    largest = std::max(largest, pivot);
  }
  if (smallest <= kFlat * largest) return std::nullopt;
  Array solution = linalg::cholesky_solve(*factor, gradient);
  Direction direction;
  for (double element : solution.values<double>()) direction.step.push_back(-element);
  return direction;
}

/// A symmetric matrix as sum of eigenvalue times q q^T.
struct Spectrum {
  linalg::Eigh eigh;
  std::int64_t n;

  double value(std::int64_t j) const { return eigh.eigenvalues.data<double>()[j]; }
  double largest() const { return std::max(std::abs(value(0)), std::abs(value(n - 1))); }
  /// The component of x along eigenvector j.
  double along(std::int64_t j, const double* x) const {
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += eigh.eigenvectors.data<double>()[i * n + j] * x[i];
    return sum;
  }
  void add(std::int64_t j, double factor, std::vector<double>& x) const {
    for (std::int64_t i = 0; i < n; ++i)
      x[static_cast<std::size_t>(i)] += factor * eigh.eigenvectors.data<double>()[i * n + j];
  }
};

Spectrum spectrum_of(const Array& hessian) { return {linalg::eigh(hessian), hessian.shape()[0]}; }

}  // namespace

Direction damped_direction(const Array& hessian, const Array& gradient, double least) {
  if (std::optional<Direction> direction = cholesky_direction(hessian, gradient)) return *direction;
  Spectrum spectrum = spectrum_of(hessian);
  double flat = kFlat * spectrum.largest();
  Direction direction;
  direction.convex = spectrum.value(0) >= -flat;
  direction.step.resize(static_cast<std::size_t>(spectrum.n));
  for (std::int64_t j = 0; j < spectrum.n; ++j) {
    double slope = spectrum.along(j, gradient.data<double>());
    double curvature = std::max(std::abs(spectrum.value(j)), flat);
    double length = curvature > 0 ? -slope / curvature : -slope;  // without any curvature: gradient descent
    if (j == 0 && !direction.convex && std::abs(length) < least) length = slope > 0 ? -least : least;
    spectrum.add(j, length, direction.step);
  }
  return direction;
}

Direction pure_direction(const Array& hessian, const Array& gradient) {
  Spectrum spectrum = spectrum_of(hessian);
  double smallest = std::numeric_limits<double>::infinity();
  for (std::int64_t j = 0; j < spectrum.n; ++j) smallest = std::min(smallest, std::abs(spectrum.value(j)));
  if (smallest <= static_cast<double>(spectrum.n) * kEpsilon * spectrum.largest()) {
    fail<NumericalError>("Newton: the Hessian is singular: its eigenvalues are from ", smallest, " to ",
                         spectrum.largest(), " in size; use damping");
  }
  Direction direction;
  direction.step.resize(static_cast<std::size_t>(spectrum.n));
  for (std::int64_t j = 0; j < spectrum.n; ++j)
    spectrum.add(j, -spectrum.along(j, gradient.data<double>()) / spectrum.value(j), direction.step);
  return direction;
}

}  // namespace xtape::optim::detail
