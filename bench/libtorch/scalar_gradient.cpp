#include "bench/libtorch/problems.hpp"
#include "bench/libtorch/tensors.hpp"

namespace bench::with_libtorch {
namespace {

struct Scalars {
  double total = 0;
  std::int64_t iteration = 0;
  std::vector<double> answer;
};

void scalars(Scalars& s) {
  Tensor x = torch::tensor(point(s.iteration), options<double>()).set_requires_grad(true);
  Tensor y = torch::tensor(point(3 * s.iteration), options<double>()).set_requires_grad(true);
  Tensor z = x * x + x * y + y * y;
  z.backward();
  double value = z.item<double>(), dx = x.grad().item<double>(), dy = y.grad().item<double>();
  s.total += value + dx + dy;
  s.answer = {value, dx, dy, s.total};
  ++s.iteration;
}

}  // namespace

std::vector<Case> scalar_gradient() {
  return {
      make_case("scalar_gradient", "2", "float64", 1, [] { return runner(std::make_shared<Scalars>(), 1, scalars); })};
}

}  // namespace bench::with_libtorch
