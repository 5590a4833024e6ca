#include <memory>

#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

#include "bench/inputs.hpp"
#include "bench/xtape/cases.hpp"

namespace bench::with_xtape {
namespace {

template <class T>
struct Perceptron {
  std::shared_ptr<const MlpInputs<T>> inputs = shared_inputs<MlpInputs<T>>(kMlpBatch);
  xtape::Parameter w1 = weights(0), w2 = weights(1), w3 = weights(2), b1 = bias(0), b2 = bias(1), b3 = bias(2);

  xtape::Parameter weights(int layer) const {
    return xtape::Parameter("w",
                            xtape::Array::copy(inputs->w[layer].data(), {kMlpWidths[layer], kMlpWidths[layer + 1]}));
  }
  static xtape::Parameter bias(int layer) {
    return xtape::Parameter("b", xtape::Array::zeros({kMlpWidths[layer + 1]}, xtape::dtype_of<T>));
  }
  xtape::Var operator()(const xtape::Var& x) const {
    xtape::Var hidden1 = relu(matmul(x, read(w1, x)) + read(b1, x));
    xtape::Var hidden2 = relu(matmul(hidden1, read(w2, x)) + read(b2, x));
    return matmul(hidden2, read(w3, x)) + read(b3, x);
  }
};

template <class T>
struct State {
  Perceptron<T> model;
  xtape::Array x[2] = {xtape::Array::borrow(model.inputs->x[0].data(), {kMlpBatch, kMlpWidths[0]}),
                       xtape::Array::borrow(model.inputs->x[1].data(), {kMlpBatch, kMlpWidths[0]})};
  xtape::Array labels = xtape::Array::borrow(model.inputs->labels.data(), {kMlpBatch});
  xtape::optim::Optimizer optimizer{xtape::optim::Adam{.learning_rate = MlpInputs<T>::rate},
                                    {model.w1, model.b1, model.w2, model.b2, model.w3, model.b3}};
  double loss = 0, total = 0;
  std::int64_t iteration = 0;
};

template <class T>
void step(State<T>& s) {
  const xtape::Array& x = s.x[s.iteration++ & 1];
  auto loss = [&](xtape::Tape& tape) { return softmax_cross_entropy(s.model(tape.variable(x)), s.labels); };
  s.loss = s.optimizer.step(loss).loss;
  s.total += s.loss;
}

template <class T>
std::vector<double> answer(const State<T>& s) {
  return {s.total, s.loss, static_cast<double>(s.model.w1.value().template values<T>().front()),
          static_cast<double>(s.model.w3.value().template values<T>().back()),
          static_cast<double>(s.model.b3.value().template values<T>().front())};
}

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (int threads : {1, 2})
    all.push_back({"mlp_step", "128", dtype_name<T>, threads, "xtape",
                   [threads] { return runner(std::make_shared<State<T>>(), threads, step<T>, answer<T>); }});
  return all;
}

}  // namespace

std::vector<Case> mlp_step() { return join(cases<double>(), cases<float>()); }

}  // namespace bench::with_xtape
