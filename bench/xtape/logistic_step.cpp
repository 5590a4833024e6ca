#include <memory>

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

template <class T>
void step(State<T>& s) {
  xtape::Tape tape;
  xtape::Var w = tape.read(s.w), b = tape.read(s.b);
  xtape::Var loss = binary_cross_entropy_with_logits(matmul(s.x, w) + b, s.y);
  auto [dw, db] = tape.gradient<2>(loss, {w, b});
  tape.evaluate({loss}, {{s.w, w - s.inputs->rate * dw}, {s.b, b - s.inputs->rate * db}});
  s.loss = loss.template item<double>();
  s.total += s.loss;
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
  for (auto [size, rows, columns] : kLogisticSizes)
    for (int threads : {1, 2}) {
      auto make = [rows = rows, columns = columns, threads] {
        return runner(std::make_shared<State<T>>(rows, columns), threads, step<T>, answer<T>);
      };
      all.push_back({"logistic_step", size, dtype_name<T>, threads, "xtape", make, 1, 1, rows > 100000});
    }
  return all;
}

}  // namespace

std::vector<Case> logistic_step() { return join(cases<double>(), cases<float>()); }

}  // namespace bench::with_xtape
