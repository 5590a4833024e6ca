#include "bench/libtorch/problems.hpp"
#include "bench/libtorch/tensors.hpp"

namespace bench::with_libtorch {
namespace {

struct DeepChain {
  Buffer<float> input = deep_chain_input();
  Tensor x = view(input.data(), {kDeepChainSize}).set_requires_grad(true);
  std::vector<double> answer;
};

void deep(DeepChain& s) {
  Tensor y = s.x;
  for (int i = 0; i < kDeepChainLength; ++i) y = torch::tanh(y);
  Tensor loss = y.sum();
  loss.backward();
  s.answer = deep_chain_answer(loss.item<double>(), s.x.grad().data_ptr<float>());
}

}  // namespace

std::vector<Case> deep_chain() {
  Case c =
      make_case("deep_chain", "1000x1e6", "float32", 1, [] { return runner(std::make_shared<DeepChain>(), 1, deep); });
  c.alone = true;
  return {c};
}

}  // namespace bench::with_libtorch
