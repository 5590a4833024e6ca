#include <memory>

#include <xtape/xtape.hpp>

#include "bench/inputs.hpp"
#include "bench/xtape/cases.hpp"

namespace bench::with_xtape {
namespace {

template <class T>
struct State {
  static constexpr std::int64_t kInputs = DenseInputs<T>::kInputs, kOutputs = DenseInputs<T>::kOutputs;
  explicit State(std::int64_t rows)
      : inputs(shared_inputs<DenseInputs<T>>(rows)),
        x(xtape::Array::borrow(inputs->x.data(), {rows, kInputs})),
        targets(xtape::Array::borrow(inputs->targets.data(), {rows, kOutputs})) {}
  std::shared_ptr<const DenseInputs<T>> inputs;
  xtape::Array x, targets, y;
  xtape::Parameter w{"weights", xtape::Array::borrow(inputs->w.data(), {kInputs, kOutputs})};
  xtape::Parameter b{"bias", xtape::Array::borrow(inputs->b[0].data(), {kOutputs})};
  std::int64_t iteration = 0;
  double loss = 0;
};

template <class T>
void forward(State<T>& s) {
  xtape::Tape tape;
  s.y = xtape::Array();
  xtape::Var b = tape.variable(xtape::Array::borrow(s.inputs->b[s.iteration++ & 1].data(), {State<T>::kOutputs}));
  s.y = relu(matmul(s.x, tape.read(s.w)) + b).value();
}

template <class T>
std::vector<double> values(const State<T>& s) {
  return some_of(s.y.template values<T>().data(), s.y.size());
}

template <class T>
void step(State<T>& s) {
  xtape::Tape tape;
  xtape::Var w = tape.read(s.w), b = tape.read(s.b);
  xtape::Var loss = mean(square(relu(matmul(s.x, w) + b) - s.targets));
  auto [dw, db] = tape.gradient<2>(loss, {w, b});
  tape.evaluate({loss}, {{s.w, w - s.inputs->rate * dw}, {s.b, b - s.inputs->rate * db}});
  s.loss = loss.item<double>();
}

template <class T>
std::vector<double> trained(const State<T>& s) {
  std::vector<double> all = some_of(s.w.value().template values<T>().data(), s.w.value().size());
  all.insert(all.end(), {s.loss, static_cast<double>(s.b.value().template values<T>().front())});
  return all;
}

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (auto [forward_size, step_size, rows] : kDenseSizes)
    for (int threads : {1, 2}) {
      const auto add = [&, n = rows](const char* size, void (*function)(State<T>&),
                                     std::vector<double> (*answer)(const State<T>&)) {
        auto make = [=] { return runner(std::make_shared<State<T>>(n), threads, function, answer); };
        all.push_back({"dense_layer", size, dtype_name<T>, threads, "xtape", make});
      };
      add(forward_size, forward<T>, values<T>);
      add(step_size, step<T>, trained<T>);
    }
  return all;
}

}  // namespace

std::vector<Case> dense_layer() { return join(cases<double>(), cases<float>()); }

}  // namespace bench::with_xtape
