#include <memory>

#include "bench/adolc/function.hpp"
#include "bench/adolc/problems.hpp"
#include "bench/inputs.hpp"

namespace bench::with_adolc {
namespace {

/// The inputs are x, then the operand.
std::vector<adouble> chain(Link link, const std::vector<adouble>& inputs) {
  const std::size_t elements = inputs.size() / 2;
  std::vector<adouble> y(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(elements));
  for (int i = 0; i < kChainLength; ++i)
    for (std::size_t k = 0; k < elements; ++k)
      if (link == Link::add) y[k] = y[k] + inputs[elements + k];
      else if (link == Link::multiply) y[k] = y[k] * inputs[elements + k];
      else y[k] = tanh(y[k]);
  return y;
}

std::vector<double> inputs_of(std::int64_t iteration, int elements) {
  std::vector<double> inputs;
  for (int k = 0; k < elements; ++k) inputs.push_back(chain_start(iteration, k));
  for (int k = 0; k < elements; ++k) inputs.push_back(chain_operand(k));
  return inputs;
}

struct State {
  State(Link link, int count)
      : elements(count), function([link](const auto& x) { return chain(link, x); }, inputs_of(0, count)) {}
  int elements;
  Function function;
  double total = 0;
  std::int64_t iteration = 0;
};

void step(State& s) {
  s.function(inputs_of(s.iteration, s.elements));
  for (double value : s.function.values) s.total += value;
  for (double value : s.function.gradient) s.total += value;
  ++s.iteration;
}

Runner make(Link link, int elements) {
  auto state = std::make_shared<State>(link, elements);
  return {[state](std::int64_t iterations) {
            for (std::int64_t i = 0; i < iterations; ++i) step(*state);
          },
          [state] {
            const Function& f = state->function;
            return std::vector<double>{f.values.back(), f.gradient.front(), f.gradient.back(), state->total};
          }};
}

}  // namespace

std::vector<Case> op_chain() {
  std::vector<Case> all;
  for (Link link : {Link::add, Link::multiply, Link::tanh})
    for (int elements : kChainWidths)
      all.push_back({"op_chain", std::string(name(link)) + " " + std::to_string(elements), "float64", 1, "adolc",
                     [=] { return make(link, elements); }, kChainLength, 1});
  return all;
}

}  // namespace bench::with_adolc
