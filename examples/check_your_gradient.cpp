// Checking a gradient that was derived by hand, in plain C++ without a tape: a planted mistake is found and named.
#include <cmath>
#include <cstdio>
#include <iostream>
#include <span>
#include <vector>

#include <xtape/gradient_check.hpp>

using Point = std::vector<double>;
using View = std::span<const double>;

// The energy of a chain of springs of length 1: f(x) = sum of (|x[i+1] - x[i]| - 1)^2 + x[i]^4 / 20.
double energy(View x) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) sum += std::pow(std::abs(x[i + 1] - x[i]) - 1, 2);
  for (double place : x) sum += std::pow(place, 4) / 20;
  return sum;
}

Point forces(View x, bool mistaken) {
  Point gradient(x.size(), 0);
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    double stretch = x[i + 1] - x[i];
    double pull = 2 * (std::abs(stretch) - 1) * (stretch < 0 ? -1 : 1);
    gradient[i + 1] += pull;
    if (!mistaken || i != 3) gradient[i] -= pull;  // the mistake: one spring pulls at one of its ends only
  }
  for (std::size_t i = 0; i < x.size(); ++i) gradient[i] += std::pow(x[i], 3) / 5;
  return gradient;
}

int main() {
  const Point x{0.1, 1.3, 0.9, 2.2, 1.7, 3.1};

  auto right = xtape::check_gradient(
      energy, [](View at) { return forces(at, false); }, x);
  std::cout << right << "\n";

  auto wrong = xtape::check_gradient(
      energy, [](View at) { return forces(at, true); }, x);
  std::cout << wrong << "\n";

  bool found = right.passed() && wrong.status == xtape::CheckStatus::fail && wrong.index[0] == 3;
  std::puts(found ? "the mistake in element 3 was found" : "WRONG: the mistake in element 3 was not found");
  return found ? 0 : 1;
}
