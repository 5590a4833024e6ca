#include "rule_cases.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include <xtape/optim/adadelta.hpp>
#include <xtape/optim/adagrad.hpp>
#include <xtape/optim/adam.hpp>
#include <xtape/optim/adamw.hpp>
#include <xtape/optim/amsgrad.hpp>
#include <xtape/optim/gradient_descent.hpp>
#include <xtape/optim/momentum.hpp>
#include <xtape/optim/optimizer.hpp>
#include <xtape/optim/rmsprop.hpp>

namespace xtape::test {
namespace {

using optim::AdaDelta;
using optim::AdaGrad;
using optim::Adam;
using optim::AdamW;
using optim::AMSGrad;
using optim::Epsilon;
using optim::GradientDescent;
using optim::Momentum;
using optim::RMSprop;
using optim::UpdateRule;
using std::pow;
using std::sqrt;

/// The moving average, in place.
double average(double& slot, double decay, double value) { return slot = decay * slot + (1 - decay) * value; }

const std::vector<std::string> kVelocity = {"velocity"}, kMoments = {"first_moment", "second_moment"},
                               kMomentsAndLargest = {"first_moment", "second_moment", "largest_second_moment"};

std::vector<RuleCase> descent_cases() {
  return {
      {"GradientDescent", [](const Rate& rate) -> UpdateRule { return GradientDescent{.learning_rate = rate}; },
       [](double x, double g, int t, const Rate& rate, Slots&) { return x - rate(t) * g; }},

      {"Momentum",
       [](const Rate& rate) -> UpdateRule { return Momentum{.learning_rate = rate, .momentum = 0.8}; },
       [](double x, double g, int t, const Rate& rate, Slots& s) {
         s[0] = 0.8 * s[0] + g;
         return x - rate(t) * s[0];
       },
       {},
       kVelocity},

      {"Momentum, dampened",
       [](const Rate& rate) -> UpdateRule {
         return Momentum{.learning_rate = rate, .momentum = 0.8, .dampening = 0.3};
       },
       [](double x, double g, int t, const Rate& rate, Slots& s) {
         s[0] = t == 1 ? g : 0.8 * s[0] + 0.7 * g;
         return x - rate(t) * s[0];
       },
       {},
       kVelocity},

      {"Momentum, Nesterov",
       [](const Rate& rate) -> UpdateRule {
         return Momentum{.learning_rate = rate, .momentum = 0.8, .nesterov = true};
       },
       [](double x, double g, int t, const Rate& rate, Slots& s) {
         s[0] = 0.8 * s[0] + g;
         return x - rate(t) * (g + 0.8 * s[0]);
       },
       {},
       kVelocity},

      {"Momentum, rate in the velocity",
       [](const Rate& rate) -> UpdateRule {
         return Momentum{.learning_rate = rate, .momentum = 0.8, .rate_in_velocity = true};
       },
       [](double x, double g, int t, const Rate& rate, Slots& s) { return x - (s[0] = 0.8 * s[0] + rate(t) * g); },
       {},
       kVelocity},

      {"Momentum, Nesterov, rate in the velocity",
       [](const Rate& rate) -> UpdateRule {
         return Momentum{.learning_rate = rate, .momentum = 0.8, .nesterov = true, .rate_in_velocity = true};
       },
       [](double x, double g, int t, const Rate& rate, Slots& s) {
         s[0] = 0.8 * s[0] + rate(t) * g;
         return x - (rate(t) * g + 0.8 * s[0]);
       },
       {},
       kVelocity},

      {"Momentum 0 is never dampened",
       [](const Rate& rate) -> UpdateRule { return Momentum{.learning_rate = rate, .momentum = 0, .dampening = 0.5}; },
       [](double x, double g, int t, const Rate& rate, Slots&) { return x - rate(t) * g; },
       {},
       kVelocity}};
}

std::vector<RuleCase> adagrad_cases() {
  return {
      {"AdaGrad",
       [](const Rate& rate) -> UpdateRule { return AdaGrad{.learning_rate = rate}; },
       [](double x, double g, int t, const Rate& rate, Slots& s) {
         s[0] += g * g;
         return x - rate(t) * g / (sqrt(s[0]) + 1e-10);
       },
       0.01,
       {"sum_of_squares"}},

      {"AdaGrad, inside the root, from 0.1",
       [](const Rate& rate) -> UpdateRule {
         return AdaGrad{
             .learning_rate = rate, .epsilon = 1e-3, .initial_accumulator = 0.1, .epsilon_place = Epsilon::inside_root};
       },
       [](double x, double g, int t, const Rate& rate, Slots& s) {
         if (t == 1) s[0] = 0.1;
         s[0] += g * g;
         return x - rate(t) * g / sqrt(s[0] + 1e-3);
       },
       0.01,
       {"sum_of_squares"}},

      {"AdaDelta",
       [](const Rate& rate) -> UpdateRule { return AdaDelta{.learning_rate = rate}; },
       [](double x, double g, int t, const Rate& rate, Slots& s) {
         average(s[0], 0.9, g * g);
         double change = g * sqrt(s[1] + 1e-6) / sqrt(s[0] + 1e-6);
         average(s[1], 0.9, change * change);
         return x - rate(t) * change;
       },
       1,
       {"second_moment", "change_second_moment"}}};
}

std::vector<RuleCase> rmsprop_cases() {
  return {{"RMSprop",
           [](const Rate& rate) -> UpdateRule { return RMSprop{.learning_rate = rate}; },
           [](double x, double g, int t, const Rate& rate, Slots& s) {
             return x - rate(t) * g / (sqrt(average(s[0], 0.99, g * g)) + 1e-8);
           },
           1e-3,
           {"second_moment"}},

          {"RMSprop, inside the root",
           [](const Rate& rate) -> UpdateRule {
             return RMSprop{
                 .learning_rate = rate, .decay = 0.9, .epsilon = 1e-2, .epsilon_place = Epsilon::inside_root};
           },
           [](double x, double g, int t, const Rate& rate, Slots& s) {
             return x - rate(t) * g / sqrt(average(s[0], 0.9, g * g) + 1e-2);
           },
           1e-3,
           {"second_moment"}},

          {"RMSprop, with momentum",
           [](const Rate& rate) -> UpdateRule { return RMSprop{.learning_rate = rate, .momentum = 0.5}; },
           [](double x, double g, int t, const Rate& rate, Slots& s) {
             s[1] = 0.5 * s[1] + g / (sqrt(average(s[0], 0.99, g * g)) + 1e-8);
             return x - rate(t) * s[1];
           },
           1e-3,
           {"second_moment", "velocity"}},

          {"RMSprop, centered, with momentum",
           [](const Rate& rate) -> UpdateRule {
             return RMSprop{.learning_rate = rate, .epsilon = 1e-4, .momentum = 0.5, .centered = true};
           },
           [](double x, double g, int t, const Rate& rate, Slots& s) {
             double v = average(s[0], 0.99, g * g), m = average(s[1], 0.99, g);
             s[2] = 0.5 * s[2] + g / (sqrt(std::max(v - m * m, 0.0)) + 1e-4);
             return x - rate(t) * s[2];
           },
           1e-3,
           {"second_moment", "first_moment", "velocity"}}};
}

/// Adam's step with epsilon outside the root, moments given.
double adam_change(double m, double v, int t, double beta1, double beta2) {
  return m / (1 - pow(beta1, t)) / (sqrt(v / (1 - pow(beta2, t))) + 1e-8);
}

std::vector<RuleCase> adam_cases() {
  return {{"Adam", [](const Rate& rate) -> UpdateRule { return Adam{.learning_rate = rate}; },
           [](double x, double g, int t, const Rate& rate, Slots& s) {
             double m = average(s[0], 0.9, g), v = average(s[1], 0.999, g * g);
             return x - rate(t) * adam_change(m, v, t, 0.9, 0.999);
           },
           0.01, kMoments},

          {"Adam, inside the root",
           [](const Rate& rate) -> UpdateRule {
             return Adam{.learning_rate = rate,
                         .beta1 = 0.8,
                         .beta2 = 0.95,
                         .epsilon = 1e-2,
                         .epsilon_place = Epsilon::inside_root};
           },
           [](double x, double g, int t, const Rate& rate, Slots& s) {
             double m = average(s[0], 0.8, g), v = average(s[1], 0.95, g * g);
             return x - rate(t) * m / (1 - pow(0.8, t)) / sqrt(v / (1 - pow(0.95, t)) + 1e-2);
           },
           0.01, kMoments},

          {"Adam, not corrected",
           [](const Rate& rate) -> UpdateRule { return Adam{.learning_rate = rate, .bias_correction = false}; },
           [](double x, double g, int t, const Rate& rate, Slots& s) {
             double m = average(s[0], 0.9, g), v = average(s[1], 0.999, g * g);
             return x - rate(t) * m / (sqrt(v) + 1e-8);
           },
           1e-3, kMoments},

          {"AMSGrad", [](const Rate& rate) -> UpdateRule { return AMSGrad{.learning_rate = rate, .beta2 = 0.8}; },
           [](double x, double g, int t, const Rate& rate, Slots& s) {
             double m = average(s[0], 0.9, g), v = average(s[1], 0.8, g * g);
             s[2] = std::max(s[2], v);
             return x - rate(t) * adam_change(m, s[2], t, 0.9, 0.8);
           },
           0.01, kMomentsAndLargest},

          {"AMSGrad, as in the paper",
           [](const Rate& rate) -> UpdateRule {
             return AMSGrad{.learning_rate = rate, .beta2 = 0.8, .epsilon = 1e-6, .bias_correction = false};
           },
           [](double x, double g, int t, const Rate& rate, Slots& s) {
             double m = average(s[0], 0.9, g), v = average(s[1], 0.8, g * g);
             s[2] = std::max(s[2], v);
             return x - rate(t) * m / (sqrt(s[2]) + 1e-6);
           },
           0.01, kMomentsAndLargest},

          {"AdamW", [](const Rate& rate) -> UpdateRule { return AdamW{.learning_rate = rate}; },
           [](double x, double g, int t, const Rate& rate, Slots& s) {
             double m = average(s[0], 0.9, g), v = average(s[1], 0.999, g * g);
             return x - rate(t) * 0.01 * x - rate(t) * adam_change(m, v, t, 0.9, 0.999);
           },
           0.01, kMoments},

          {"AdamW, as in the paper",
           [](const Rate& rate) -> UpdateRule {
             return AdamW{.learning_rate = rate, .weight_decay = 0.02, .base_rate = 0.013};
           },
           [](double x, double g, int t, const Rate& rate, Slots& s) {
             double m = average(s[0], 0.9, g), v = average(s[1], 0.999, g * g), alpha = 0.013;
             double multiplier = rate(t) / alpha;
             return x - multiplier * (alpha * adam_change(m, v, t, 0.9, 0.999) + 0.02 * x);
           },
           0.01, kMoments}};
}

}  // namespace

std::vector<RuleCase> rule_cases() {
  std::vector<RuleCase> all;
  for (auto family : {descent_cases, adagrad_cases, rmsprop_cases, adam_cases}) {
    for (RuleCase& row : family()) all.push_back(std::move(row));
  }
  return all;
}

Array run_rule(const Problem& problem, int steps, const optim::UpdateRule& rule) {
  Parameter x("x", Array::from(problem.start));
  optim::Optimizer optimizer(rule, {x});
  for (int i = 0; i < steps; ++i) {
    optim::Step step = optimizer.step([&](Tape& tape) { return problem.loss(tape.read(x)); });
    EXPECT_EQ(step.outcome, optim::Outcome::updated);
    EXPECT_EQ(step.iteration, i);
  }
  EXPECT_EQ(optimizer.iterations(), steps);
  return x.value();
}

void expect_near(const Array& actual, const Vector& expected, const std::string& name) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    double tolerance = 1e-12 * std::max(1.0, std::abs(expected[i]));
    EXPECT_NEAR(actual.values<double>()[i], expected[i], tolerance) << name << ", element " << i;
  }
}

}  // namespace xtape::test
