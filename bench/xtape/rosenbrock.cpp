// The Hessian row by row, as the gradients of the gradient's elements; all rows at once, from a batch of n copies of
// the point, of which each has its own row to give; and by three products, from its sparsity.
#include <memory>

#include <xtape/function.hpp>
#include <xtape/sparse.hpp>
#include <xtape/xtape.hpp>

#include "bench/inputs.hpp"
#include "bench/xtape/cases.hpp"

namespace bench::with_xtape {
namespace {

constexpr std::int64_t n = kRosenbrockSize;

const xtape::Slice kHead(0, -1), kTail(1, xtape::Slice::kNone);

xtape::Var value(const xtape::Var& head, const xtape::Var& tail) {
  return sum(100 * square(tail - square(head)) + square(1 - head));
}
xtape::Var value(const xtape::Var& x) { return value(slice(x, {kHead}), slice(x, {kTail})); }

const auto kSparseHessian = xtape::sparse_hessian([](const xtape::Var& x) { return value(x); });

struct State : RosenbrockInputs {
  xtape::Tape tape;
  xtape::Array direction = xtape::Array::copy(v, {n}), identity;
  xtape::Array result;
  xtape::Function recorded{[](xtape::Tape&, xtape::Var point) { return kSparseHessian(point).dense(); }};
  std::int64_t iteration = 0;

  State() {
    std::vector<double> elements(n * n);
    for (std::int64_t i = 0; i < n; ++i) elements[static_cast<std::size_t>(i * (n + 1))] = 1;
    identity = xtape::Array::from(elements, {n, n});
  }
  xtape::Var begin() {
    tape.reset();
    return tape.variable(xtape::Array::copy(x[iteration++ & 1], {n}));
  }
};

void gradient(State& s) {
  xtape::Var x = s.begin();
  s.result = s.tape.gradient(value(x), x).value();
}

void product(State& s) {
  xtape::Var x = s.begin();
  xtape::Var gradient = s.tape.gradient(value(x), x);
  s.result = s.tape.gradient(sum(gradient * s.direction), x).value();
}

void hessian(State& s) {
  xtape::Var x = s.begin();
  xtape::Var gradient = s.tape.gradient(value(x), x);
  std::vector<xtape::Var> rows;
  for (int i = 0; i < n; ++i) rows.push_back(s.tape.gradient(slice(gradient, {i}), x));
  s.result = stack(rows).value();
}

void batched_hessian(State& s) {
  xtape::Var x = broadcast_to(s.begin(), {n, n});
  xtape::Var gradients = s.tape.gradient(value(slice(x, {{}, kHead}), slice(x, {{}, kTail})), x);
  s.result = s.tape.gradient(sum(gradients * s.identity), x).value();
}

void sparse_hessian(State& s) { s.result = kSparseHessian(xtape::Array::copy(s.x[s.iteration++ & 1], {n})).dense(); }

/// The same with the sparsity found once.
void recorded_sparse_hessian(State& s) { s.result = s.recorded(xtape::Array::copy(s.x[s.iteration++ & 1], {n})); }

std::vector<double> answer(const State& s) { return some_of(s.result.data<double>(), s.result.size()); }

Case rosenbrock_case(const char* size, const char* implementation, int threads, void (*step)(State&)) {
  auto make = [=] { return runner(std::make_shared<State>(), threads, step, answer); };
  return {"rosenbrock", size, "float64", threads, implementation, make};
}

}  // namespace

std::vector<Case> rosenbrock() {
  std::vector<Case> all;
  for (int threads : {1, 2}) {
    all.push_back(rosenbrock_case("gradient", "xtape", threads, gradient));
    all.push_back(rosenbrock_case("product", "xtape", threads, product));
    all.push_back(rosenbrock_case("hessian", "xtape", threads, hessian));
    all.push_back(rosenbrock_case("hessian", "xtape_batched", threads, batched_hessian));
    all.push_back(rosenbrock_case("hessian", "xtape_sparse", threads, sparse_hessian));
    all.push_back(rosenbrock_case("hessian", "xtape_sparse Function", threads, recorded_sparse_hessian));
  }
  return all;
}

}  // namespace bench::with_xtape
