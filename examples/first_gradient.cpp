// A first gradient: f(x) = x1^2 - log x2 at (1, 2), whose gradient is (2 x1, -1 / x2) = (2, -1/2).
#include <cstdio>

#include <xtape/xtape.hpp>

int main() {
  xtape::Tape tape;
  auto x1 = tape.variable(1.0), x2 = tape.variable(2.0);
  auto f = square(x1) - log(x2);

  // Gradients are Vars of the same tape. Nothing has been computed so far: asking for the values runs the program.
  auto [d1, d2] = tape.gradient<2>(f, {x1, x2});
  double value = f.item<double>(), g1 = d1.item<double>(), g2 = d2.item<double>();

  std::printf("the tape:\n%s\n", tape.dump().c_str());
  std::printf("f(1, 2)  = %.16g\n", value);
  std::printf("gradient = (%.16g, %.16g)\n", g1, g2);

  // They can be differentiated again: the second derivative for x1 is 2.
  double second = tape.gradient(d1, x1).item<double>();
  std::printf("d2f/dx1^2 = %.16g\n", second);

  bool right = g1 == 2 && g2 == -0.5 && second == 2;
  std::puts(right ? "as derived by hand" : "WRONG: expected (2, -0.5) and 2");
  return right ? 0 : 1;
}
