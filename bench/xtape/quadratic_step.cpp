#include <memory>

#include <xtape/xtape.hpp>

#include "bench/inputs.hpp"
#include "bench/xtape/cases.hpp"

namespace bench::with_xtape {
namespace {

struct State : QuadraticInputs {
  xtape::Tape tape;
  xtape::Array samples = xtape::Array::copy(x, {3, 3});
  xtape::Array targets = xtape::Array::copy(y, {3, 2});
  xtape::Parameter weights{"W", xtape::Array::copy(w, {2, 3})};
  double loss = 0;
};

void step(State& s) {
  s.tape.reset();
  xtape::Var w = s.tape.read(s.weights);
  xtape::Var loss = sum(square(matmul(s.samples, transpose(w)) - s.targets));
  xtape::Var gradient = s.tape.gradient(loss, w);
  s.tape.evaluate({loss}, {{s.weights, w - s.rate * gradient}});
  s.loss = loss.item<double>();
}

std::vector<double> answer(const State& s) {
  auto w = s.weights.value().values<double>();
  std::vector<double> answer(w.begin(), w.end());
  answer.push_back(s.loss);
  return answer;
}

Case on_threads(int threads) {
  auto make = [threads] { return runner(std::make_shared<State>(), threads, step, answer); };
  return {"quadratic_step", "2x3", "float64", threads, "xtape", make, 1, 100};
}

}  // namespace

std::vector<Case> quadratic_step() { return {on_threads(1), on_threads(2)}; }

}  // namespace bench::with_xtape
