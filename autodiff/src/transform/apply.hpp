// What transforms share: a function applied to arguments that are Vars of their own, and products with its Jacobian.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <xtape/detail/calling.hpp>

#include "tape/state.hpp"

namespace xtape::detail {

/// A function applied to aliases of its arguments, which nothing recorded before depends on.
struct Applied {
  TapeState& state;
  std::vector<Var> x;
  Var y;
};

/// The aliases and every result of f on them. Throws ValueError in the name of `op` unless all results are Vars of this
/// tape, and if there is none.
std::vector<Var> apply_all(const VarFunction& f, std::span<const Var> x, std::string_view op,
                           std::vector<Var>& aliases);
/// The same for a function with one floating result.
Applied apply(const VarFunction& f, std::span<const Var> x, std::string_view op);
/// Throws ShapeError too if the result is no scalar.
Applied apply_scalar(const VarFunction& f, std::span<const Var> x, std::string_view op);

/// Throws ValueError: a rule on the way is not linear in its cotangent.
[[noreturn]] void fail_nonlinear(std::string_view op);
/// Throws DTypeError unless argument `i` is floating.
void check_argument(std::string_view op, std::span<const Var> x, std::size_t i);
/// Throws ShapeError or DTypeError unless there is a tangent like each of the arguments, which must be floating.
void check_tangents(std::string_view op, std::span<const Var> x, std::span<const Var> tangents);

/// The sum over y of the products of its cotangent with its Jacobian, for each target.
std::vector<Var> pull_back(std::span<const Var> y, std::span<const Var> cotangents, std::span<const Var> targets);
/// The derivative of y as x moves along the tangents. Throws ValueError if a rule on the way is not linear in its
/// cotangent.
Var push_forward(const Var& y, std::span<const Var> x, std::span<const Var> tangents);

/// The Jacobian of y for x, of the shape of y followed by that of x, by tangents or cotangents, whichever are fewer.
Var jacobian_of(const Var& y, const Var& x);

/// The Var itself if it is of the dtype.
Var as_dtype(const Var& x, DType dtype);

/// A leaf without a value, like a Var.
Var placeholder_like(const Var& x);
/// A result as a node of its own.
Var own(const Var& result);

}  // namespace xtape::detail
