#include <memory>

#include <xtape/function.hpp>
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

/// The same recorded once.
xtape::Function recorded_program() {
  return xtape::Function([](xtape::Tape& tape, xtape::Var x, xtape::Var y) {
    xtape::Var z = x * x + x * y + y * y;
    auto [dx, dy] = tape.gradient<2>(z, {x, y});
    return std::array{z, dx, dy};
  });
}

struct Recorded : State {
  xtape::Function gradient = recorded_program();
};

void recorded_step(Recorded& s) {
  auto [z, dx, dy] = s.gradient.call<3>(point(s.iteration), point(3 * s.iteration));
  s.z = z.item<double>();
  s.dx = dx.item<double>();
  s.dy = dy.item<double>();
  s.total += s.z + s.dx + s.dy;
  ++s.iteration;
}

template <class S>
std::vector<double> answer(const S& s) {
  return {s.z, s.dx, s.dy, s.total};
}

std::vector<Case> on_threads(int threads) {
  auto make = [threads] { return runner(std::make_shared<State>(), threads, step, answer<State>); };
  auto recorded = [threads] { return runner(std::make_shared<Recorded>(), threads, recorded_step, answer<Recorded>); };
  return {{"scalar_gradient", "2", "float64", threads, "xtape", make, 1, 100},
          {"scalar_gradient", "2", "float64", threads, "xtape Function", recorded, 1, 100}};
}

}  // namespace

std::vector<Case> scalar_gradient() { return join(on_threads(1), on_threads(2)); }

}  // namespace bench::with_xtape
