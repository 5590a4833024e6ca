#include "newton_direction.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <xtape/linalg.hpp>
#include <xtape/optim/fail.hpp>

namespace xtape::optim::detail {

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
/// What stands for the curvature, relative to the largest, where rounding hides it.
constexpr double kFlat = 1.5e-8;  // square root of kEpsilon

/// H and g in the variables in which H has a diagonal of 1, -1 and 0.
struct Scaled {
  std::vector<double> scale;  ///< what a step is multiplied by
  Array hessian, gradient;
  std::int64_t n;

  Scaled(const Array& h, const Array& g) : n(g.size()) {
    for (std::int64_t i = 0; i < n; ++i) {
      const double diagonal = std::abs(h.data<double>()[i * n + i]);
      scale.push_back(diagonal > 0 ? 1 / std::sqrt(diagonal) : 1);
    }
    if (!apply(h, g)) {  // beyond float64: the units stay as they are
      scale.assign(scale.size(), 1);
      apply(h, g);
    }
  }

  /// Returns whether the result is finite.
  bool apply(const Array& h, const Array& g) {
    std::vector<double> matrix(h.values<double>().begin(), h.values<double>().end());
    std::vector<double> vector(g.values<double>().begin(), g.values<double>().end());
    bool finite = true;
    for (std::size_t i = 0; i < scale.size(); ++i) {
      finite &= std::isfinite(vector[i] *= scale[i]);
      for (std::size_t j = 0; j < scale.size(); ++j)
        finite &= std::isfinite(matrix[i * scale.size() + j] *= scale[i] * scale[j]);
    }
    hessian = Array::from(matrix, h.shape());
    gradient = Array::from(vector);
    return finite;
  }

  /// A step of the scaled variables as one of the parameters.
  std::vector<double> unscaled(std::vector<double> step) const {
    for (std::size_t i = 0; i < step.size(); ++i) step[i] *= scale[i];
    return step;
  }
};

/// -H^-1 g by Cholesky's factor, unless H is indefinite or so near to singular that the result would be noise.
std::optional<std::vector<double>> cholesky_step(const Scaled& scaled) {
  const std::optional<Array> factor = linalg::cholesky(scaled.hessian);
  if (!factor) return std::nullopt;
  double smallest = std::numeric_limits<double>::infinity(), largest = 0;
  for (std::int64_t i = 0; i < scaled.n; ++i) {
    const double pivot = std::abs(factor->data<double>()[i * scaled.n + i]);
    smallest = std::min(smallest, pivot);
    largest = std::max(largest, pivot);
  }
  if (smallest <= kFlat * largest) return std::nullopt;
  std::vector<double> step;
  const Array solution = linalg::cholesky_solve(*factor, scaled.gradient);
  for (double element : solution.values<double>()) step.push_back(-element);
  return step;
}

/// The scaled Hessian as sum of eigenvalue times q q^T.
struct Spectrum {
  linalg::Eigh eigh;
  std::int64_t n;

  explicit Spectrum(const Scaled& scaled) : eigh(linalg::eigh(scaled.hessian)), n(scaled.n) {}

  double value(std::int64_t j) const { return eigh.eigenvalues.data<double>()[j]; }
  double largest() const { return std::max(std::abs(value(0)), std::abs(value(n - 1))); }
  /// Eigenvalues up to this size cannot be told from 0.
  double noise() const { return static_cast<double>(n) * kEpsilon * largest(); }
  double element(std::int64_t i, std::int64_t j) const { return eigh.eigenvectors.data<double>()[i * n + j]; }
  /// The component of x along eigenvector j.
  double along(std::int64_t j, const Array& x) const {
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += element(i, j) * x.data<double>()[i];
    return sum;
  }
  void add(std::int64_t j, double factor, std::vector<double>& x) const {
    for (std::int64_t i = 0; i < n; ++i) x[static_cast<std::size_t>(i)] += factor * element(i, j);
  }
};

/// How far to go along the eigenvector of the most negative eigenvalue, at least.
double least_length(const Scaled& scaled, const Spectrum& spectrum, const Visible& least) {
  double change = 0;
  for (std::int64_t i = 0; i < spectrum.n; ++i)
    change = std::max(change, std::abs(spectrum.element(i, 0)) * scaled.scale[static_cast<std::size_t>(i)]);
  return std::max(least.change / change, std::sqrt(2 * least.decrease / std::abs(spectrum.value(0))));
}

}  // namespace

Direction damped_direction(const Array& hessian, const Array& gradient, const Visible& least) {
  const Scaled scaled(hessian, gradient);
  if (const auto step = cholesky_step(scaled)) return {scaled.unscaled(*step), true};
  const Spectrum spectrum(scaled);
  const bool convex = spectrum.value(0) >= -spectrum.noise();
  std::vector<double> step(static_cast<std::size_t>(spectrum.n));
  for (std::int64_t j = 0; j < spectrum.n; ++j) {
    const double slope = spectrum.along(j, scaled.gradient), size = std::abs(spectrum.value(j));
    const double curvature = size > spectrum.noise() ? size : kFlat * spectrum.largest();
    double length = curvature > 0 ? -slope / curvature : -slope;  // without any curvature: gradient descent
    if (j == 0 && !convex) {
      const double shortest = least_length(scaled, spectrum, least);
      if (std::abs(length) < shortest) length = slope > 0 ? -shortest : shortest;
    }
    spectrum.add(j, length, step);
  }
  return {scaled.unscaled(step), convex};
}

Direction pure_direction(const Array& hessian, const Array& gradient) {
  const Scaled scaled(hessian, gradient);
  const Spectrum spectrum(scaled);
  double smallest = std::numeric_limits<double>::infinity();
  for (std::int64_t j = 0; j < spectrum.n; ++j) smallest = std::min(smallest, std::abs(spectrum.value(j)));
  if (smallest <= spectrum.noise()) {
    fail<NumericalError>("Newton: the Hessian is singular: scaled to a diagonal of 1, its eigenvalues are from ",
                         smallest, " to ", spectrum.largest(), " in size; use damping");
  }
  std::vector<double> step(static_cast<std::size_t>(spectrum.n));
  for (std::int64_t j = 0; j < spectrum.n; ++j)
    spectrum.add(j, -spectrum.along(j, scaled.gradient) / spectrum.value(j), step);
  return {scaled.unscaled(step), true};
}

}  // namespace xtape::optim::detail
