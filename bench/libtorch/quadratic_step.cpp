#include "bench/libtorch/problems.hpp"
#include "bench/libtorch/tensors.hpp"

namespace bench::with_libtorch {
namespace {

struct Quadratic : QuadraticInputs {
  Tensor samples = view(x, {3, 3}), targets = view(y, {3, 2}), weights = leaf<double>(view(w, {2, 3}));
  double loss = 0;
  std::vector<double> answer;
};

void quadratic(Quadratic& s) {
  Tensor loss = torch::square(torch::matmul(s.samples, s.weights.t()) - s.targets).sum();
  loss.backward();
  descend(s.weights, s.rate);
  s.loss = loss.item<double>();
}

}  // namespace

std::vector<Case> quadratic_step() {
  return {make_case("quadratic_step", "2x3", "float64", 1, [] {
    auto state = std::make_shared<Quadratic>();
    Runner r = runner(state, 1, quadratic);
    r.answer = [state] {
      std::vector<double> answer;
      append(answer, state->weights);
      answer.push_back(state->loss);
      return answer;
    };
    return r;
  })};
}

}  // namespace bench::with_libtorch
