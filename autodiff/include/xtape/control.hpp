// What flows backwards, and how: rules for functions, hooks, recomputation, and functions defined by an equation.
//
//     auto block = xtape::checkpoint([&](Var x) { return tanh(matmul(x, w)); });        // keeps nothing of its inside
//     Var y = xtape::fixed_point([](Var x, Var a) { return (x + a / x) * 0.5; }, 1.0, a);  // sqrt(a) and its gradient
//
// `stop_gradient` is among the ops (<xtape/ops.hpp>). docs/derivatives.md teaches them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <xtape/detail/calling.hpp>

namespace xtape {

/// A cotangent for each argument, of its shape and dtype, in ordinary ops; an empty Var() means none. Numbers in it are
/// part of the program's structure, as in `literal`.
using CustomRule = std::function<std::vector<Var>(std::span<const Var> x, const Var& y, const Var& cotangent)>;

/// How `fixed_point` and `root` iterate.
struct SolveOptions {
  /// Iteration stops at a step of at most this, relative to 1 + |x|, the largest element of the solution. By default
  /// 1e-12 for float64 and 1e-6 for float32.
  std::optional<double> tolerance = std::nullopt;
  int max_iterations = 1000;
};

namespace detail {

struct UserRule;

std::shared_ptr<const UserRule> make_rule(std::string name, CustomRule vjp);
Var record_with_rule(const VarFunction& f, std::span<const Var> x, const std::shared_ptr<const UserRule>& rule);
Var record_checkpoint(const VarFunction& f, std::span<const Var> x);
Var record_fixed_point(const VarFunction& f, std::span<const Var> x, const SolveOptions& options);
Var record_root(const VarFunction& f, std::span<const Var> x, const SolveOptions& options);

}  // namespace detail

/// f, a function of Vars to a Var, with a gradient of your own: `rule(x, y, cotangent)`. It has derivatives of any
/// order, the rule being made of ops. What f captures gets no gradient. Throws ValueError for an empty rule; where
/// gradients are taken, ShapeError, DTypeError or ValueError if the rule gives something else than it should.
template <class F>
auto custom_gradient(F f, CustomRule rule) {
  return [ f = std::move(f), own = detail::make_rule("custom_gradient", std::move(rule)) ]<class... X>(
      const X&... x) requires(detail::kTakesVars<F, sizeof...(X)>) {
    const auto record = [&](const detail::VarFunction& g, std::span<const Var> vars) {
      return std::vector<Var>{detail::record_with_rule(g, vars, own)};
    };
    return detail::call_transform_of(f, record, x...)[0];
  };
}

/// x, whose cotangent passes through `hook` when a gradient is taken: to be scaled, clipped or looked at. The hook is
/// called once for each gradient that reaches x. Throws ValueError for an empty hook.
Var gradient_hook(const Var& x, std::function<Var(const Var& cotangent)> hook, const char* file = __builtin_FILE(),
                  std::uint32_t line = __builtin_LINE());

/// The value of `value` with the gradient of x, as if it were x: a straight-through estimator (Bengio et al. 2013) for
/// roundings and thresholds, straight_through(round(x), x). Throws ShapeError or DTypeError unless both are alike.
Var straight_through(const Var& value, const Var& x, const char* file = __builtin_FILE(),
                     std::uint32_t line = __builtin_LINE());

/// f, a function of Vars to a Var, whose intermediate values are not kept for the gradient but computed again from its
/// arguments when the gradient is (Chen et al. 2016). The same values and gradients bit for bit, for the cost of one
/// more f in each gradient. Arguments are copied for it; what f captures is not.
template <class F>
auto checkpoint(F f) {
  return [f = std::move(f)]<class... X>(const X&... x) requires(detail::kTakesVars<F, sizeof...(X)>) {
    const auto record = [](const detail::VarFunction& g, std::span<const Var> vars) {
      return std::vector<Var>{detail::record_checkpoint(g, vars)};
    };
    return detail::call_transform_of(f, record, x...)[0];
  };
}

/// The x with x = f(x, parameters...), by x <- f(x, ...) from x0 on when the value is computed. Its gradient for the
/// parameters, and for what else f has captured, is that of the solution, by the implicit function theorem: the reverse
/// pass solves w = u + J^T w for the cotangent u and the Jacobian J at x in the same way (Christianson 1994), without
/// the iterations' history. x0 gets no gradient. A contraction converges; else, and where f gives inf or NaN, throws
/// NumericalError when the value is computed, with the number of iterations and the last step. Throws ShapeError or
/// DTypeError unless f gives x0's shape and dtype.
template <class F, class... X>
auto fixed_point(const SolveOptions& options, const F& f, const X&... x) {
  const auto record = [&](const detail::VarFunction& g, std::span<const Var> vars) {
    return std::vector<Var>{detail::record_fixed_point(g, vars, options)};
  };
  return detail::call_transform_of(f, record, x...)[0];
}
template <class F, class... X>
requires(!std::is_convertible_v<const F&, const SolveOptions&>) auto fixed_point(const F& f, const X&... x) {
  return fixed_point(SolveOptions{}, f, x...);
}

/// The x near x0 with f(x, parameters...) = 0, by Newton's method with steps halved while |f| would grow. Its gradient
/// is that of the solution, by the implicit function theorem: one linear system with the Jacobian at x, which is dense
/// and costs as many products as x has elements. Otherwise as `fixed_point`; NumericalError too for a singular
/// Jacobian.
template <class F, class... X>
auto root(const SolveOptions& options, const F& f, const X&... x) {
  const auto record = [&](const detail::VarFunction& g, std::span<const Var> vars) {
    return std::vector<Var>{detail::record_root(g, vars, options)};
  };
  return detail::call_transform_of(f, record, x...)[0];
}
template <class F, class... X>
requires(!std::is_convertible_v<const F&, const SolveOptions&>) auto root(const F& f, const X&... x) {
  return root(SolveOptions{}, f, x...);
}

}  // namespace xtape
