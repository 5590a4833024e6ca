// What a stranger's first program looks like: one gradient, checked.
#include <cstdio>

#include <xtape/xtape.hpp>

int main() {
  xtape::Tape tape;
  auto x = tape.variable(2.0), y = tape.variable(1.0);
  auto z = x * x + x * y + y * y;
  auto [dx, dy] = tape.gradient<2>(z, {x, y});
  std::printf("xtape %s: z = %g, gradient (%g, %g)\n", xtape::kVersion, z.item<double>(), dx.item<double>(),
              dy.item<double>());
  return z.item<double>() == 7 && dx.item<double>() == 5 && dy.item<double>() == 4 ? 0 : 1;
}
