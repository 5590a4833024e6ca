// Named functions of two variables with their minima, and a path of a method over them.
#pragma once

#include <string>
#include <vector>

#include <xtape/ops.hpp>
#include <xtape/optim/optim.hpp>

#include "problems.hpp"

namespace xtape::test {

struct Landscape {
  std::string name;
  Vector start, minimum;
  Var (*height)(const Var& x);
};

inline Var element(const Var& x, std::int64_t i) { return slice(x, {i}); }

/// Jamil and Yang, A literature survey of benchmark functions for global optimization problems, 2013: numbers 10, 17
/// and 65, and 105 in two variables.
inline std::vector<Landscape> landscapes() {
  return {{"rosenbrock", {-1.2, 1}, {1, 1}, rosenbrock},
          {"beale",
           {1, 1},
           {3, 0.5},
           [](const Var& x) {
             Var a = element(x, 0), b = element(x, 1);
             return square(1.5 - a + a * b) + square(2.25 - a + a * square(b)) + square(2.625 - a + a * b * square(b));
           }},
          {"booth",
           {0, 0},
           {1, 3},
           [](const Var& x) {
             Var a = element(x, 0), b = element(x, 1);
             return square(a + 2 * b - 7) + square(2 * a + b - 5);
           }},
          {"himmelblau", {1, 1}, {3, 2}, [](const Var& x) {
             Var a = element(x, 0), b = element(x, 1);
             return square(square(a) + b - 11) + square(a + square(b) - 7);
           }}};
}

/// A point of a path, with the gradient by another tape than the method's.
struct Stop {
  Vector x, gradient;
  double loss;
};

inline Stop stop_at(const Array& x, Var (*height)(const Var&)) {
  Tape tape;
  Var at = tape.variable(x), value = height(at);
  const Array gradient = tape.gradient(value, at).value();
  auto elements = [](const Array& array) {
    return Vector(array.values<double>().begin(), array.values<double>().end());
  };
  return {elements(x), elements(gradient), value.item<double>()};
}

struct Path {
  std::vector<Stop> stops;
  optim::Result result;
};

inline Path path_of(const Landscape& landscape, const optim::Method& method, const optim::Stopping& stopping) {
  Parameter x("x", Array::from(landscape.start));
  Path path{.stops = {stop_at(x.value(), landscape.height)}, .result = {}};
  path.result = optim::minimize(
      {x}, [&](Tape& tape) { return landscape.height(tape.read(x)); }, method, stopping,
      [&](const optim::Step& step) {
        if (step.outcome == optim::Outcome::updated) path.stops.push_back(stop_at(x.value(), landscape.height));
      });
  return path;
}

inline double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

inline Vector difference(const Vector& a, const Vector& b) {
  Vector result;
  for (std::size_t i = 0; i < a.size(); ++i) result.push_back(a[i] - b[i]);
  return result;
}

}  // namespace xtape::test
