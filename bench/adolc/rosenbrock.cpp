// ADOL-C's Hessian is the lower triangle alone; the answer completes it.
#include <memory>

#include "bench/adolc/function.hpp"
#include "bench/adolc/problems.hpp"
#include "bench/inputs.hpp"

namespace bench::with_adolc {
namespace {

constexpr std::size_t n = kRosenbrockSize;

std::vector<adouble> value(const std::vector<adouble>& x) {
  adouble sum = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    adouble rise = x[i + 1] - x[i] * x[i], rest = 1 - x[i];
    sum += 100 * rise * rise + rest * rest;
  }
  return {sum};
}

struct State : RosenbrockInputs {
  Function function{value, std::vector<double>(x[0], x[0] + n)};
  std::vector<double> product = std::vector<double>(n), lower = std::vector<double>(n * n);
  std::vector<double*> rows;
  std::int64_t iteration = 0;

  State() {
    for (std::size_t i = 0; i < n; ++i) rows.push_back(lower.data() + i * n);
  }
  double* next() { return x[iteration++ & 1]; }
};

void gradient_step(State& s) {
  const double* x = s.next();
  s.function(std::vector<double>(x, x + n));
}
void product_step(State& s) { hess_vec(s.function.tag(), n, s.next(), s.v, s.product.data()); }
void hessian_step(State& s) { hessian(s.function.tag(), n, s.next(), s.rows.data()); }

std::vector<double> full(const std::vector<double>& lower) {
  std::vector<double> all = lower;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i + 1; j < n; ++j) all[i * n + j] = lower[j * n + i];
  return all;
}

Case rosenbrock_case(const char* size, void (*step)(State&), std::vector<double> (*answer)(const State&)) {
  auto make = [=] {
    auto state = std::make_shared<State>();
    return Runner{[state, step](std::int64_t iterations) {
                    for (std::int64_t i = 0; i < iterations; ++i) step(*state);
                  },
                  [state, answer] { return answer(*state); }};
  };
  return {"rosenbrock", size, "float64", 1, "adolc", make};
}

}  // namespace

std::vector<Case> rosenbrock() {
  return {
      rosenbrock_case("gradient", gradient_step, [](const State& s) { return some_of(s.function.gradient.data(), n); }),
      rosenbrock_case("product", product_step, [](const State& s) { return some_of(s.product.data(), n); }),
      rosenbrock_case("hessian", hessian_step, [](const State& s) { return some_of(full(s.lower).data(), n * n); })};
}

}  // namespace bench::with_adolc
