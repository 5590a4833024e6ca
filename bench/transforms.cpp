// What each transform of a function costs, in functions and in gradients: the same function, gradient and transform as
// Functions, so that nothing is recorded while it is timed. Prints a table; docs/derivatives.md has it.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <xtape/control.hpp>
#include <xtape/function.hpp>
#include <xtape/functional.hpp>
#include <xtape/sparse.hpp>
#include <xtape/xtape.hpp>

namespace {

using namespace xtape;

constexpr std::int64_t kWidth = 64, kLayers = 10, kDimensions = 100;

/// Ten layers of 64 x 64, for 64 rows at once.
Var network(const Var& x, const Array& weights, bool checkpointed) {
  const auto layer = [&](const Var& y) { return tanh(matmul(y, weights)); };
  const auto half = [&](const Var& y) {
    Var z = y;
    for (std::int64_t i = 0; i < kLayers / 2; ++i) z = layer(z);
    return z;
  };
  return sum(checkpointed ? checkpoint(half)(checkpoint(half)(x)) : half(half(x)));
}

Var rosenbrock(const Var& x) {
  const Var head = slice(x, {Slice(0, -1)}), tail = slice(x, {Slice(1, Slice::kNone)});
  return sum(100.0 * square(tail - square(head)) + square(1.0 - head));
}

Array waves(const Shape& shape, double scale) {
  std::vector<double> values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = scale * std::sin(static_cast<double>(i) + 1);
  return Array::from(values, shape);
}

using Clock = std::chrono::steady_clock;

/// Seconds of one call, the median of nine rounds of at least 20 ms.
double seconds(const Function& f, const Array& x) {
  f.call(x);
  std::vector<double> rounds;
  for (int round = 0; round < 9; ++round) {
    const Clock::time_point begin = Clock::now();
    int calls = 0;
    double elapsed = 0;
    for (; elapsed < 0.02; elapsed = std::chrono::duration<double>(Clock::now() - begin).count(), ++calls) f.call(x);
    rounds.push_back(elapsed / calls);
  }
  std::ranges::nth_element(rounds, rounds.begin() + 4);
  return rounds[4];
}

struct Costs {
  Array x;
  double function, gradient;

  template <class F>
  Costs(const char* title, const F& f, Array point)
      : x(std::move(point)), function(seconds(Function(f), x)), gradient(seconds(Function(xtape::gradient(f)), x)) {
    std::printf("%s\n%-44s %10s %10s %10s\n", title, "", "us", "functions", "gradients");
    row("function", function);
    row("gradient", gradient);
  }
  template <class F>
  void add(const char* name, const F& f, double count = 1) const {
    row(name, seconds(Function(f), x) / count);
  }
  void row(const char* name, double time) const {
    std::printf("%-44s %10.2f %10.2f %10.2f\n", name, 1e6 * time, time / function, time / gradient);
  }
};

void of_a_network() {
  const Array weights = waves({kWidth, kWidth}, 0.2), v = waves({kWidth, kWidth}, 1);
  const auto f = [&](const Var& x) { return network(x, weights, false); };
  const Costs costs("ten layers of 64 x 64, 64 rows", f, waves({kWidth, kWidth}, 0.5));
  costs.add("value_and_gradient", [&](const Var& x) {
    const auto [value, slope] = value_and_gradient(f)(x);
    return std::vector<Var>{value, slope};
  });
  costs.add("jvp", [&](const Var& x) { return jvp(f, x, v).derivative; });
  costs.add("directional_derivative", [&](const Var& x) { return directional_derivative(f, x, v); });
  costs.add("hessian_vector_product", [&](const Var& x) { return hessian_vector_product(f, x, v); });
  costs.add("gradient of two checkpoints", xtape::gradient([&](const Var& x) { return network(x, weights, true); }));
  for (int order : {1, 2, 4, 8})
    costs.add(("taylor, order " + std::to_string(order)).c_str(), [&](const Var& x) { return taylor(f, x, v, order); });
}

void of_rosenbrock() {
  const Costs costs("Rosenbrock's function, n = 100", rosenbrock, waves({kDimensions}, 1));
  costs.add("hessian_vector_product", [](const Var& x) { return hessian_vector_product(rosenbrock, x, x * 0.5); });
  costs.add("hessian, each column", hessian(rosenbrock), kDimensions);
  costs.add("laplacian, each element", laplacian(rosenbrock), kDimensions);
  costs.add("sparse_hessian, all of it", [](const Var& x) { return sparse_hessian(rosenbrock)(x).values; });
  costs.add("hessian, all of it", hessian(rosenbrock));
}

}  // namespace

int main() {
  of_a_network();
  of_rosenbrock();
}
