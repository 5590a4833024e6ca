// L = sum of squares of W x_i - y_i; dL/dW = 2 sum (W x_i - y_i) x_i^T.
#include <algorithm>
#include <memory>

#include <benchmark/benchmark.h>

#include "bench/hand/hand.hpp"
#include "bench/inputs.hpp"

namespace bench::hand {
namespace {

struct State : QuadraticInputs {
  double loss = 0;
};

/// The part of the loss that row k of W has, and the row's step.
double step_row(const QuadraticInputs& s, double* w, int k) {
  double loss = 0, g0 = 0, g1 = 0, g2 = 0;
#pragma GCC unroll 3
  for (int i = 0; i < 3; ++i) {
    const double* x = s.x + 3 * i;
    double r = w[0] * x[0] + w[1] * x[1] + w[2] * x[2] - s.y[2 * i + k];
    loss += r * r;
    g0 += r * x[0];
    g1 += r * x[1];
    g2 += r * x[2];
  }
  w[0] -= 2 * s.rate * g0;
  w[1] -= 2 * s.rate * g1;
  w[2] -= 2 * s.rate * g2;
  return loss;
}

void run(State& s, std::int64_t iterations) {
  double w[6];  // a local, so that the weights stay in registers
  std::copy(s.w, s.w + 6, w);
  double loss = 0;
  for (std::int64_t i = 0; i < iterations; ++i) {
    loss = step_row(s, w, 0) + step_row(s, w + 3, 1);
    benchmark::DoNotOptimize(loss);
  }
  std::copy(w, w + 6, s.w);
  s.loss = loss;
}

Runner make() {
  auto state = std::make_shared<State>();
  return {[state](std::int64_t iterations) { run(*state, iterations); },
          [state] {
            std::vector<double> answer(state->w, state->w + 6);
            answer.push_back(state->loss);
            return answer;
          }};
}

}  // namespace

std::vector<Case> quadratic_step() {
  return with_probe({{"quadratic_step", "2x3", "float64", 1, "hand", make, 1, 1000}}, "probe_exp");
}

}  // namespace bench::hand
