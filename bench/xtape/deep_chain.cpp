#include <memory>

#include <xtape/xtape.hpp>

#include "bench/inputs.hpp"
#include "bench/xtape/cases.hpp"

namespace bench::with_xtape {
namespace {

struct State {
  Buffer<float> x = deep_chain_input();
  xtape::Array sum, dx;
};

void step(State& s) {
  xtape::Tape tape;
  xtape::Var x = tape.variable(xtape::Array::borrow(s.x.data(), {kDeepChainSize}));
  xtape::Var y = x;
  for (int i = 0; i < kDeepChainLength; ++i) y = tanh(y);
  xtape::Var loss = sum(y);
  std::vector<xtape::Array> results = tape.evaluate({loss, tape.gradient(loss, x)});
  s.sum = results[0];
  s.dx = results[1];
}

std::vector<double> answer(const State& s) { return deep_chain_answer(s.sum.item<double>(), s.dx.data<float>()); }

Case on_threads(int threads) {
  auto make = [threads] { return runner(std::make_shared<State>(), threads, step, answer); };
  return {"deep_chain", "1000x1e6", "float32", threads, "xtape", make, 1, 1, false, true};
}

}  // namespace

std::vector<Case> deep_chain() { return {on_threads(1), on_threads(2)}; }

}  // namespace bench::with_xtape
