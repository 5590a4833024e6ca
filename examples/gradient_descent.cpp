// Gradient descent on f(x, y) = x^2 + x y + y^2, which has its minimum 0 at (0, 0).
#include <cmath>
#include <cstdio>

#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

namespace {

using namespace xtape;

Var f(const Var& x, const Var& y) { return x * x + x * y + y * y; }

bool check(const char* what, double found, double expected, double tolerance) {
  bool right = std::abs(found - expected) <= tolerance;
  std::printf("  %-22s %18.10g%s\n", what, found, right ? "" : "  WRONG");
  return right;
}

/// f(2, 1) = 7, with the gradient (2 x + y, x + 2 y) = (5, 4).
bool value_and_gradient() {
  Tape tape;
  Var x = tape.variable(2.0), y = tape.variable(1.0);
  Var z = f(x, y);
  auto [dx, dy] = tape.gradient<2>(z, {x, y});
  std::puts("at (2, 1)");
  bool right = check("f", z.item<double>(), 7, 0);
  right &= check("df/dx", dx.item<double>(), 5, 0);
  return check("df/dy", dy.item<double>(), 4, 0) && right;
}

/// Runs some iterations from (3, 4), and checks where they end.
bool descend(int iterations, double expected_x, double expected_y, double tolerance) {
  Parameter x("x", Array(3.0)), y("y", Array(4.0));
  auto loss = [&](Tape& tape) { return f(tape.read(x), tape.read(y)); };
  optim::Result result = optim::minimize({x, y}, loss, optim::GradientDescent{.learning_rate = 0.1},
                                         {.iterations = iterations, .gradient_norm = 1e-6});
  std::printf("from (3, 4) with rate 0.1: %s, f = %.4g\n", result.message.c_str(), result.loss);
  bool right = result.reason == optim::StopReason::iterations && result.iterations == iterations;
  right &= check("x", x.value().item<double>(), expected_x, tolerance);
  return check("y", y.value().item<double>(), expected_y, tolerance) && right;
}

}  // namespace

int main() {
  bool right = value_and_gradient();
  right &= descend(1, 2, 2.9, 1e-15);
  right &= descend(2, 1.31, 2.12, 1e-15);
  right &= descend(100, -1.3280699e-05, 1.3280699e-05, 5e-13);
  std::puts(right ? "all as expected" : "NOT as expected");
  return right ? 0 : 1;
}
