#include <memory>

#include <xtape/xtape.hpp>

#include "bench/inputs.hpp"
#include "bench/xtape/cases.hpp"

namespace bench::with_xtape {
namespace {

template <class T>
struct State {
  explicit State(std::int64_t n) : inputs(shared_inputs<ElementwiseInputs<T>>(n)) {
    for (int i = 0; i < 2; ++i) x[i] = xtape::Array::borrow(inputs->x[i].data(), {n});
  }
  std::shared_ptr<const ElementwiseInputs<T>> inputs;
  xtape::Array x[2];
  double value = 0, da = 0, db = 0, total = 0, first = 0, last = 0;
  std::int64_t iteration = 0;
};

template <class T>
void step(State<T>& s) {
  xtape::Tape tape;
  xtape::Var a = tape.variable(s.inputs->a(s.iteration)), b = tape.variable(s.inputs->b(s.iteration));
  xtape::Var x = tape.variable(s.x[s.iteration & 1]);
  xtape::Var y = sum(tanh(a * x + b) * exp(-x * x) + log1p(x * x));
  auto [da, db, dx] = tape.gradient<3>(y, {a, b, x});
  std::vector<xtape::Array> results = tape.evaluate({y, da, db, dx});
  auto gradient = results[3].values<T>();
  s.value = results[0].item<double>();
  s.da = results[1].item<double>();
  s.db = results[2].item<double>();
  s.first = static_cast<double>(gradient.front());
  s.last = static_cast<double>(gradient.back());
  s.total += s.value + static_cast<double>(gradient[static_cast<std::size_t>(s.iteration) % gradient.size()]);
  ++s.iteration;
}

template <class T>
std::vector<double> answer(const State<T>& s) {
  return {s.value, s.da, s.db, s.total, s.first, s.last};
}

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (auto [size, n] : kElementwiseSizes)
    for (int threads : {1, 2}) {
      auto make = [n = n, threads] { return runner(std::make_shared<State<T>>(n), threads, step<T>, answer<T>); };
      all.push_back({"elementwise", size, dtype_name<T>, threads, "xtape", make, 1, 1, n > 1000000});
    }
  return all;
}

}  // namespace

std::vector<Case> elementwise() { return join(cases<double>(), cases<float>()); }

}  // namespace bench::with_xtape
