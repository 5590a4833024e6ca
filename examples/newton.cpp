// Newton's method against gradient descent on Rosenbrock's function (1 - x)^2 + 100 (y - x^2)^2, a curved valley with
// its minimum at (1, 1), from the customary start (-1.2, 1).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <vector>

#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

namespace {

using namespace xtape;
using namespace xtape::optim;

int wrong = 0;  // claims that do not hold

template <class... Numbers>
void claim(bool right, const char* format, Numbers... numbers) {
  std::printf(format, numbers...);
  std::puts(right ? "" : "  WRONG");
  if (!right) ++wrong;
}

Var rosenbrock(const Var& x, const Var& y) { return square(1 - x) + 100 * square(y - square(x)); }

/// What Newton's method solves with: gradients of the gradient, against the formula.
void compare_hessian_with_formula() {
  Tape tape;
  Var x = tape.variable(-1.2), y = tape.variable(1.0);
  auto [dx, dy] = tape.gradient<2>(rosenbrock(x, y), {x, y});
  auto [dxx, dxy] = tape.gradient<2>(dx, {x, y});
  auto [dyx, dyy] = tape.gradient<2>(dy, {x, y});
  double h[] = {dxx.item<double>(), dxy.item<double>(), dyx.item<double>(), dyy.item<double>()};
  double formula[] = {1200 * 1.44 - 400 + 2, 400 * 1.2, 400 * 1.2, 200}, off = 0;
  for (int i = 0; i < 4; ++i) off += std::abs(h[i] - formula[i]);
  claim(off < 1e-10, "Hessian at the start: (%g, %g; %g, %g)", h[0], h[1], h[2], h[3]);
}

struct Walk {
  std::vector<double> losses, errors;  // by iteration; the error is the distance from (1, 1)
  Result result;
};

Walk walk(const Method& method, int limit) {
  Parameter x("x", Array(-1.2)), y("y", Array(1.0));
  auto error = [&] { return std::hypot(x.value().item<double>() - 1, y.value().item<double>() - 1); };
  Walk walk{{}, {error()}, {}};
  auto watch = [&](const Step& step) {
    walk.losses.push_back(step.loss);
    if (step.outcome == Outcome::updated) walk.errors.push_back(error());
  };
  auto loss = [&](Tape& tape) { return rosenbrock(tape.read(x), tape.read(y)); };
  walk.result = minimize({x, y}, loss, method, {.iterations = limit, .gradient_norm = 1e-10}, watch);
  return walk;
}

/// The largest error(k + 1) / error(k)^2 of iterations that start within 0.1 of the minimum, and 1e-8 or more from it.
double quadratic_factor(const std::vector<double>& errors) {
  double largest = 0;
  for (std::size_t k = 0; k + 1 < errors.size(); ++k)
    if (errors[k] < 0.1 && errors[k] > 1e-8) largest = std::max(largest, errors[k + 1] / (errors[k] * errors[k]));
  return largest;
}

void print_iterations(const Walk& pure, const Walk& damped) {
  std::puts("Newton       damped, with line search             pure");
  std::puts("iteration      loss     error  digits     loss     error");
  for (std::size_t k = 0; k < damped.errors.size(); ++k) {
    double digits = std::clamp(-std::log10(damped.errors[k]), 0.0, 16.0);
    std::printf("%9zu  %8.1e  %8.1e  %6.1f", k, damped.losses[k], damped.errors[k], digits);
    if (k < pure.errors.size()) std::printf("  %8.1e  %8.1e", pure.losses[k], pure.errors[k]);
    std::puts("");
  }
}

}  // namespace

int main() {
  compare_hessian_with_formula();
  Walk pure = walk(Newton{.damping = false, .line_search = false}, 100), damped = walk(Newton{}, 100);
  print_iterations(pure, damped);
  claim(std::ranges::is_sorted(damped.losses, std::greater()), "the damped form goes downhill at each of its %zu steps",
        damped.errors.size() - 1);
  claim(pure.losses[2] > 10 * pure.losses[0], "the pure form takes %zu, and one goes uphill to %.0f",
        pure.errors.size() - 1, pure.losses[2]);
  double factor = quadratic_factor(damped.errors);
  claim(factor > 0 && factor < 20,
        "near the minimum its error is at most %.0f times the last one's square: the digits double", std::ceil(factor));

  Walk descent = walk(GradientDescent{.learning_rate = 0.001}, 100000);
  std::puts("gradient descent, rate 0.001");
  for (std::size_t k : {1, 10, 100, 1000, 10000, 50000})
    std::printf("%9zu  %8.1e  %8.1e\n", k, descent.losses[k], descent.errors[k]);
  double ratio = static_cast<double>(descent.result.iterations) / static_cast<double>(damped.result.iterations);
  claim(descent.result.reason == StopReason::gradient_norm && ratio > 1000, "%s: %.0f times damped Newton's",
        descent.result.message.c_str(), ratio);
  return wrong == 0 ? 0 : 1;
}
