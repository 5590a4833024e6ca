#include <xtape/stationary.hpp>

#include <algorithm>
#include <cmath>
#include <ostream>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"

namespace xtape {

namespace {

using detail::fail;

constexpr std::string_view kName = "classify_stationary_point";

std::vector<double> doubles(const Array& array) {
  if (array.dtype() == DType::float64) return {array.values<double>().begin(), array.values<double>().end()};
  return {array.values<float>().begin(), array.values<float>().end()};
}

void check_finite(const std::vector<double>& values, std::string_view what) {
  for (double value : values)
    if (!std::isfinite(value)) fail<NumericalError>(kName, what, " at the point has the element ", value);
}

double tolerance(double given, DType dtype, double for_double, double for_float) {
  if (!(given >= 0)) fail<ValueError>(kName, "a tolerance is ", given, ", it must not be negative");
  return given > 0 ? given : dtype == DType::float32 ? for_float : for_double;
}

std::vector<double> eigenvalues_of(const Array& hessian, std::int64_t n) {
  Tape tape;
  const Var matrix = cast(reshape(tape.variable(hessian), {n, n}), DType::float64);
  return doubles(eigvalsh((matrix + transpose(matrix)) * 0.5).value());
}

PointKind kind_of(const std::vector<double>& eigenvalues, double relative) {
  const double least = eigenvalues.front(), most = eigenvalues.back();
  const double zero = relative * std::max(std::abs(least), std::abs(most));
  if (least > zero) return PointKind::minimum;
  if (most < -zero) return PointKind::maximum;
  return least < -zero && most > zero ? PointKind::saddle : PointKind::degenerate;
}

}  // namespace

std::string_view name(PointKind kind) {
  constexpr std::string_view kNames[] = {"not stationary", "minimum", "maximum", "saddle", "degenerate"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string to_string(const StationaryPoint& point) {
  std::string line = std::string(name(point.kind)) + ": value " + detail::text(point.value) + ", gradient norm " +
                     detail::text(point.gradient_norm) + ", eigenvalues";
  for (double eigenvalue : point.eigenvalues) line += " " + detail::text(eigenvalue);
  return line;
}

std::ostream& operator<<(std::ostream& out, const StationaryPoint& point) { return out << to_string(point); }

namespace detail {

StationaryPoint classify(const Array& value, const Array& gradient, const Array& hessian,
                         const StationaryOptions& options) {
  const std::int64_t n = gradient.size();
  if (n == 0) fail<ValueError>(kName, "the point ", gradient.shape(), " has no elements");
  const double flat = tolerance(options.gradient_tolerance, gradient.dtype(), 1e-8, 1e-4);
  const double zero = tolerance(options.eigenvalue_tolerance, gradient.dtype(), 1e-10, 1e-5);
  check_finite(doubles(value), "the value");
  check_finite(doubles(gradient), "the gradient");
  check_finite(doubles(hessian), "the Hessian");
  StationaryPoint point;
  point.value = doubles(value)[0];
  for (double slope : doubles(gradient)) point.gradient_norm = std::hypot(point.gradient_norm, slope);
  point.eigenvalues = eigenvalues_of(hessian, n);
  if (point.gradient_norm <= flat * (1 + std::abs(point.value))) point.kind = kind_of(point.eigenvalues, zero);
  return point;
}

void check_like(std::string_view op, const Var& from, const Var& to) {
  if (to.shape() != from.shape()) fail<ShapeError>(op, "the argument is ", to.shape(), ", the point ", from.shape());
}

Var record_first_order(const Var& value, const Var& gradient, const Var& from, const Var& to) {
  check_like("first_order_approximation", from, to);
  return value + sum(gradient * (to - from));
}

Var record_second_order(const Var& value, const Var& gradient, const Var& hessian, const Var& from, const Var& to) {
  check_like("second_order_approximation", from, to);
  const Var step = to - from;
  const std::int64_t n = step.size();
  const Var flat = reshape(step, {n});
  const Var curved = matmul(reshape(hessian, {n, n}), flat);
  return value + sum(gradient * step) + sum(flat * curved) * 0.5;
}

}  // namespace detail

}  // namespace xtape
