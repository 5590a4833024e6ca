// Logistic regression from zero weights by L-BFGS, with one pass over X for each value and gradient:
// mean(log(1 + exp(z)) - y z) + l2 / 2 |w|^2 with z = X w + b.
#include <memory>

#include "bench/hand/hand.hpp"
#include "bench/hand/lbfgs.hpp"
#include "bench/hand/logistic_pass.hpp"
#include "bench/inputs.hpp"

namespace bench::hand {
namespace {

struct State {
  std::shared_ptr<const LogisticInputs<double>> inputs;
  int threads;
  LogisticPass<double> pass{inputs, threads};
  std::int64_t iterations = 0;  ///< that reach the relative objective
  double objective = 0;
};

/// The weights and, last, the bias are x.
auto objective_of(State& s) {
  return [&s](const std::vector<double>& x, std::vector<double>& gradient) {
    const auto rows = static_cast<double>(s.inputs->rows), l2 = logistic_fit_l2(s.inputs->rows);
    const std::size_t columns = x.size() - 1;
    const auto sums = s.pass(x.data(), x[columns]);
    double squares = 0;
    for (std::size_t j = 0; j < columns; ++j) {
      gradient[j] = sums.dw[j] / rows + l2 * x[j];
      squares += x[j] * x[j];
    }
    gradient[columns] = sums.db / rows;
    return sums.loss / rows + l2 / 2 * squares;
  };
}

auto begin(State& s) {
  return Lbfgs(objective_of(s), std::vector<double>(static_cast<std::size_t>(s.inputs->columns) + 1, 0.0));
}

void find_iterations(State& s) {
  auto descent = begin(s);
  std::vector<double> objectives{descent.value()};
  while (descent.gradient_norm() > kLogisticFitGradient) {
    descent.step();
    objectives.push_back(descent.value());
  }
  s.iterations = iterations_to_objective(objectives);
}

void fit(State& s) {
  auto descent = begin(s);
  for (std::int64_t i = 0; i < s.iterations; ++i) descent.step();
  s.objective = descent.value();
}

Runner make(std::int64_t rows, std::int64_t columns, int threads) {
  auto state = std::make_shared<State>(State{shared_inputs<LogisticInputs<double>>(rows, columns), threads});
  find_iterations(*state);
  return {[state](std::int64_t fits) {
            for (std::int64_t i = 0; i < fits; ++i) fit(*state);
          },
          [state] { return std::vector<double>{state->objective * static_cast<double>(state->inputs->rows)}; }};
}

}  // namespace

std::vector<Case> logistic_fit() {
  std::vector<Case> all;
  for (auto [size, rows, columns] : kLogisticFitSizes)
    for (int threads : {1, 2}) {
      auto make_it = [n = rows, d = columns, threads] { return make(n, d, threads); };
      all.push_back({"logistic_fit", size, "float64", threads, "hand", make_it, 1, 1, rows > 100000});
    }
  return all;
}

}  // namespace bench::hand
