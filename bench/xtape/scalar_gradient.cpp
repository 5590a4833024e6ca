#include <memory>

#include <xtape/xtape.hpp>

#include "bench/inputs.hpp"
#include "bench/xtape/cases.hpp"

namespace bench::with_xtape {
namespace {

struct State {
  xtape::Tape tape;
  double z = 0, dx = 0, dy = 0, total = 0;
  std::int64_t iteration = 0;
};

void step(State& s) {
  s.tape.reset();
  xtape::Var x = s.tape.variable(point(s.iteration)), y = s.tape.variable(point(3 * s.iteration));
  xtape::Var z = x * x + x * y + y * y;
  auto [dx, dy] = s.tape.gradient<2>(z, {x, y});
  std::vector<xtape::Array> values = s.tape.evaluate({z, dx, dy});
  s.z = values[0].item<double>();
  s.dx = values[1].item<double>();
  s.dy = values[2].item<double>();
  s.total += s.z + s.dx + s.dy;
  ++s.iteration;
}

std::vector<double> answer(const State& s) { return {s.z, s.dx, s.dy, s.total}; }

Case on_threads(int threads) {
  auto make = [threads] { return runner(std::make_shared<State>(), threads, step, answer); };
  return {"scalar_gradient", "2", "float64", threads, "xtape", make, 1, 100};
}

}  // namespace

std::vector<Case> scalar_gradient() { return {on_threads(1), on_threads(2)}; }

}  // namespace bench::with_xtape
