#include <array>
#include <memory>

#include <xtape/function.hpp>
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

struct Updated {
  xtape::Var loss, w, b;
};

Updated updated(xtape::Tape& tape, const xtape::Operand& x, const xtape::Operand& y, const xtape::Var& batch,
                const xtape::Var& w, const xtape::Var& b, double rate) {
  xtape::Var logits = matmul(take(x, batch, 0), w) + b;
  xtape::Var loss = binary_cross_entropy_with_logits(logits, take(y, batch, 0));
  auto [dw, db] = tape.gradient<2>(loss, {w, b});
  return {loss, w - rate * dw, b - rate * db};
}

template <class T>
xtape::Array next_batch(State<T>& s) {
  return xtape::Array::copy(s.inputs->batch(s.iteration++), {s.inputs->size});
}

template <class T>
void step(State<T>& s) {
  s.tape.reset();
  xtape::Var batch = s.tape.variable(next_batch(s));
  auto [loss, w, b] = updated(s.tape, s.x, s.y, batch, s.tape.read(s.w), s.tape.read(s.b), s.inputs->rate);
  s.tape.evaluate({loss}, {{s.w, w}, {s.b, b}});
  s.loss = loss.template item<double>();
  s.total += s.loss;
}

/// The same recorded once.
template <class T>
struct Recorded : State<T> {
  using State<T>::State;
  xtape::Function step{[rate = this->inputs->rate](xtape::Tape& tape, xtape::Var x, xtape::Var y, xtape::Var batch,
                                                   xtape::Var w, xtape::Var b) {
    auto [loss, new_w, new_b] = updated(tape, x, y, batch, w, b, rate);
    return std::array{loss, new_w, new_b};
  }};
};

template <class T>
void recorded_step(Recorded<T>& s) {
  auto [loss, w, b] = s.step.template call<3>(s.x, s.y, next_batch(s), s.w, s.b);
  s.w.assign(w);
  s.b.assign(b);
  s.loss = loss.template item<double>();
  s.total += s.loss;
}

template <class T, class S>
std::vector<double> answer(const S& s) {
  auto w = s.w.value().template values<T>();
  return {s.total, s.loss, s.b.value().template item<double>(), static_cast<double>(w.front()),
          static_cast<double>(w.back())};
}

template <class T, class S>
Case minibatch_case(const char* implementation, std::int64_t size, int threads, void (*step)(S&)) {
  auto make = [=] { return runner(std::make_shared<S>(size), threads, step, answer<T, S>); };
  return {"minibatch_sgd", std::to_string(size), dtype_name<T>, threads, implementation, make, 1, 10};
}

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (std::int64_t size : kMinibatchSizes)
    for (int threads : {1, 2}) {
      all.push_back(minibatch_case<T>("xtape", size, threads, step<T>));
      all.push_back(minibatch_case<T>("xtape Function", size, threads, recorded_step<T>));
    }
  return all;
}

}  // namespace

std::vector<Case> minibatch_sgd() { return join(cases<double>(), cases<float>()); }

}  // namespace bench::with_xtape
