#include <memory>

#include "bench/adolc/function.hpp"
#include "bench/adolc/problems.hpp"
#include "bench/inputs.hpp"

namespace bench::with_adolc {
namespace {

struct State {
  std::vector<double> at{point(0), point(0)};
  Function function{[](const auto& x) { return std::vector<adouble>{x[0] * x[0] + x[0] * x[1] + x[1] * x[1]}; }, at};
  double total = 0;
  std::int64_t iteration = 0;
};

void step(State& s) {
  s.at = {point(s.iteration), point(3 * s.iteration)};
  s.function(s.at);
  s.total += s.function.values[0] + s.function.gradient[0] + s.function.gradient[1];
  ++s.iteration;
}

Runner make() {
  auto state = std::make_shared<State>();
  return {[state](std::int64_t iterations) {
            for (std::int64_t i = 0; i < iterations; ++i) step(*state);
          },
          [state] {
            const Function& f = state->function;
            return std::vector<double>{f.values[0], f.gradient[0], f.gradient[1], state->total};
          }};
}

}  // namespace

std::vector<Case> scalar_gradient() { return {{"scalar_gradient", "2", "float64", 1, "adolc", make, 1, 100}}; }

}  // namespace bench::with_adolc
