// Every rule and every option of it: a row with the rule and its formula in plain C++, for the suites in
// rules_test.cpp.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <xtape/optim/rule.hpp>
#include <xtape/optim/schedule.hpp>

#include "problems.hpp"

namespace xtape::test {

/// What a plain rule remembers of one element, at first zeros.
using Slots = std::array<double, 3>;

/// The schedule of the rates, as the tests give it to rules and to plain loops.
using Rate = std::function<double(std::int64_t)>;

/// One step for one element: the new x. Steps count from 1.
using PlainStep = std::function<double(double x, double gradient, int step, const Rate& rate, Slots& slots)>;

struct RuleCase {
  std::string name;
  optim::UpdateRule (*rule)(const Rate& rate);
  PlainStep plain;
  std::optional<double> rate = {};  ///< small enough for every problem; without one, the problem's own
  std::vector<std::string> slots = {};
};

/// A row for each rule and option.
std::vector<RuleCase> rule_cases();

inline Vector run_plain(const Problem& problem, int steps, const Rate& rate, const PlainStep& plain) {
  Vector x = problem.start;
  std::vector<Slots> slots(x.size(), Slots{});
  for (int step = 1; step <= steps; ++step) {
    Vector gradient = problem.gradient(x);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = plain(x[i], gradient[i], step, rate, slots[i]);
  }
  return x;
}

/// Where an Optimizer ends; fails where a step is not an update.
Array run_rule(const Problem& problem, int steps, const optim::UpdateRule& rule);

/// To 1e-12, absolute below 1 and relative above.
void expect_near(const Array& actual, const Vector& expected, const std::string& name);

}  // namespace xtape::test
