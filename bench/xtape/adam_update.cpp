// The rule of optim::Adam in an Optimizer, with a loss that is linear in the parameters, so that its gradient is given,
// and by `apply`, with the gradient alone; and the same formula written out in an evaluation of its own, without the
// Optimizer's tests that all is finite.
#include <cmath>
#include <memory>

#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

#include "bench/inputs.hpp"
#include "bench/xtape/cases.hpp"

namespace bench::with_xtape {
namespace {

template <class T>
struct State {
  std::shared_ptr<const AdamInputs<T>> inputs = shared_inputs<AdamInputs<T>>(kAdamSize);
  xtape::Parameter x{"x", xtape::Array::copy(inputs->x.data(), {kAdamSize})};
  xtape::Array gradients[2] = {xtape::Array::borrow(inputs->gradients[0].data(), {kAdamSize}),
                               xtape::Array::borrow(inputs->gradients[1].data(), {kAdamSize})};
  std::int64_t iteration = 0;
};

template <class T>
std::vector<double> answer(const State<T>& s) {
  return some_of(s.x.value().template data<T>(), kAdamSize);
}

template <class T>
struct Optimized : State<T> {
  xtape::optim::Optimizer optimizer{xtape::optim::Adam{.learning_rate = AdamInputs<T>::rate}, {this->x}};
};

template <class T>
void optimizer_step(Optimized<T>& s) {
  const xtape::Array& gradient = s.gradients[s.iteration++ & 1];
  s.optimizer.step([&](xtape::Tape& tape) { return sum(gradient * tape.read(s.x)); });
}

template <class T>
void applied_step(Optimized<T>& s) {
  s.optimizer.apply({s.gradients[s.iteration++ & 1]});
}

template <class T>
struct Written : State<T> {
  xtape::Parameter m{"m", xtape::Array::zeros({kAdamSize}, xtape::dtype_of<T>)}, v = m;
};

template <class T>
void written_step(Written<T>& s) {
  xtape::Tape tape;
  xtape::Var gradient = tape.variable(s.gradients[s.iteration & 1]), x = tape.read(s.x);
  const auto t = static_cast<double>(++s.iteration);
  xtape::Var m = 0.9 * tape.read(s.m) + 0.1 * gradient;
  xtape::Var v = 0.999 * tape.read(s.v) + 0.001 * square(gradient);
  xtape::Var root = sqrt(v / (1 - std::pow(0.999, t))) + 1e-8;
  tape.evaluate({}, {{s.x, x - s.inputs->rate / (1 - std::pow(0.9, t)) * m / root}, {s.m, m}, {s.v, v}});
}

template <class T, class S>
Case adam_case(const char* implementation, int threads, void (*step)(S&)) {
  auto make = [=] {
    auto state = std::make_shared<S>();
    Runner r = runner(
        state, threads, step, +[](const S&) { return std::vector<double>(); });
    r.answer = [state] { return answer<T>(*state); };
    return r;
  };
  return {"adam_update", "1e7", dtype_name<T>, threads, implementation, make};
}

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (int threads : {1, 2}) {
    all.push_back(adam_case<T>("xtape", threads, optimizer_step<T>));
    all.push_back(adam_case<T>("xtape_apply", threads, applied_step<T>));
    all.push_back(adam_case<T>("xtape_formula", threads, written_step<T>));
  }
  return all;
}

}  // namespace

std::vector<Case> adam_update() { return join(cases<double>(), cases<float>()); }

}  // namespace bench::with_xtape
