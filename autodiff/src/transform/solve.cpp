// fixed_point and root: the solution is computed by one opaque op, which runs the function's program until it
// converges; its gradient comes from the implicit function theorem.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <mutex>

#include <xtape/control.hpp>
#include <xtape/functional.hpp>
#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/leaf.hpp"
#include "ops/record.hpp"
#include "ops/ruled.hpp"
#include "transform/apply.hpp"
#include "transform/graph.hpp"

namespace xtape::detail {

namespace {

/// What an op iterates: a program of the solution and then of what it captured. `outputs` of a root are the residual
/// and its Jacobian.
struct Equation {
  Graph graph;
  std::vector<bool> numbers;  ///< which inputs are C++ numbers, which need no broadcast
  SolveOptions options;
};

/// Never freed, since tapes and plans refer to them by address; equal ones are kept once.
struct Equations {
  std::mutex mutex;
  std::deque<Equation> all;
};

bool same_options(const SolveOptions& a, const SolveOptions& b) {
  return a.tolerance == b.tolerance && a.max_iterations == b.max_iterations;
}

bool same_equation(const Equation& a, const Equation& b) {
  const Program& program = a.graph.program;
  return same_options(a.options, b.options) && a.numbers == b.numbers && a.graph.rules == b.graph.rules &&
         a.graph.inputs == b.graph.inputs && a.graph.outputs == b.graph.outputs && program.same(b.graph.program);
}

const Equation& keep(Equation equation) {
  static auto* const equations = new Equations;
  const std::lock_guard lock(equations->mutex);
  for (const Equation& known : equations->all)
    if (same_equation(known, equation)) return known;
  return equations->all.emplace_back(std::move(equation));
}

const Equation& equation_of(std::span<const std::int64_t> attributes) {
  return *reinterpret_cast<const Equation*>(attributes[0]);
}

double tolerance_of(const SolveOptions& options, DType dtype) {
  return options.tolerance.value_or(dtype == DType::float32 ? 1e-6 : 1e-12);
}

double largest(const Array& x) {
  double result = 0;
  const auto take = [&](auto element) {
    const double size = std::abs(static_cast<double>(element));
    if (size > result || std::isnan(size)) result = size;  // a NaN stays
  };
  if (x.dtype() == DType::float32) std::ranges::for_each(x.values<float>(), take);
  else std::ranges::for_each(x.values<double>(), take);
  return result;
}

NodeId record_number(TapeState& state, const Array& value) {
  const NodeId id = state.program.append(number_op, value.dtype(), Shape{}, {}, {}, {});
  std::uint64_t bits = 0;
  std::memcpy(&bits, value.bytes(), size_of(value.dtype()));
  state.program[id].holds = Holds::number;
  state.program[id].value = static_cast<std::uint32_t>(state.numbers.size());
  state.numbers.push_back(bits);
  return id;
}

/// One evaluation of the program on a tape of its own.
class Evaluation {
 public:
  Evaluation(const Equation& equation, const Array& x, std::span<const Array> captured) {
    TapeState& state = VarAccess::state(tape_);
    std::vector<NodeId> inputs{record_array(state, x, {})};
    for (std::size_t i = 0; i < captured.size(); ++i) {
      const bool number = equation.numbers[i + 1];
      inputs.push_back(number ? record_number(state, captured[i]) : record_array(state, captured[i], {}));
    }
    x_ = VarAccess::make(state, inputs[0]);
    for (NodeId output : replay(state, equation.graph, inputs)) outputs_.push_back(VarAccess::make(state, output));
  }
  const Var& x() const { return x_; }
  const Var& output(std::size_t i) const { return outputs_[i]; }
  std::vector<Array> evaluate(std::initializer_list<Var> outputs) { return tape_.evaluate(outputs); }

 private:
  Tape tape_;
  Var x_;
  std::vector<Var> outputs_;
};

[[noreturn]] void fail_to_converge(std::string_view op, int iterations, double step) {
  fail<NumericalError>(op, "it did not converge in ", iterations, " iterations; the last step was ", step);
}

void check_finite(std::string_view op, double size, int iteration, std::string_view what) {
  if (!std::isfinite(size)) fail<NumericalError>(op, what, " is ", size, " in iteration ", iteration);
}

Array iterate(const Equation& equation, Array x, std::span<const Array> captured) {
  const SolveOptions& options = equation.options;
  const double tolerance = tolerance_of(options, x.dtype());
  double step = 0;
  for (int i = 1; i <= options.max_iterations; ++i) {
    Evaluation evaluation(equation, x, captured);
    const Var& next = evaluation.output(0);
    const std::vector<Array> values = evaluation.evaluate({next, next - evaluation.x()});
    step = largest(values[1]);
    check_finite("fixed_point", step, i, "the step");
    x = values[0];
    if (step <= tolerance * (1 + largest(x))) return x;
  }
  fail_to_converge("fixed_point", options.max_iterations, step);
}

/// The residual at a point and Newton's step from it.
struct Newton {
  double residual = 0;
  Array step;
};

Newton newton_at(const Equation& equation, const Array& x, std::span<const Array> captured, int iteration) {
  Evaluation evaluation(equation, x, captured);
  const std::vector<Array> values = evaluation.evaluate({evaluation.output(0), evaluation.output(1)});
  const double size = largest(values[0]);
  check_finite("root", size, iteration, "the function's value");
  Tape tape;
  const std::int64_t n = x.size();
  const Var jacobian = reshape(tape.variable(values[1]), {n, n});
  try {
    return {size, reshape(solve(jacobian, ravel(tape.variable(values[0]))), x.shape()).value()};
  } catch (const NumericalError&) {
    fail<NumericalError>("root", "the Jacobian is singular in iteration ", iteration,
                         ", where the function's value is ", size);
  }
}

/// x minus a share of the step.
Array moved(const Array& x, const Array& step, double share) {
  Tape tape;
  return (tape.variable(x) - tape.variable(step) * share).value();
}

double residual_at(const Equation& equation, const Array& x, std::span<const Array> captured) {
  Evaluation evaluation(equation, x, captured);
  return largest(evaluation.evaluate({evaluation.output(0)})[0]);
}

Array newton(const Equation& equation, Array x, std::span<const Array> captured) {
  constexpr double kLeastShare = 1e-10;
  const SolveOptions& options = equation.options;
  const double tolerance = tolerance_of(options, x.dtype());
  double step = 0;
  for (int i = 1; i <= options.max_iterations; ++i) {
    const Newton at = newton_at(equation, x, captured, i);
    step = largest(at.step);
    check_finite("root", step, i, "the step");
    if (step <= tolerance * (1 + largest(x))) return moved(x, at.step, 1);
    double share = 1;
    Array next = moved(x, at.step, share);
    while (!(residual_at(equation, next, captured) <= at.residual) && share > kLeastShare)
      next = moved(x, at.step, share /= 2);
    if (share <= kLeastShare)
      fail<NumericalError>("root", "no step makes the function's value smaller, which is ", at.residual,
                           " in iteration ", i);
    x = next;
  }
  fail_to_converge("root", options.max_iterations, step);
}

using Solver = Array (*)(const Equation&, Array, std::span<const Array>);

template <Solver solver>
void execute(const Call& call) {
  std::vector<Array> inputs;
  for (const Buffer& input : call.inputs) inputs.push_back(Array::adopt(input.data, input.dtype, input.shape, nullptr));
  // The solution outlives the call's buffers only as a copy.
  const Array solution = solver(equation_of(call.attributes), inputs[0], std::span(inputs).subspan(1));
  const std::size_t bytes = static_cast<std::size_t>(solution.size()) * size_of(solution.dtype());
  if (bytes > 0) std::memcpy(call.output.data, solution.bytes(), bytes);
}

// ---- Gradients

std::vector<Var> inputs_of(const Rule& rule) {
  std::vector<Var> inputs;
  for (std::size_t i = 0; i < rule.inputs(); ++i) inputs.push_back(rule.x(i));
  return inputs;
}

/// Cotangents for what was captured, once that of the function's value at the solution is known. `at` are the solution
/// and what was captured, `value` is the function there.
void give_captured(Rule& rule, std::span<const Var> at, const Var& value, const Var& cotangent) {
  std::vector<Var> targets;
  std::vector<std::size_t> places;
  for (std::size_t i = 1; i < at.size(); ++i) {
    if (!rule.wants(i) || !is_floating(at[i].dtype())) continue;
    targets.push_back(at[i]);
    places.push_back(i);
  }
  if (targets.empty()) return;
  const std::vector<Var> found = pull_back(std::span(&value, 1), std::span(&cotangent, 1), targets);
  for (std::size_t i = 0; i < found.size(); ++i) rule.give(places[i], found[i]);
}

/// The solution and what was captured as nodes of their own, and the outputs of the program on them.
struct AtSolution {
  std::vector<Var> at, outputs;

  explicit AtSolution(const Rule& rule) : at(inputs_of(rule)) {
    at[0] = rule.y();
    TapeState& state = VarAccess::state(at[0]);
    for (Var& each : at)
      if (state.program[VarAccess::node(each)].holds != Holds::number) each = own(each);
    std::vector<NodeId> nodes;
    for (const Var& each : at) nodes.push_back(VarAccess::node(each));
    for (NodeId output : replay(state, equation_of(rule.attributes()).graph, nodes))
      outputs.push_back(VarAccess::make(state, output));
  }
};

/// w = u + J^T w.
void fixed_point_vjp(Rule& rule) {
  const AtSolution solution(rule);
  const Var& value = solution.outputs[0];
  const Var x = solution.at[0];
  const VarFunction adjoint = [&](std::span<const Var> w) {
    return std::vector<Var>{rule.cotangent + pull_back(std::span(&value, 1), w, std::span(&x, 1))[0]};
  };
  const Var w = record_fixed_point(adjoint, std::span(&rule.cotangent, 1), equation_of(rule.attributes()).options);
  give_captured(rule, solution.at, value, w);
}

/// J^T w = -u.
void root_vjp(Rule& rule) {
  const AtSolution solution(rule);
  const std::int64_t n = rule.cotangent.size();
  const Var jacobian = reshape(solution.outputs[1], {n, n});
  const Var w = -solve(transpose(jacobian), ravel(rule.cotangent));
  give_captured(rule, solution.at, solution.outputs[0], reshape(w, rule.cotangent.shape()));
}

constinit const Op fixed_point_op{
    .name = "fixed_point", .kind = OpKind::opaque, .vjp = fixed_point_vjp, .execute = execute<iterate>};
constinit const Op root_op{.name = "root", .kind = OpKind::opaque, .vjp = root_vjp, .execute = execute<newton>};

// ---- Recording

void check_options(std::string_view op, const SolveOptions& options) {
  if (options.max_iterations < 1)
    fail<ValueError>(op, "max_iterations is ", options.max_iterations, ", it must be at least 1");
  if (options.tolerance && !(*options.tolerance >= 0))
    fail<ValueError>(op, "the tolerance is ", *options.tolerance, ", it must not be negative");
}

void check_like(std::string_view op, const Var& value, const Var& x) {
  if (value.shape() != x.shape())
    fail<ShapeError>(op, "the function gives ", value.shape(), " for a start of ", x.shape());
  if (value.dtype() != x.dtype())
    fail<DTypeError>(op, "the function gives ", value.dtype(), " for a start of ", x.dtype());
}

/// A solution of the equation with these outputs, recorded from `begin` on with `unknown` for the solution.
Var record_solution(const Op& op, NodeId begin, const Var& start, const Var& unknown, std::span<const Var> outputs,
                    const SolveOptions& options) {
  TapeState& state = VarAccess::state(start);
  std::vector<NodeId> inputs{VarAccess::node(unknown)}, nodes;
  for (const Var& output : outputs) nodes.push_back(VarAccess::node(output));
  for (NodeId id : captured(state, inputs, nodes, begin)) inputs.push_back(id);
  std::vector<bool> numbers;
  for (NodeId input : inputs) numbers.push_back(state.program[input].holds == Holds::number);
  const Equation& equation = keep({extract(state, inputs, nodes), std::move(numbers), options});
  inputs[0] = VarAccess::node(start);
  const std::int64_t attribute = reinterpret_cast<std::intptr_t>(&equation);
  const Location location = state.program[nodes[0]].location;
  const Shape shape = start.shape();
  const NodeId id = append(state, op, start.dtype(), shape, inputs, std::span(&attribute, 1), location);
  return VarAccess::make(state, id);
}

/// The function's value for a solution that is not known yet, with its parameters.
struct Unknown {
  NodeId begin;
  Var x, value;

  Unknown(std::string_view op, const VarFunction& f, std::span<const Var> arguments, const SolveOptions& options)
      : begin(VarAccess::state(arguments[0]).program.size()), x(placeholder_like(arguments[0])) {
    check_options(op, options);
    check_argument(op, arguments, 0);
    std::vector<Var> all{x};
    all.insert(all.end(), arguments.begin() + 1, arguments.end());
    const std::vector<Var> results = f(all);
    if (results.size() != 1) fail<ValueError>(op, "the function gives ", results.size(), " results, it must give one");
    require_on(VarAccess::state(arguments[0]), results[0], op, "the function's result");
    value = results[0];
    check_like(op, value, arguments[0]);
  }
};

}  // namespace

Var record_fixed_point(const VarFunction& f, std::span<const Var> x, const SolveOptions& options) {
  const Unknown unknown("fixed_point", f, x, options);
  return record_solution(fixed_point_op, unknown.begin, x[0], unknown.x, std::span(&unknown.value, 1), options);
}

Var record_root(const VarFunction& f, std::span<const Var> x, const SolveOptions& options) {
  const Unknown unknown("root", f, x, options);
  const std::vector<Var> outputs{unknown.value, jacobian_of(unknown.value, unknown.x)};
  return record_solution(root_op, unknown.begin, x[0], unknown.x, outputs, options);
}

}  // namespace xtape::detail
