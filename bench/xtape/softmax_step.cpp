#include <memory>

#include <xtape/xtape.hpp>

#include "bench/inputs.hpp"
#include "bench/xtape/cases.hpp"

namespace bench::with_xtape {
namespace {

template <class T>
struct State {
  static constexpr std::int64_t kClasses = SoftmaxInputs<T>::kClasses;
  State(std::int64_t rows, std::int64_t columns)
      : inputs(shared_inputs<SoftmaxInputs<T>>(rows, columns)),
        x(xtape::Array::borrow(inputs->x.data(), {rows, columns})),
        targets(xtape::Array::borrow(inputs->targets.data(), {rows, kClasses})),
        labels(xtape::Array::borrow(inputs->labels.data(), {rows})),
        w("weights", xtape::Array::zeros({columns, kClasses}, xtape::dtype_of<T>)) {}
  std::shared_ptr<const SoftmaxInputs<T>> inputs;
  xtape::Array x, targets, labels;
  xtape::Parameter w, b{"bias", xtape::Array::zeros({kClasses}, xtape::dtype_of<T>)};
  double loss = 0, total = 0;
};

template <class T>
void step_towards(State<T>& s, const xtape::Array& targets) {
  xtape::Tape tape;
  xtape::Var w = tape.read(s.w), b = tape.read(s.b);
  xtape::Var loss = softmax_cross_entropy(matmul(s.x, w) + b, targets);
  auto [dw, db] = tape.gradient<2>(loss, {w, b});
  tape.evaluate({loss}, {{s.w, w - s.inputs->rate * dw}, {s.b, b - s.inputs->rate * db}});
  s.loss = loss.item<double>();
  s.total += s.loss;
}

template <class T>
void step(State<T>& s) {
  step_towards(s, s.targets);
}
template <class T>
void step_by_classes(State<T>& s) {
  step_towards(s, s.labels);
}

template <class T>
std::vector<double> answer(const State<T>& s) {
  auto w = s.w.value().template values<T>();
  std::vector<double> all = some_of(w.data(), static_cast<std::int64_t>(w.size()));
  all.insert(all.end(), {s.total, s.loss, static_cast<double>(s.b.value().template values<T>().front())});
  return all;
}

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (auto [size, rows, columns] : kSoftmaxSizes)
    for (int threads : {1, 2}) {
      const auto add = [&, n = rows, d = columns](const char* implementation, void (*function)(State<T>&)) {
        auto make = [=] { return runner(std::make_shared<State<T>>(n, d), threads, function, answer<T>); };
        all.push_back({"softmax_step", size, dtype_name<T>, threads, implementation, make});
      };
      add("xtape", step<T>);
      add("xtape_classes", step_by_classes<T>);
    }
  return all;
}

}  // namespace

std::vector<Case> softmax_step() { return join(cases<double>(), cases<float>()); }

}  // namespace bench::with_xtape
