// The example of the README: fit a line by gradient descent.
#include <cstdio>

#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

int main() {
  using namespace xtape;
  Array x{0, 1, 2, 3, 4}, y{1, 3, 5, 7, 9};  // y = 2 x + 1
  Parameter slope("slope", Array(0.0)), intercept("intercept", Array(0.0));

  auto loss = [&](Tape& tape) { return squared_error(tape.read(slope) * x + intercept, y); };
  auto result = optim::minimize({slope, intercept}, loss, optim::GradientDescent{.learning_rate = 0.1},
                                {.iterations = 2000, .gradient_norm = 1e-10});

  double a = slope.value().item<double>(), b = intercept.value().item<double>();
  std::printf("y = %.6f x + %.6f: %s\n", a, b, result.message.c_str());
  return result.reason == optim::StopReason::gradient_norm && a > 1.999999 && b < 1.000001 ? 0 : 1;
}
