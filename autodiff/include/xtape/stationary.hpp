// A scalar function near a point: is it stationary there, and its first and second order approximations.
//
//     auto point = xtape::classify_stationary_point([](Var v) { ... }, x);  // point.kind == PointKind::saddle
//     auto plane = xtape::tangent_plane(f, a);                              // plane(x): f(a) + gradient . (x - a)
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xtape/functional.hpp>

namespace xtape {

enum class PointKind : std::uint8_t {
  not_stationary,  ///< the gradient is not zero
  minimum,         ///< all eigenvalues of the Hessian are positive
  maximum,         ///< all are negative
  saddle,          ///< some are positive and some are negative
  degenerate,      ///< none of these, some being zero: the second order does not decide
};

/// "not stationary", "minimum", "maximum", "saddle" or "degenerate".
std::string_view name(PointKind kind);

struct StationaryOptions {
  /// The gradient's norm counts as zero up to this times 1 + |f(x)|. 0 is 1e-8, for float32 1e-4.
  double gradient_tolerance = 0;
  /// An eigenvalue counts as zero up to this times the largest magnitude among them. 0 is
  /// 1e-10, for float32 1e-5.
  double eigenvalue_tolerance = 0;
};

struct StationaryPoint {
  PointKind kind = PointKind::not_stationary;
  double value = 0;                 ///< of the function
  double gradient_norm = 0;         ///< Euclidean
  std::vector<double> eigenvalues;  ///< of the Hessian, ascending
};

/// One line: kind, value, gradient's norm, eigenvalues.
std::string to_string(const StationaryPoint& point);
std::ostream& operator<<(std::ostream& out, const StationaryPoint& point);

namespace detail {

StationaryPoint classify(const Array& value, const Array& gradient, const Array& hessian,
                         const StationaryOptions& options);
Var record_first_order(const Var& value, const Var& gradient, const Var& from, const Var& to);
Var record_second_order(const Var& value, const Var& gradient, const Var& hessian, const Var& from, const Var& to);

}  // namespace detail

/// What kind of point x, an Array or a C++ number, is for a scalar function: by its gradient's norm and its Hessian's
/// eigenvalues, at the cost of a Hessian. Throws as `hessian` does, ValueError for a point without elements or a
/// negative tolerance, and NumericalError if value, gradient or Hessian are not finite.
template <class F, class X>
StationaryPoint classify_stationary_point(const F& f, const X& x, const StationaryOptions& options = {}) {
  const auto [value, slope] = value_and_gradient(f)(x);
  return detail::classify(value, slope, hessian(f)(x), options);
}

/// The best affine approximation of a scalar function at a: x -> f(a) + gradient . (x - a), the tangent plane of its
/// graph. A function of one argument of a's shape, for Arrays or Vars as the transforms are. If `a` is a Var, of its
/// tape. Throws ShapeError for an argument of another shape.
template <class F, class A>
auto first_order_approximation(const F& f, const A& a) {
  auto [value, slope] = value_and_gradient(f)(a);
  return [value = std::move(value), slope = std::move(slope), a]<class X>(const X& x) {
    const auto at = [](const Var& v, const Var& g, const Var& from, const Var& to) {
      return detail::record_first_order(v, g, from, to);
    };
    return detail::call_transform_of(
        at, [](const detail::VarFunction& g, detail::Vars all) { return g(all); }, value, slope, a, x)[0];
  };
}
template <class F, class A>
auto tangent_plane(const F& f, const A& a) {
  return first_order_approximation(f, a);
}

/// The best quadratic approximation at a: x -> f(a) + gradient . (x - a) + (x - a) . H (x - a) / 2, whose stationary
/// point is where Newton's method goes from a. Otherwise as `first_order_approximation`.
template <class F, class A>
auto second_order_approximation(const F& f, const A& a) {
  auto [value, slope] = value_and_gradient(f)(a);
  return [value = std::move(value), slope = std::move(slope), curvature = hessian(f)(a), a]<class X>(const X& x) {
    const auto at = [](const Var& v, const Var& g, const Var& h, const Var& from, const Var& to) {
      return detail::record_second_order(v, g, h, from, to);
    };
    return detail::call_transform_of(
        at, [](const detail::VarFunction& g, detail::Vars all) { return g(all); }, value, slope, curvature, a, x)[0];
  };
}

}  // namespace xtape
