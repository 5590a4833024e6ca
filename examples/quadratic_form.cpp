// The quadratic form f(x) = 1/2 sum w_ij x_i x_j - sum b_i x_i with a symmetric W: its gradient, its stationary point,
// and how fast gradient descent, momentum and Nesterov's method get there, against the theory.
#include <cmath>
#include <cstdio>
#include <string>

#include <xtape/linalg.hpp>
#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

namespace {

using namespace xtape;
using namespace xtape::optim;

int wrong = 0;  // claims that do not hold

template <class... Numbers>
void claim(bool right, const char* format, Numbers... numbers) {
  std::printf(format, numbers...);
  std::puts(right ? "" : "  WRONG");
  if (!right) ++wrong;
}

Var quadratic(const Array& w, const Var& x, const Operand& b) { return 0.5 * sum(x * matmul(w, x)) - sum(b * x); }

/// Q diag(1, sqrt(kappa), kappa) Q, where Q = I - 2/3 is a reflection: a symmetric matrix with these eigenvalues.
Array with_condition(double kappa) {
  const double eigenvalues[] = {1, std::sqrt(kappa), kappa};
  double w[9] = {};
  for (int i = 0; i < 9; ++i)
    for (int k = 0; k < 3; ++k) w[i] += eigenvalues[k] * ((i / 3 == k) - 2.0 / 3) * ((i % 3 == k) - 2.0 / 3);
  return Array::copy(w, {3, 3});
}

void compare_gradient_with_formula() {
  Array w = with_condition(10);
  double off = 0;
  for (int n = 0; n < 100; ++n) {
    double at[] = {std::sin(n), std::cos(3 * n), std::sin(5 * n + 1)};
    Tape tape;
    Var x = tape.variable(Array::copy(at, {3}));
    Array gradient = tape.gradient(quadratic(w, x, 0), x).value();
    for (int i = 0; i < 3; ++i) {
      double formula = 0;
      for (int j = 0; j < 3; ++j) formula += w.data<double>()[3 * i + j] * at[j];
      off += std::abs(gradient.data<double>()[i] - formula);
    }
  }
  claim(off < 1e-12, "gradient without b: W x; at 100 points together %.0e off", off);
}

/// W x = b, wherever one starts: one pure Newton step goes there. The eigenvalues tell what kind of point it is.
void find_stationary_point(const Array& w, const std::string& kind) {
  Parameter x("x", Array{5, -4});
  auto loss = [&](Tape& tape) { return quadratic(w, tape.read(x), Array{1, 3}); };
  Result result = minimize({x}, loss, Newton{.damping = false, .line_search = false}, {.iterations = 1});
  Array eigenvalues = linalg::eigh(w).eigenvalues;
  const double *e = eigenvalues.data<double>(), *p = x.value().data<double>();
  const char* found = e[0] > 0 ? "minimum" : e[1] < 0 ? "maximum" : "saddle";
  claim(found == kind && result.gradient_norm < 1e-12, "  eigenvalues %2g, %2g: %s at (%.3f, %.3f)", e[0], e[1], found,
        p[0], p[1]);
}

/// Where an eigenvalue is negative, f has no lower bound: whatever goes downhill goes on for ever.
void run_away(const char* name, const Method& method, int iterations) {
  Parameter x("x", Array{1, 0.9});
  auto loss = [&](Tape& tape) { return quadratic({{1, 2}, {2, 1}}, tape.read(x), 0); };
  Result result = minimize({x}, loss, method, {.iterations = iterations});
  claim(result.loss < -1e6, "  %s: f = %.1e after %d iterations", name, result.loss, iterations);
}

/// The factor by which an iteration shrinks the error, late in as many as should shrink it by e^-300. The theory's is
/// the spectral radius of a matrix, which takes two errors to the next two; the constants that make it least are those
/// of Polyak (1964) and, for Nesterov's method on quadratic forms, of Lessard, Recht and Packard (2016). With momentum
/// a double root, error = (a + b k) factor^k: hence a little slower.
void compare_rate(double kappa, const char* name, const UpdateRule& rule, double theory) {
  Array w = with_condition(kappa);
  Parameter x("x", Array{1, 2, 3});
  Optimizer optimizer(rule, {x});
  auto half = static_cast<int>(-150 / std::log(theory));
  auto error_after_half = [&] {
    for (int i = 0; i < half; ++i) optimizer.step([&](Tape& tape) { return quadratic(w, tape.read(x), 0); });
    return std::hypot(x.value().data<double>()[0], x.value().data<double>()[1], x.value().data<double>()[2]);
  };
  double middle = error_after_half(), measured = std::pow(error_after_half() / middle, 1.0 / half);
  claim(std::abs((1 - measured) / (1 - theory) - 1) < 0.01, "  %5g  %-16s  %.5f  %.5f  %8.1f", kappa, name, theory,
        measured, -std::log(10) / std::log(measured));
}

}  // namespace

int main() {
  compare_gradient_with_formula();
  std::puts("the stationary point for b = (1, 3), in one step of Newton's method");
  find_stationary_point({{2, 1}, {1, 2}}, "minimum");
  find_stationary_point({{1, 2}, {2, 1}}, "saddle");
  find_stationary_point({{-2, 1}, {1, -2}}, "maximum");
  std::puts("with the saddle's W and b = 0 from (1, 0.9), nothing stops what goes downhill");
  run_away("gradient descent, rate 0.1", GradientDescent{.learning_rate = 0.1}, 200);
  run_away("Newton, damped", Newton{}, 20);
  std::puts("shrinking of the error in an iteration, with the best constants for each condition number");
  std::puts("  kappa  rule              theory   measured  iterations for a digit");
  for (double kappa : {10, 100, 1000}) {
    double root = std::sqrt(kappa), m = (root - 1) / (root + 1), theory = (kappa - 1) / (kappa + 1);
    compare_rate(kappa, "gradient descent", GradientDescent{.learning_rate = 2 / (kappa + 1)}, theory);
    compare_rate(kappa, "momentum", Momentum{.learning_rate = 4 / ((root + 1) * (root + 1)), .momentum = m * m}, m);
    double s = std::sqrt(3 * kappa + 1);
    compare_rate(kappa, "Nesterov", Nesterov{.learning_rate = 4 / (s * s), .momentum = (s - 2) / (s + 2)}, 1 - 2 / s);
  }
  return wrong == 0 ? 0 : 1;
}
