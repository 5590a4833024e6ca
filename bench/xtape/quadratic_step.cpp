#include <memory>

#include <xtape/function.hpp>
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

/// The same recorded once: weights, samples, targets and rate to loss and new weights.
xtape::Function recorded_program() {
  return xtape::Function([](xtape::Tape& tape, xtape::Var w, xtape::Var x, xtape::Var y, xtape::Var rate) {
    xtape::Var loss = sum(square(matmul(x, transpose(w)) - y));
    return std::pair(loss, w - rate * tape.gradient(loss, w));
  });
}

struct Recorded : QuadraticInputs {
  xtape::Array samples = xtape::Array::copy(x, {3, 3});
  xtape::Array targets = xtape::Array::copy(y, {3, 2});
  xtape::Array weights = xtape::Array::copy(w, {2, 3});
  xtape::Function step = recorded_program();
  double loss = 0;
};

void recorded_step(Recorded& s) {
  auto [loss, weights] = s.step.call<2>(s.weights, s.samples, s.targets, s.rate);
  s.weights = std::move(weights);
  s.loss = loss.item<double>();
}

std::vector<double> recorded_answer(const Recorded& s) {
  auto w = s.weights.values<double>();
  std::vector<double> answer(w.begin(), w.end());
  answer.push_back(s.loss);
  return answer;
}

std::vector<Case> on_threads(int threads) {
  auto make = [threads] { return runner(std::make_shared<State>(), threads, step, answer); };
  auto recorded = [threads] { return runner(std::make_shared<Recorded>(), threads, recorded_step, recorded_answer); };
  return {{"quadratic_step", "2x3", "float64", threads, "xtape", make, 1, 100},
          {"quadratic_step", "2x3", "float64", threads, "xtape Function", recorded, 1, 100}};
}

}  // namespace

std::vector<Case> quadratic_step() { return join(on_threads(1), on_threads(2)); }

}  // namespace bench::with_xtape
