// The transforms of <xtape/functional.hpp>: each is the function applied, and products with its Jacobian.
#include <xtape/functional.hpp>

#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "transform/apply.hpp"
#include "transform/batch.hpp"
#include "transform/direction.hpp"

namespace xtape::detail {

namespace {

std::vector<Var> with(const Var& first, std::vector<Var> rest) {
  rest.insert(rest.begin(), first);
  return rest;
}

std::vector<Var> chosen(Vars x, Positions wrt) {
  std::vector<Var> result;
  for (std::size_t i : wrt) result.push_back(x[i]);
  return result;
}

void check_chosen(std::string_view op, Vars x, Positions wrt) {
  for (std::size_t i : wrt) check_argument(op, x, i);
}

void check_arguments(std::string_view op, Vars x) {
  for (std::size_t i = 0; i < x.size(); ++i) check_argument(op, x, i);
}

std::vector<Var> gradient_of(const Applied& applied, Vars targets) {
  const Var one = VarAccess::make(applied.state, append_literal(applied.state, 1.0, applied.y.dtype()));
  return pull_back(std::span(&applied.y, 1), std::span(&one, 1), targets);
}

Shape joined_shape(const Shape& a, const Shape& b) {
  Shape shape = a;
  for (std::int64_t extent : b) shape.push_back(extent);
  return shape;
}

/// All tensors like x that have a single 1, along a new leading axis.
Var basis_like(const Var& x) {
  const std::int64_t n = x.size();
  TapeState& state = VarAccess::state(x);
  const Array rows = eye(n, std::nullopt, 0, x.dtype());
  const Var matrix = VarAccess::make(state, record_array(state, rows, state.program[VarAccess::node(x)].location));
  return reshape(matrix, joined_shape(Shape{n}, x.shape()));
}

/// What was recorded for one placeholder, for each tensor of the basis.
std::vector<Var> for_basis(const Var& placeholder, Vars results) {
  TapeState& state = VarAccess::state(placeholder);
  const NodeId input = VarAccess::node(placeholder);
  const NodeId basis = VarAccess::node(basis_like(placeholder));
  std::vector<NodeId> outputs;
  for (const Var& result : results) outputs.push_back(VarAccess::node(result));
  std::vector<Var> batches;
  for (NodeId batch : batched(state, outputs, std::span(&input, 1), std::span(&basis, 1)))
    batches.push_back(VarAccess::make(state, batch));
  return batches;
}

/// The Jacobians of y for each target, by a cotangent for each element of y.
std::vector<Var> jacobians_by_cotangents(const Var& y, Vars targets) {
  const Var cotangent = placeholder_like(y);
  std::vector<Var> rows = for_basis(cotangent, pull_back(std::span(&y, 1), std::span(&cotangent, 1), targets));
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i] = as_dtype(reshape(rows[i], joined_shape(y.shape(), targets[i].shape())), y.dtype());
  return rows;
}

/// The Jacobian of y, by a tangent for each element of x.
Var jacobian_by_tangents(const Var& y, const Var& x) {
  const Var tangent = placeholder_like(x);
  const Var column = push_forward(y, std::span(&x, 1), std::span(&tangent, 1));
  const Var columns = for_basis(tangent, std::span(&column, 1))[0];
  return reshape(transpose(reshape(columns, {x.size(), y.size()})), joined_shape(y.shape(), x.shape()));
}

/// The sum, over a basis of tensors like y, of each one's product with what `image` records for it, of y's dtype.
template <class Image>
Var trace_of(const Var& y, Image image) {
  const Var direction = placeholder_like(y);
  const Var product = sum(direction * as_dtype(image(direction), y.dtype()));
  return sum(for_basis(direction, std::span(&product, 1))[0]);
}

}  // namespace

Var jacobian_of(const Var& y, const Var& x) {
  return x.size() < y.size() ? jacobian_by_tangents(y, x) : jacobians_by_cotangents(y, std::span(&x, 1))[0];
}

std::vector<Var> record_value_and_gradient(const VarFunction& f, Vars x, Positions wrt) {
  check_chosen("gradient", x, wrt);
  const Applied applied = apply_scalar(f, x, "gradient");
  return with(applied.y, gradient_of(applied, chosen(applied.x, wrt)));
}

std::vector<Var> record_value_and_vjp(const VarFunction& f, Vars x, const Var& cotangent) {
  check_arguments("vjp", x);
  const Applied applied = apply(f, x, "vjp");
  if (cotangent.shape() != applied.y.shape())
    fail<ShapeError>("vjp", "the cotangent is ", cotangent.shape(), ", the function gives ", applied.y.shape());
  if (cotangent.dtype() != applied.y.dtype())
    fail<DTypeError>("vjp", "the cotangent is ", cotangent.dtype(), ", the function gives ", applied.y.dtype());
  return with(applied.y, pull_back(std::span(&applied.y, 1), std::span(&cotangent, 1), applied.x));
}

std::vector<Var> record_value_and_jvp(const VarFunction& f, Vars x, Vars tangents) {
  check_tangents("jvp", x, tangents);
  const Applied applied = apply(f, x, "jvp");
  return {applied.y, push_forward(applied.y, applied.x, tangents)};
}

std::vector<Var> record_directional_derivative(const VarFunction& f, Vars x, Vars direction) {
  check_tangents("directional_derivative", x, direction);
  const Applied applied = apply_scalar(f, x, "directional_derivative");
  const Var slope = push_forward(applied.y, applied.x, direction);
  const Var length = length_of(direction, applied.state.program[VarAccess::node(applied.y)].location);
  return {slope / as_dtype(length, slope.dtype())};
}

std::vector<Var> record_jacobian(const VarFunction& f, Vars x, Positions wrt) {
  check_chosen("jacobian", x, wrt);
  const Applied applied = apply(f, x, "jacobian");
  const std::vector<Var> targets = chosen(applied.x, wrt);
  std::vector<Var> result(targets.size()), rest;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i].size() < applied.y.size()) {
      result[i] = jacobian_by_tangents(applied.y, targets[i]);
    } else {
      rest.push_back(targets[i]);
      places.push_back(i);
    }
  }
  if (rest.empty()) return result;
  const std::vector<Var> by_cotangents = jacobians_by_cotangents(applied.y, rest);
  for (std::size_t i = 0; i < rest.size(); ++i) result[places[i]] = by_cotangents[i];
  return result;
}

std::vector<Var> record_hessian(const VarFunction& f, Vars x, Positions wrt) {
  check_chosen("hessian", x, wrt);
  const Applied applied = apply_scalar(f, x, "hessian");
  const std::vector<Var> targets = chosen(applied.x, wrt);
  std::vector<Var> rows;
  for (const Var& gradient : gradient_of(applied, targets))
    for (const Var& block : jacobians_by_cotangents(gradient, targets)) rows.push_back(block);
  return rows;
}

std::vector<Var> record_hessian_vector_product(const VarFunction& f, Vars x, Vars v) {
  check_tangents("hessian_vector_product", x, v);
  const Applied applied = apply_scalar(f, x, "hessian_vector_product");
  return pull_back(gradient_of(applied, applied.x), v, applied.x);
}

std::vector<Var> record_laplacian(const VarFunction& f, Vars x) {
  check_arguments("laplacian", x);
  const Applied applied = apply_scalar(f, x, "laplacian");
  const std::vector<Var> gradients = gradient_of(applied, applied.x);
  Var total;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Var trace = trace_of(applied.x[i], [&](const Var& direction) {
      return pull_back(std::span(&gradients[i], 1), std::span(&direction, 1), std::span(&applied.x[i], 1))[0];
    });
    const Var part = as_dtype(trace, applied.y.dtype());
    total = i == 0 ? part : total + part;
  }
  return {total};
}

std::vector<Var> record_divergence(const VarFunction& f, Vars x) {
  check_argument("divergence", x, 0);
  const Applied applied = apply(f, x, "divergence");
  if (applied.y.shape() != x[0].shape())
    fail<ShapeError>("divergence", "the function gives ", applied.y.shape(), " for an argument ", x[0].shape());
  return {trace_of(applied.y, [&](const Var& cotangent) {
    return pull_back(std::span(&applied.y, 1), std::span(&cotangent, 1), applied.x)[0];
  })};
}

Var record_polynomial(const Var& coefficients, const Operand& t) {
  if (coefficients.rank() == 0 || coefficients.shape()[0] == 0)
    fail<ShapeError>("taylor_polynomial", "the coefficients are ", coefficients.shape(),
                     ", there must be at least one");
  const auto coefficient = [&](std::int64_t k) { return slice(coefficients, {Slice(k)}); };
  std::int64_t k = coefficients.shape()[0] - 1;
  Var value = coefficient(k);
  if (t.kind == Operand::Kind::var)
    value = broadcast_to(value, broadcast_shapes("taylor_polynomial", value.shape(), t.var.shape()));
  while (k-- > 0) value = value * t + coefficient(k);
  return value;
}

}  // namespace xtape::detail
