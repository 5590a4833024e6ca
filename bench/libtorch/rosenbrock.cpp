#include "bench/libtorch/problems.hpp"
#include "bench/libtorch/tensors.hpp"

namespace bench::with_libtorch {
namespace {

struct Rosenbrock : RosenbrockInputs {
  Tensor direction = view(v, {kRosenbrockSize}), result;
  std::int64_t iteration = 0;

  Tensor begin() { return leaf<double>(view(x[iteration++ & 1], {kRosenbrockSize})); }
};

Tensor rosenbrock_value(const Tensor& x) {
  Tensor head = x.slice(0, 0, -1), tail = x.slice(0, 1);
  return (100 * torch::square(tail - torch::square(head)) + torch::square(1 - head)).sum();
}

Tensor derivative(const Tensor& y, const Tensor& x, bool create_graph) {
  return torch::autograd::grad({y}, {x}, {}, true, create_graph)[0];
}

void rosenbrock_gradient(Rosenbrock& s) {
  Tensor x = s.begin();
  s.result = derivative(rosenbrock_value(x), x, false);
}

void rosenbrock_product(Rosenbrock& s) {
  Tensor x = s.begin();
  s.result = derivative((derivative(rosenbrock_value(x), x, true) * s.direction).sum(), x, false);
}

void rosenbrock_hessian(Rosenbrock& s) {
  Tensor x = s.begin();
  Tensor gradient = derivative(rosenbrock_value(x), x, true);
  std::vector<Tensor> rows;
  for (std::int64_t i = 0; i < kRosenbrockSize; ++i) rows.push_back(derivative(gradient[i], x, false));
  s.result = torch::stack(rows);
}

Case rosenbrock_case(const char* size, void (*step)(Rosenbrock&)) {
  return make_case("rosenbrock", size, "float64", 1, [step] {
    auto state = std::make_shared<Rosenbrock>();
    return Runner{[state, step](std::int64_t iterations) {
                    use_threads(1);
                    for (std::int64_t i = 0; i < iterations; ++i) step(*state);
                  },
                  [state] { return some_of(state->result.data_ptr<double>(), state->result.numel()); }};
  });
}

}  // namespace

std::vector<Case> rosenbrock() {
  return {rosenbrock_case("gradient", rosenbrock_gradient), rosenbrock_case("product", rosenbrock_product),
          rosenbrock_case("hessian", rosenbrock_hessian)};
}

}  // namespace bench::with_libtorch
