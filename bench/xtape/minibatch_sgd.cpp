#include <memory>

#include <xtape/xtape.hpp>

#include "bench/inputs.hpp"
#include "bench/xtape/cases.hpp"

namespace bench::with_xtape {
namespace {

template <class T>
struct State {
  explicit State(std::int64_t batch_size)
      : inputs(shared_inputs<MinibatchInputs<T>>(batch_size)),
        x(xtape::Array::borrow(inputs->x.data(), {inputs->rows, inputs->columns})),
        y(xtape::Array::borrow(inputs->y.data(), {inputs->rows})),
        w("weights", xtape::Array::zeros({inputs->columns}, xtape::dtype_of<T>)) {}
  std::shared_ptr<const MinibatchInputs<T>> inputs;
  xtape::Array x, y;
  xtape::Parameter w, b{"bias", xtape::Array(T{0})};
  xtape::Tape tape;
  double loss = 0, total = 0;
  std::int64_t iteration = 0;
};

template <class T>
void step(State<T>& s) {
  s.tape.reset();
  xtape::Var batch = s.tape.variable(xtape::Array::copy(s.inputs->batch(s.iteration), {s.inputs->size}));
  xtape::Var w = s.tape.read(s.w), b = s.tape.read(s.b);
  xtape::Var logits = matmul(take(s.x, batch, 0), w) + b;
  xtape::Var loss = binary_cross_entropy_with_logits(logits, take(s.y, batch, 0));
  auto [dw, db] = s.tape.template gradient<2>(loss, {w, b});
  s.tape.evaluate({loss}, {{s.w, w - s.inputs->rate * dw}, {s.b, b - s.inputs->rate * db}});
  s.loss = loss.template item<double>();
  s.total += s.loss;
  ++s.iteration;
}

template <class T>
std::vector<double> answer(const State<T>& s) {
  auto w = s.w.value().template values<T>();
  return {s.total, s.loss, s.b.value().template item<double>(), static_cast<double>(w.front()),
          static_cast<double>(w.back())};
}

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (std::int64_t size : kMinibatchSizes)
    for (int threads : {1, 2}) {
      auto make = [=] { return runner(std::make_shared<State<T>>(size), threads, step<T>, answer<T>); };
      all.push_back({"minibatch_sgd", std::to_string(size), dtype_name<T>, threads, "xtape", make, 1, 10});
    }
  return all;
}

}  // namespace

std::vector<Case> minibatch_sgd() { return join(cases<double>(), cases<float>()); }

}  // namespace bench::with_xtape
