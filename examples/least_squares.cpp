// Least squares: the 2x3 matrix W that takes three samples x to their targets y with the least sum of squared errors.
// The tape's gradient against the formula, gradient descent against the closed form, and what other rules need.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include <xtape/linalg.hpp>
#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

namespace {

using namespace xtape;
using namespace xtape::optim;

const Array kX{{.2, .5, .7}, {.4, .6, .8}, {.3, .6, .9}}, kY{{.8, .8}, {.7, .9}, {.9, .9}};
const Array kA{{.58, 1.04, 1.46}, {1.04, 1.94, 2.74}, {1.46, 2.74, 3.88}}, kB{{1.42, 2.72, 3.86}, {1.58, 2.96, 4.18}};
const Array kBest{{-1.5, 1.5, .5}, {-.5, 2.5, -.5}};
int wrong = 0;  // claims that do not hold

template <class... Numbers>
void claim(bool right, const char* format, Numbers... numbers) {
  std::printf(format, numbers...);
  std::puts(right ? "" : "  WRONG");
  if (!right) ++wrong;
}

Var loss(const Var& w) { return sum(square(matmul(kX, transpose(w)) - kY)); }

Parameter standard_normal(unsigned seed) {
  std::mt19937_64 bits(seed);
  std::normal_distribution<double> normal;
  std::vector<double> elements(6);
  for (double& element : elements) element = normal(bits);
  return Parameter("w", Array::from(elements, {2, 3}));
}

/// The largest error of an element of W: below 0.005, W is right to two decimals.
double error_of(const Array& w) {
  Tape tape;
  return max(abs(tape.variable(w) - kBest)).item<double>();
}

/// Row i of the gradient is A w_i - b_i, w_i being row i of W.
void compare_gradient_with_formula() {
  double off = 0;
  for (unsigned seed = 0; seed < 100; ++seed) {
    Parameter w = standard_normal(seed);
    Tape tape;
    Array gradient = tape.gradient(loss(tape.read(w)), w).value();
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 3; ++j) {
        double formula = -kB.data<double>()[3 * i + j];
        for (int k = 0; k < 3; ++k) formula += kA.data<double>()[3 * j + k] * w.value().data<double>()[3 * i + k];
        off += std::abs(gradient.data<double>()[3 * i + j] - formula);
      }
  }
  claim(off < 1e-12, "gradient: A w - b for each row w; at 100 random W together %.0e off", off);
}

void descend() {
  Array values = linalg::eigh(kA).eigenvalues;
  const double* e = values.data<double>();
  claim(0.25 < 2 / e[2], "A's eigenvalues: %.3g, %.3g, %.3g; rates below %.3f converge", e[0], e[1], e[2], 2 / e[2]);
  Parameter w = standard_normal(1);
  auto start = std::chrono::steady_clock::now();
  minimize({w}, [&](Tape& tape) { return loss(tape.read(w)); }, GradientDescent{.learning_rate = 0.25},
           {.iterations = 21001});
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("gradient descent: 21001 iterations of rate 0.25 in %.3f s, %.2f us each\n", seconds, seconds / 0.021001);
  const double* v = w.value().data<double>();
  claim(error_of(w.value()) < 0.005, "  W = [%.3f %.3f %.3f; %.3f %.3f %.3f]", v[0], v[1], v[2], v[3], v[4], v[5]);
}

/// Counts a rule's steps until W is right to two decimals.
void count(const char* name, const UpdateRule& rule, bool arrives = true) {
  Parameter w = standard_normal(1);
  Optimizer optimizer(rule, {w});
  int steps = 0, limit = 50000;
  for (; steps < limit && error_of(w.value()) >= 0.005; ++steps)
    optimizer.step([&](Tape& tape) { return loss(tape.read(w)); });
  claim(arrives == (steps < limit), "  %-34s %s%d", name, steps < limit ? "" : "not within ", steps);
}

}  // namespace

int main() {
  compare_gradient_with_formula();
  Tape exact;
  double error = error_of(transpose(exact.variable(linalg::lstsq(kX, kY).solution)).value());
  claim(error < 1e-12, "closed form: W = [-1.5 1.5 0.5; -0.5 2.5 -0.5] to %.0e", error);
  descend();
  std::puts("iterations until W is right to two decimals");
  count("gradient descent, rate 0.25", GradientDescent{.learning_rate = 0.25});
  count("momentum 0.9, rate 0.25", Momentum{.learning_rate = 0.25});
  count("Nesterov, momentum 0.9, rate 0.15", Nesterov{.learning_rate = 0.15});
  count("AdaGrad, rate 1.5", AdaGrad{.learning_rate = 1.5});
  count("RMSprop, rate 0.003", RMSprop{.learning_rate = 0.003});
  count("AdaDelta", AdaDelta{}, false);
  count("AdaDelta, changes times 0.3", AdaDelta{.learning_rate = 0.3});
  count("Adam, rate 0.3", Adam{.learning_rate = 0.3});
  count("AMSGrad, rate 0.3", AMSGrad{.learning_rate = 0.3});
  count("AdamW, rate 0.3, no decay", AdamW{.learning_rate = 0.3, .weight_decay = 0});
  Parameter w = standard_normal(1);
  int before = 0;  // iterations that leave W wrong
  minimize(
      {w}, [&](Tape& tape) { return loss(tape.read(w)); }, LBFGS{}, {.gradient_norm = 1e-9},
      [&](const Step&) { before += error_of(w.value()) >= 0.005; });
  claim(error_of(w.value()) < 1e-6, "  %-34s %d", "L-BFGS", before + 1);
  w = standard_normal(1);
  minimize({w}, [&](Tape& tape) { return loss(tape.read(w)); }, Newton{}, {.iterations = 1});
  claim(error_of(w.value()) < 1e-9, "  %-34s %d", "Newton", 1);
  return wrong == 0 ? 0 : 1;
}
