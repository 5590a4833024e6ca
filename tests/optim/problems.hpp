// Named problems that every update rule is run on, each with its gradient by plain loops.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <xtape/ops.hpp>
#include <xtape/tape.hpp>

namespace xtape::test {

using Vector = std::vector<double>;

struct Problem {
  std::string name;
  Vector start;
  Var (*loss)(const Var& x);
  Vector (*gradient)(const Vector& x);
  double rate;  ///< small enough for gradient descent with momentum
};

inline Vector sphere_gradient(const Vector& x) {
  Vector gradient;
  for (double element : x) gradient.push_back(2 * element);
  return gradient;
}

/// sum(100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2)
inline Var rosenbrock(const Var& x) {
  Var head = slice(x, {Slice(0, -1)}), tail = slice(x, {Slice(1, Slice::kNone)});
  return sum(100 * square(tail - square(head)) + square(1 - head));
}

inline Vector rosenbrock_gradient(const Vector& x) {
  Vector gradient(x.size(), 0.0);
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    double valley = x[i + 1] - x[i] * x[i];
    gradient[i] += -400 * x[i] * valley - 2 * (1 - x[i]);
    gradient[i + 1] += 200 * valley;
  }
  return gradient;
}

inline constexpr double kPoints[6][3] = {{1, 0.5, -1}, {-0.3, 2, 0.1},   {0.7, -1.5, 0.4},
                                         {-2, 0.2, 1}, {0.9, 1.1, -0.6}, {-0.5, -0.8, 1.7}};
inline constexpr double kSigns[6] = {1, -1, 1, -1, -1, 1};

/// mean(log(1 + exp(-s p.x))) over the points p with their signs s.
inline Var logistic(const Var& x) {
  Array points = Array::copy(&kPoints[0][0], {6, 3}), signs = Array::copy(kSigns, {6});
  return mean(softplus(-matmul(points, x) * signs));
}

inline Vector logistic_gradient(const Vector& x) {
  Vector gradient(3, 0.0);
  for (std::size_t i = 0; i < 6; ++i) {
    double margin = 0;
    for (std::size_t j = 0; j < 3; ++j) margin += kSigns[i] * kPoints[i][j] * x[j];
    for (std::size_t j = 0; j < 3; ++j) gradient[j] -= kSigns[i] * kPoints[i][j] / (1 + std::exp(margin)) / 6;
  }
  return gradient;
}

inline std::vector<Problem> problems() {
  return {{"sphere", {1, -2, 3.5, 0, 1e-3}, [](const Var& x) { return sum(square(x)); }, sphere_gradient, 0.05},
          {"rosenbrock", {-1.2, 1, 0.7, -0.4}, rosenbrock, rosenbrock_gradient, 2e-4},
          {"logistic", {0.1, -0.2, 0.3}, logistic, logistic_gradient, 0.5}};
}

}  // namespace xtape::test
