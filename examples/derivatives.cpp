// Derivatives of every kind, from the best linear approximation to Taylor polynomials and Newton's method; the program
// behind docs/derivatives.md. It checks what it prints.
#include <cmath>
#include <cstdio>
#include <functional>
#include <vector>

#include <xtape/control.hpp>
#include <xtape/functional.hpp>
#include <xtape/stationary.hpp>
#include <xtape/xtape.hpp>

namespace {

using namespace xtape;

int wrong = 0;  // claims that do not hold

template <class... Numbers>
void claim(bool right, const char* format, Numbers... numbers) {
  std::printf(format, numbers...);
  std::puts(right ? "" : "  WRONG");
  if (!right) ++wrong;
}

bool near(double a, double b, double tolerance = 1e-12) { return std::abs(a - b) <= tolerance * (1 + std::abs(b)); }
double number(const Array& x) { return x.item<double>(); }
double at(const Array& x, std::size_t i) { return x.data<double>()[i]; }

Var coordinate(const Var& v, std::int64_t i) { return slice(v, {Slice(i)}); }

Var wave(const Var& v) {
  const Var x = coordinate(v, 0), y = coordinate(v, 1);
  return exp(-x * x) * sin(y);
}

Var rosenbrock(const Var& x) {
  const Var head = slice(x, {Slice(0, -1)}), tail = slice(x, {Slice(1, Slice::kNone)});
  return sum(100.0 * square(tail - square(head)) + square(1.0 - head));
}

void best_linear_approximation() {
  std::puts("the derivative is the best linear approximation");
  const Array a = Array::from<double>({0.5, 1.0});
  const auto plane = tangent_plane(wave, a);
  for (double h : {0.1, 0.01, 0.001}) {
    const Array x = Array::from<double>({0.5 + h, 1.0 + h});
    const double error = std::exp(-at(x, 0) * at(x, 0)) * std::sin(at(x, 1)) - number(plane(x));
    claim(std::abs(error) < 2 * h * h, "  %5g away: off by %9.1e, by h squared %7.4f", h, error, error / (h * h));
  }
}

void gradients_and_directions() {
  std::puts("gradient and directional derivatives");
  const Array a = Array::from<double>({0.5, 1.0}), d = Array::from<double>({3.0, 4.0});
  const Array slope = gradient(wave)(a);
  const double along = number(directional_derivative(wave, a, d));
  claim(near(along, 0.6 * at(slope, 0) + 0.8 * at(slope, 1)), "  gradient (%.6f, %.6f), along (3, 4) %.6f",
        at(slope, 0), at(slope, 1), along);
  const double steepest = number(directional_derivative(wave, a, slope));
  claim(near(steepest, std::hypot(at(slope, 0), at(slope, 1))), "  steepest along the gradient itself: %.6f", steepest);
}

void products() {
  std::puts("Jacobians, and products without them");
  const auto polar = [](const Var& v) {
    const Var r = coordinate(v, 0), angle = coordinate(v, 1);
    return stack({r * cos(angle), r * sin(angle)});
  };
  const Array at_two = Array::from<double>({2.0, 0.5});
  const Array j = jacobian(polar)(at_two);
  claim(near(at(j, 0) * at(j, 3) - at(j, 1) * at(j, 2), 2), "  the determinant for polar coordinates is r: %.6f",
        at(j, 0) * at(j, 3) - at(j, 1) * at(j, 2));
  const auto [y, pushed] = jvp(polar, at_two, Array::from<double>({0.0, 1.0}));
  claim(near(at(pushed, 0), -at(y, 1)) && near(at(pushed, 1), at(y, 0)),
        "  a turn moves (%.4f, %.4f) along (%.4f, %.4f)", at(y, 0), at(y, 1), at(pushed, 0), at(pushed, 1));
}

void stationary_points() {
  std::puts("stationary points");
  const auto landscape = [](const Var& v) {
    const Var x = coordinate(v, 0), y = coordinate(v, 1);
    return x * x * x - 3.0 * x + y * y;
  };
  const StationaryPoint low = classify_stationary_point(landscape, Array::from<double>({1.0, 0.0}));
  const StationaryPoint pass = classify_stationary_point(landscape, Array::from<double>({-1.0, 0.0}));
  claim(low.kind == PointKind::minimum, "  (1, 0) is a %s", std::string(name(low.kind)).c_str());
  claim(pass.kind == PointKind::saddle, "  (-1, 0) is a %s: eigenvalues %g and %g",
        std::string(name(pass.kind)).c_str(), pass.eigenvalues[0], pass.eigenvalues[1]);
}

void taylor_polynomials() {
  std::puts("Taylor polynomials");
  const auto f = [](const Var& x) { return exp(sin(x)); };
  const Array c = taylor(f, 0.0, 1.0, 12);
  for (std::int64_t order : {1, 2, 4, 8, 12}) {
    const std::vector<double> first(c.data<double>(), c.data<double>() + order + 1);
    const double value = number(taylor_polynomial(Array::from(first), 0.5));
    claim(std::abs(value - std::exp(std::sin(0.5))) < std::pow(0.62, static_cast<double>(order) + 1),
          "  order %2d at 0.5: off by %8.1e", static_cast<int>(order), value - std::exp(std::sin(0.5)));
  }
}

void newtons_method() {
  std::puts("Newton's method on Rosenbrock's function");
  Array x = Array::from<double>({-1.2, 1.0});
  for (int step = 0; step <= 6; ++step) {
    const Array slope = gradient(rosenbrock)(x);
    std::printf("  step %d: (%.6f, %.6f), gradient %.1e\n", step, at(x, 0), at(x, 1),
                std::hypot(at(slope, 0), at(slope, 1)));
    Tape tape;
    const Var here = tape.variable(x);
    x = (here - solve(hessian(rosenbrock)(here), gradient(rosenbrock)(here))).value();
  }
  claim(near(at(x, 0), 1) && near(at(x, 1), 1), "  ends at (%.12f, %.12f)", at(x, 0), at(x, 1));
}

void implicit_functions() {
  std::puts("functions defined by an equation");
  const auto kepler = [](const Var& anomaly, const Var& eccentricity) {
    return fixed_point([&](const Var& e) { return anomaly + eccentricity * sin(e); }, anomaly);
  };
  const auto [solution, slopes] = value_and_gradient(kepler)(1.0, 0.2);
  const double e = number(solution), by_anomaly = number(slopes[0]), by_eccentricity = number(slopes[1]);
  claim(near(by_anomaly, 1 / (1 - 0.2 * std::cos(e))) && near(by_eccentricity, std::sin(e) / (1 - 0.2 * std::cos(e))),
        "  Kepler's E = M + e sin E at M = 1, e = 0.2: E %.9f, dE/dM %.9f, dE/de %.9f", e, by_anomaly, by_eccentricity);
}

}  // namespace

int main() {
  best_linear_approximation();
  gradients_and_directions();
  products();
  stationary_points();
  taylor_polynomials();
  newtons_method();
  implicit_functions();
  return wrong;
}
