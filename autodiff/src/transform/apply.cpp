#include "transform/apply.hpp"

#include <algorithm>

#include <xtape/ops.hpp>

#include "differentiate/gradient.hpp"
#include "ops/errors.hpp"
#include "ops/record.hpp"
#include "ops/ruled.hpp"
#include "ops/strong.hpp"
#include "tape/reachable.hpp"

namespace xtape::detail {

namespace {

Location location_of(const Var& x) { return VarAccess::state(x).program[VarAccess::node(x)].location; }

std::vector<NodeId> nodes_of(std::span<const Var> vars) {
  std::vector<NodeId> nodes;
  for (const Var& var : vars) nodes.push_back(VarAccess::node(var));
  return nodes;
}

bool depends_on(TapeState& state, const Var& y, const Var& x) {
  const NodeId root = VarAccess::node(y);
  std::vector<NodeId> nodes;
  reachable(state, std::span(&root, 1), false, nodes);
  return std::ranges::find(nodes, VarAccess::node(x)) != nodes.end();
}

}  // namespace

std::vector<Var> apply_all(const VarFunction& f, std::span<const Var> x, std::string_view op,
                           std::vector<Var>& aliases) {
  TapeState& state = VarAccess::state(x[0]);
  for (const Var& each : x) aliases.push_back(own(each));
  std::vector<Var> results = f(aliases);
  if (results.empty()) fail<ValueError>(op, "the function gives no result");
  for (const Var& result : results) require_on(state, result, op, "the function's result");
  return results;
}

Applied apply(const VarFunction& f, std::span<const Var> x, std::string_view op) {
  std::vector<Var> aliases;
  const std::vector<Var> results = apply_all(f, x, op, aliases);
  if (results.size() != 1) fail<ValueError>(op, "the function gives ", results.size(), " results, it must give one");
  if (!is_floating(results[0].dtype()))
    fail<DTypeError>(op, "the function gives ", results[0].dtype(), ", only float32 and float64 have derivatives");
  return {VarAccess::state(x[0]), std::move(aliases), results[0]};
}

Applied apply_scalar(const VarFunction& f, std::span<const Var> x, std::string_view op) {
  Applied applied = apply(f, x, op);
  if (applied.y.rank() != 0) fail<ShapeError>(op, "the function gives ", applied.y.shape(), ", it must give a scalar");
  return applied;
}

void fail_nonlinear(std::string_view op) {
  fail<ValueError>(op, "the rule of a custom op is not linear in its cotangent, so there is no forward derivative");
}

void check_argument(std::string_view op, std::span<const Var> x, std::size_t i) {
  if (!is_floating(x[i].dtype()))
    fail<DTypeError>(op, "argument ", i, " is ", x[i].dtype(), ", only float32 and float64 have derivatives");
}

void check_tangents(std::string_view op, std::span<const Var> x, std::span<const Var> tangents) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    check_argument(op, x, i);
    if (tangents[i].shape() != x[i].shape())
      fail<ShapeError>(op, "the vector for argument ", i, " is ", tangents[i].shape(), ", the argument ", x[i].shape());
    if (tangents[i].dtype() != x[i].dtype())
      fail<DTypeError>(op, "the vector for argument ", i, " is ", tangents[i].dtype(), ", the argument ", x[i].dtype());
  }
}

std::vector<Var> pull_back(std::span<const Var> y, std::span<const Var> cotangents, std::span<const Var> targets) {
  TapeState& state = VarAccess::state(y[0]);
  const std::vector<NodeId> nodes = nodes_of(targets);
  if (y.size() == 1) return vjp(state, VarAccess::node(y[0]), cotangents[0], nodes);
  Var total;
  {
    const RuleScope scope(state, location_of(y[0]));
    for (std::size_t i = 0; i < y.size(); ++i) {
      const Var product = sum(strong_multiply(y[i], cotangents[i]));
      total = i == 0 ? product : total + as_dtype(product, total.dtype());
    }
  }
  return gradient(state, VarAccess::node(total), nodes);
}

Var push_forward(const Var& y, std::span<const Var> x, std::span<const Var> tangents) {
  TapeState& state = VarAccess::state(y);
  const Var dummy = placeholder_like(y);
  const std::vector<Var> products = pull_back(std::span(&y, 1), std::span(&dummy, 1), x);
  const Var result = pull_back(products, tangents, std::span(&dummy, 1))[0];
  if (depends_on(state, result, dummy)) fail_nonlinear("jvp");
  return result;
}

Var as_dtype(const Var& x, DType dtype) { return x.dtype() == dtype ? x : cast(x, dtype); }

Var placeholder_like(const Var& x) {
  TapeState& state = VarAccess::state(x);
  return VarAccess::make(state, record_placeholder(state, x.dtype(), x.shape(), location_of(x)));
}

Var own(const Var& result) {
  TapeState& state = VarAccess::state(result);
  const RuleScope scope(state, location_of(result));
  const NodeId id = append_alias(state, VarAccess::node(result));
  state.program[id].internal = false;
  return VarAccess::make(state, id);
}

}  // namespace xtape::detail
