#include "bench/libtorch/problems.hpp"
#include "bench/libtorch/tensors.hpp"

namespace bench::with_libtorch {
namespace {

template <class T>
struct Elementwise {
  explicit Elementwise(std::int64_t n) : inputs(shared_inputs<ElementwiseInputs<T>>(n)) {
    for (int i = 0; i < 2; ++i) x[i] = view(inputs->x[i].data(), {n}).set_requires_grad(true);
  }
  std::shared_ptr<const ElementwiseInputs<T>> inputs;
  Tensor x[2];
  double total = 0;
  std::int64_t iteration = 0;
  std::vector<double> answer;
};

template <class T>
void elementwise_step(Elementwise<T>& s) {
  Tensor a = torch::tensor(s.inputs->a(s.iteration), options<T>()).set_requires_grad(true);
  Tensor b = torch::tensor(s.inputs->b(s.iteration), options<T>()).set_requires_grad(true);
  Tensor& x = s.x[s.iteration & 1];
  Tensor y = (torch::tanh(a * x + b) * torch::exp(-x * x) + torch::log1p(x * x)).sum();
  y.backward();
  const T* dx = x.grad().template data_ptr<T>();
  double value = static_cast<double>(y.item<T>());
  s.total += value + static_cast<double>(dx[s.iteration % x.numel()]);
  s.answer = {value,
              static_cast<double>(a.grad().item<T>()),
              static_cast<double>(b.grad().item<T>()),
              s.total,
              static_cast<double>(dx[0]),
              static_cast<double>(dx[x.numel() - 1])};
  x.mutable_grad().reset();
  ++s.iteration;
}

template <class T>
std::vector<Case> elementwise_cases() {
  std::vector<Case> all;
  for (auto [size, n] : kElementwiseSizes)
    for (int threads : {1, 2}) {
      all.push_back(make_case("elementwise", size, dtype_name<T>, threads, [n = n, threads] {
        return runner(std::make_shared<Elementwise<T>>(n), threads, elementwise_step<T>);
      }));
      all.back().large = n > 1000000;
    }
  return all;
}

}  // namespace

std::vector<Case> elementwise() { return join(elementwise_cases<double>(), elementwise_cases<float>()); }

}  // namespace bench::with_libtorch
