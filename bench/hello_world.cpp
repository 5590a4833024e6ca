// The smallest program: one gradient. What it costs to compile, start and keep in memory is itself measured.
#include <cstdio>

#include <xtape/xtape.hpp>

int main() {
  xtape::Tape tape;
  auto x = tape.variable(2.0), y = tape.variable(1.0);
  auto z = x * x + x * y + y * y;
  auto [dx, dy] = tape.gradient<2>(z, {x, y});
  std::printf("%g %g %g\n", z.item<double>(), dx.item<double>(), dy.item<double>());
}
