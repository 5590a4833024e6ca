#include <memory>

#include <xtape/xtape.hpp>

#include "bench/inputs.hpp"
#include "bench/xtape/cases.hpp"

namespace bench::with_xtape {
namespace {

struct State {
  Link link;
  int elements;
  double y = 0, dx = 0, d_operand = 0, total = 0;
  std::int64_t iteration = 0;
};

template <class T>
xtape::Array leaf(int elements, auto&& element) {
  T values[16];
  for (int i = 0; i < elements; ++i) values[i] = static_cast<T>(element(i));
  return xtape::Array::copy(values, {elements});
}

xtape::Var chain(Link link, const xtape::Var& x, const xtape::Var& operand) {
  xtape::Var y = x;
  for (int i = 0; i < kChainLength; ++i)
    y = link == Link::add ? y + operand : link == Link::multiply ? y * operand : tanh(y);
  return y;
}

template <class T>
void step(State& s) {
  xtape::Tape tape;
  xtape::Var x = tape.variable(leaf<T>(s.elements, [&](int i) { return chain_start(s.iteration, i); }));
  xtape::Var operand = tape.variable(leaf<T>(s.elements, chain_operand));
  xtape::Var y = chain(s.link, x, operand);
  auto [dx, d_operand] = tape.gradient<2>(sum(y), {x, operand});
  std::vector<xtape::Array> results = tape.evaluate({y, dx, d_operand});
  for (const xtape::Array& result : results)
    for (T value : result.values<T>()) s.total += static_cast<double>(value);
  s.y = static_cast<double>(results[0].values<T>().back());
  s.dx = static_cast<double>(results[1].values<T>().front());
  s.d_operand = static_cast<double>(results[2].values<T>().back());
  ++s.iteration;
}

std::vector<double> answer(const State& s) { return {s.y, s.dx, s.d_operand, s.total}; }

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (Link link : {Link::add, Link::multiply, Link::tanh})
    for (int elements : kChainWidths)
      for (int threads : {1, 2}) {
        auto make = [=] { return runner(std::make_shared<State>(State{link, elements}), threads, step<T>, answer); };
        all.push_back({"op_chain", std::string(name(link)) + " " + std::to_string(elements), dtype_name<T>, threads,
                       "xtape", make, kChainLength, 1});
      }
  return all;
}

struct Recording {
  xtape::Tape tape;
  double nodes = 0;
};

void record(Recording& r) {
  r.tape.reset();
  xtape::Var x = r.tape.variable(xtape::Array{0.5, 0.25, 2.0}), operand = r.tape.variable(xtape::Array{1, 2, 3});
  chain(Link::multiply, x, operand);
  r.nodes = static_cast<double>(r.tape.size());
}

}  // namespace

std::vector<Case> op_chain() { return join(cases<double>(), cases<float>()); }

std::vector<Case> recording() {
  auto make = [] {
    return runner<Recording>(std::make_shared<Recording>(), 1, record,
                             [](const Recording& r) { return std::vector<double>{r.nodes}; });
  };
  return {{"recording", "mul 3", "float64", 1, "xtape", make, kChainLength, 1}};
}

}  // namespace bench::with_xtape
