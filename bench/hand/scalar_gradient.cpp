// z = x x + x y + y y; dz/dx = 2 x + y, dz/dy = x + 2 y.
#include <memory>

#include <benchmark/benchmark.h>

#include "bench/hand/hand.hpp"
#include "bench/inputs.hpp"

namespace bench::hand {
namespace {

struct State {
  double z = 0, dx = 0, dy = 0, total = 0;
  std::int64_t iteration = 0;
};

void step(State& s) {
  double x = point(s.iteration), y = point(3 * s.iteration);
  s.z = x * x + x * y + y * y;
  s.dx = 2 * x + y;
  s.dy = x + 2 * y;
  s.total += s.z + s.dx + s.dy;
  ++s.iteration;
}

void run(State& state, std::int64_t iterations) {
  State s = state;  // a local, so that the sum and the count stay in registers
  for (std::int64_t i = 0; i < iterations; ++i) {
    step(s);
    benchmark::DoNotOptimize(s.z);
    benchmark::DoNotOptimize(s.dx);
    benchmark::DoNotOptimize(s.dy);
  }
  state = s;
}

Runner make() {
  auto state = std::make_shared<State>();
  return {[state](std::int64_t iterations) { run(*state, iterations); },
          [state] {
            return std::vector<double>{state->z, state->dx, state->dy, state->total};
          }};
}

}  // namespace

std::vector<Case> scalar_gradient() {
  return with_probe({{"scalar_gradient", "2", "float64", 1, "hand", make, 1, 1000}}, "probe_exp");
}

}  // namespace bench::hand
