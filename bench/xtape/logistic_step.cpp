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
  State(std::int64_t rows, std::int64_t columns)
      : inputs(shared_inputs<LogisticInputs<T>>(rows, columns)),
        x(xtape::Array::borrow(inputs->x.data(), {rows, columns})),
        y(xtape::Array::borrow(inputs->y.data(), {rows})),
        w("weights", xtape::Array::zeros({columns}, xtape::dtype_of<T>)) {}
  std::shared_ptr<const LogisticInputs<T>> inputs;
  xtape::Array x, y;
  xtape::Parameter w, b{"bias", xtape::Array(T{0})};
  double loss = 0, total = 0;
};

struct Updated {
  xtape::Var loss, w, b;
};

Updated updated(xtape::Tape& tape, const xtape::Operand& x, const xtape::Operand& y, const xtape::Var& w,
                const xtape::Var& b, double rate) {
  xtape::Var loss = binary_cross_entropy_with_logits(matmul(x, w) + b, y);
  auto [dw, db] = tape.gradient<2>(loss, {w, b});
  return {loss, w - rate * dw, b - rate * db};
}

template <class T>
void step(State<T>& s) {
  xtape::Tape tape;
  auto [loss, w, b] = updated(tape, s.x, s.y, tape.read(s.w), tape.read(s.b), s.inputs->rate);
  tape.evaluate({loss}, {{s.w, w}, {s.b, b}});
  s.loss = loss.template item<double>();
  s.total += s.loss;
}

/// The same recorded once.
template <class T>
struct Recorded : State<T> {
  using State<T>::State;
  xtape::Function step{
      [rate = this->inputs->rate](xtape::Tape& tape, xtape::Var x, xtape::Var y, xtape::Var w, xtape::Var b) {
        auto [loss, new_w, new_b] = updated(tape, x, y, w, b, rate);
        return std::array{loss, new_w, new_b};
      }};
};

template <class T>
void recorded_step(Recorded<T>& s) {
  auto [loss, w, b] = s.step.template call<3>(s.x, s.y, s.w, s.b);
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
Case logistic_case(const char* implementation, const LogisticSize& size, int threads, void (*step)(S&)) {
  auto make = [=] { return runner(std::make_shared<S>(size.rows, size.columns), threads, step, answer<T, S>); };
  return {"logistic_step", size.name, dtype_name<T>, threads, implementation, make, 1, 1, size.rows > 100000};
}

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const LogisticSize& size : kLogisticSizes)
    for (int threads : {1, 2}) {
      all.push_back(logistic_case<T>("xtape", size, threads, step<T>));
      all.push_back(logistic_case<T>("xtape Function", size, threads, recorded_step<T>));
    }
  return all;
}

}  // namespace

std::vector<Case> logistic_step() { return join(cases<double>(), cases<float>()); }

}  // namespace bench::with_xtape
