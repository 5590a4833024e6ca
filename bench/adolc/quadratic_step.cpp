#include <memory>

#include "bench/adolc/function.hpp"
#include "bench/adolc/problems.hpp"
#include "bench/inputs.hpp"

namespace bench::with_adolc {
namespace {

std::vector<adouble> loss(const std::vector<adouble>& w) {
  const QuadraticInputs in;
  adouble sum = 0;
  for (int i = 0; i < 3; ++i)
    for (int k = 0; k < 2; ++k) {
      adouble r = -in.y[2 * i + k];
      for (int j = 0; j < 3; ++j) r += w[3 * k + j] * in.x[3 * i + j];
      sum += r * r;
    }
  return {sum};
}

struct State : QuadraticInputs {
  std::vector<double> weights{w, w + 6};
  Function function{loss, weights};
};

void step(State& s) {
  s.function(s.weights);
  for (std::size_t i = 0; i < 6; ++i) s.weights[i] -= s.rate * s.function.gradient[i];
}

Runner make() {
  auto state = std::make_shared<State>();
  return {[state](std::int64_t iterations) {
            for (std::int64_t i = 0; i < iterations; ++i) step(*state);
          },
          [state] {
            std::vector<double> answer = state->weights;
            answer.push_back(state->function.values[0]);
            return answer;
          }};
}

}  // namespace

std::vector<Case> quadratic_step() { return {{"quadratic_step", "2x3", "float64", 1, "adolc", make, 1, 100}}; }

}  // namespace bench::with_adolc
