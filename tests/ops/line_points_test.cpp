// Reductions, scans and sorting where calculus is silent, and where arithmetic overflows: docs/numerics.md.
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "ops/row.hpp"

namespace xtape::test {

namespace {

using Numbers = std::vector<Real>;

/// A function of one vector, its value, and the gradient of the sum of that.
struct LinePoint {
  std::string name;
  Numbers x;
  std::function<Var(const Var&)> build;
  Numbers value, gradient;
  bool float64_only = false;
  Real condition = 1;  ///< by which rounding errors grow
};

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::function<Var(const Var&)> norm_of(double order) {
  return [order](const Var& x) { return norm(x, order); };
}

std::vector<LinePoint> reductions() {
  const auto product = [](const Var& x) { return prod(x); };
  const auto deviation = [](const Var& x) { return xtape::std(x); };
  const auto middle = [](const Var& x) { return median(x); };
  return {
      {"prod beside a zero", {2, 0, 3, 4}, product, {0}, {0, 24, 0, 0}},
      {"prod with two zeros", {2, 0, 3, 0}, product, {0}, {0, 0, 0, 0}},
      {"prod of one", {5}, product, {5}, {1}},
      {"prod with NaN", {2, kNaN}, product, {kNaN}, {kNaN, 2}},
      {"std of equal elements", {2, 2, 2, 2}, deviation, {0}, {0, 0, 0, 0}},
      {"std of elements whose mean rounds", {0.1L, 0.1L, 0.1L}, deviation, {0}, {0, 0, 0}},
      {"var of elements whose mean rounds", {0.1L, 0.1L, 0.1L}, [](const Var& x) { return var(x); }, {0}, {0, 0, 0}},
      {"var of one with ddof 1", {3}, [](const Var& x) { return var(x, {}, 1); }, {kNaN}, {kNaN}},
      {"std of one with ddof 1", {3}, [](const Var& x) { return xtape::std(x, {}, 1); }, {kNaN}, {kNaN}},
      {"std of large numbers", {-3e200L, 3e200L}, deviation, {3e200L}, {-0.5L, 0.5L}, true},
      {"std of numbers whose sum overflows", {1.5e308L, 1.7e308L}, deviation, {1e307L}, {-0.5L, 0.5L}, true},
      {"std of equal numbers whose sum overflows", {1.5e308L, 1.5e308L, 1.5e308L}, deviation, {0}, {0, 0, 0}, true},
      {"std of numbers whose norm overflows", {-1.5e308L, 1.5e308L}, deviation, {1.5e308L}, {-0.5L, 0.5L}, true},
      {"std of float32 numbers whose sum overflows", {2e38L, 3e38L}, deviation, {5e37L}, {-0.5L, 0.5L}},
      {"std of small numbers", {1e-300L, 3e-300L}, deviation, {1e-300L}, {-0.5L, 0.5L}, true},
      {"norm of the zero vector", {0, 0, 0}, norm_of(2), {0}, {0, 0, 0}},
      {"3-norm of the zero vector", {0, 0, 0}, norm_of(3), {0}, {0, 0, 0}},
      {"1-norm beside a zero", {0, -2, 3}, norm_of(1), {5}, {0, -1, 1}},
      {"inf-norm with a tie", {-2, 2, 1}, norm_of(kInfinity), {2}, {-0.5L, 0.5L, 0}},
      {"-inf-norm", {-2, 4, 1}, norm_of(-kInfinity), {1}, {0, 0, 1}},
      {"norm with a zero", {3, 0, 4}, norm_of(2), {5}, {0.6L, 0, 0.8L}},
      {"norm of large numbers", {3e200L, 4e200L}, norm_of(2), {5e200L}, {0.6L, 0.8L}, true},
      {"norm of small numbers", {3e-200L, 4e-200L}, norm_of(2), {5e-200L}, {0.6L, 0.8L}, true},
      {"norm of large float32 numbers", {3e30L, 4e30L}, norm_of(2), {5e30L}, {0.6L, 0.8L}},
      {"4-norm of large numbers", {2e150L, 0}, norm_of(4), {2e150L}, {1, 0}, true},
      {"-1-norm of small numbers", {2e-200L, 2e-200L}, norm_of(-1), {1e-200L}, {0.25L, 0.25L}, true},
      {"median of two", {4, 1}, middle, {2.5L}, {0.5L, 0.5L}},
      {"median of infinities", {kInf, kInf, 1, kInf}, middle, {kInf}, {0.5L, 0.5L, 0, 0}},
      {"median with NaN", {4, kNaN, 1}, middle, {kNaN}, {0, 1, 0}},
      {"quantile of one", {4}, [](const Var& x) { return quantile(x, 0.7); }, {4}, {1}},
  };
}

std::vector<LinePoint> scans() {
  const auto products = [](const Var& x) { return cumprod(x, 0); };
  const auto maxima = [](const Var& x) { return cummax(x, 0); };
  const auto log_sums = [](const Var& x) { return logcumsumexp(x, 0); };
  const Real ln2 = std::log(Real{2}), third = 1 / Real{3};
  return {
      {"cumprod beside a zero", {1, 0, 2}, products, {1, 0, 0}, {1, 3, 0}},
      {"cumprod with two zeros", {2, 0, 3, 0, 5}, products, {2, 0, 0, 0, 0}, {1, 8, 0, 0, 0}},
      {"cumsum of -0", {-0.0L, 0}, [](const Var& x) { return 1 / cumsum(x, 0); }, {-kInf, kInf}, {-kInf, -kInf}},
      {"cumsum of infinities", {1, kInf, 2}, [](const Var& x) { return cumsum(x, 0); }, {1, kInf, kInf}, {3, 2, 1}},
      {"cummax with ties", {2, 2, 1, 2, 3}, maxima, {2, 2, 2, 2, 3}, {2 + third, 1 + third, 0, third, 1}},
      {"cummax of -inf", {-kInf, -kInf, 1}, maxima, {-kInf, -kInf, 1}, {1.5L, 0.5L, 1}},
      {"cummax with NaN", {1, kNaN, 2}, maxima, {1, kNaN, kNaN}, {1, kNaN, kNaN}},
      {"logcumsumexp of large numbers", {1000, 1000}, log_sums, {1000, 1000 + ln2}, {1.5L, 0.5L}, false, 1000},
      {"logcumsumexp far apart", {-1000, 1000, 0}, log_sums, {-1000, 1000, 1000}, {1, 2, 0}},
      {"logcumsumexp from -inf", {-kInf, -kInf, 0, 0}, log_sums, {-kInf, -kInf, 0, ln2}, {0, 0, 1.5L, 0.5L}},
      {"logcumsumexp of infinities", {0, kInf, 1, kInf}, log_sums, {0, kInf, kInf, kInf}, {1, 2.5L, 0, 0.5L}},
      {"sort of equal elements",
       {2, 1, 2, 1},
       [](const Var& x) {
         return sort(x) * Array::from<double>({1, 2, 3, 4});
       },
       {1, 2, 6, 8},
       {3, 1, 4, 2},
       true},
  };
}

void check(const LinePoint& point, DType dtype) {
  SCOPED_TRACE(point.name + ", " + std::string(name(dtype)));
  Tape tape;
  const Var x = tape.variable(array_of(tensor(point.x, {std::ssize(point.x)}, dtype)));
  const Var y = point.build(x);
  const Real tolerance = point.condition * (dtype == DType::float32 ? 1e-6L : 2e-15L);
  EXPECT_TRUE(close(y.value(), {dtype, y.shape(), point.value}, tolerance)) << "value";
  const Var gradient = tape.gradient(sum(y), x);
  EXPECT_TRUE(close(gradient.value(), {dtype, x.shape(), point.gradient}, tolerance)) << "gradient";
}

TEST(LinePoints, ValuesAndGradients) {
  for (const auto& points : {reductions(), scans()})
    for (const LinePoint& point : points)
      for (DType dtype : {DType::float64, DType::float32})
        if (!point.float64_only || dtype == DType::float64) check(point, dtype);
}

/// The Hessian of a function of one vector.
std::vector<Real> hessian(const std::function<Var(const Var&)>& function, const Numbers& at) {
  Tape tape;
  const Var x = tape.variable(array_of(tensor(at)));
  const Var gradient = tape.gradient(function(x), x);
  std::vector<Real> result;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const Tensor row = tensor_of(tape.gradient(slice(gradient, {static_cast<int>(i)}), x).value());
    result.insert(result.end(), row.elements.begin(), row.elements.end());
  }
  return result;
}

TEST(LinePoints, ProductsHaveSecondDerivativesBesideZeros) {
  const auto product = [](const Var& x) { return prod(x); };
  EXPECT_EQ(hessian(product, {2, 0, 3}), (Numbers{0, 3, 0, 3, 0, 2, 0, 2, 0}));
  EXPECT_EQ(hessian(product, {0, 0, 3}), (Numbers{0, 3, 0, 3, 0, 0, 0, 0, 0}));
  const auto products = [](const Var& x) { return sum(cumprod(x)); };  // a + a b + a b c
  EXPECT_EQ(hessian(products, {2, 0, 3}), (Numbers{0, 4, 0, 4, 0, 2, 0, 2, 0}));
  EXPECT_EQ(hessian(products, {0, 0, 0}), (Numbers{0, 1, 0, 1, 0, 0, 0, 0, 0}));
}

TEST(LinePoints, NormHasSecondDerivatives) {
  const auto euclidean = [](const Var& x) { return norm(x); };
  const Numbers expected{0.128L, -0.096L, -0.096L, 0.072L};  // (1 - u u') / 5 at (3, 4)
  const Numbers actual = hessian(euclidean, {3, 4});
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_NEAR(static_cast<double>(actual[i]), static_cast<double>(expected[i]), 1e-16);
}

TEST(LinePoints, ReductionsOfNothing) {
  Tape tape;
  const Var x = tape.variable(Array::zeros({3, 0}));
  EXPECT_TRUE(equals(prod(x, 1).value(), {1, 1, 1}));
  EXPECT_EQ(tape.gradient(prod(x), x).value().shape(), (Shape{3, 0}));
  EXPECT_TRUE(equals(norm(x, 2, 1).value(), {0, 0, 0}));
  EXPECT_TRUE(equals(var(x, 1).value(), {kNaN, kNaN, kNaN}));
  EXPECT_TRUE(equals(xtape::std(x, 1).value(), {kNaN, kNaN, kNaN}));
  EXPECT_TRUE(equals(any(x != 0, 1).value(), {0, 0, 0}));
  EXPECT_TRUE(equals(count_nonzero(x, 1).value(), {0, 0, 0}));
  EXPECT_THROW(median(x, 1), ShapeError);
  EXPECT_THROW(argmax(x), ShapeError);
  EXPECT_TRUE(equals(tape.gradient(sum(var(x)), x).value(), {}));
}

TEST(LinePoints, QuantilesStayBetweenTheirNeighbours) {
  Tape tape;
  for (double value : {0.1, 0.7, 3.3, 7.7, 1e-5, 1e300}) {
    const double next = std::nextafter(value, INFINITY);
    const Var same = tape.variable(Array{value, value}), rising = tape.variable(Array{value, next});
    for (int percent = 0; percent <= 100; ++percent) {
      EXPECT_EQ(quantile(same, percent / 100.0).item<double>(), value) << percent;
      const double between = quantile(rising, percent / 100.0).item<double>();
      EXPECT_TRUE(between == value || between == next) << percent;
    }
  }
}

TEST(LinePoints, SeveralQuantilesAreAlongANewFirstAxis) {
  Tape tape;
  const Var x = tape.variable(Array{{1, 5, 2}, {9, 3, 4}});
  const Var rows = quantile(x, std::vector<double>{0, 0.5, 0.75}, 1),
            kept = quantile(x, std::vector<double>{0.5}, 0, true);
  EXPECT_EQ(rows.shape(), (Shape{3, 2}));
  EXPECT_TRUE(equals(rows.value(), {1, 3, 2, 4, 3.5L, 6.5L}));
  EXPECT_TRUE(equals(tape.gradient(sum(rows), x).value(), {1, 0.5L, 1.5L, 0.5L, 1, 1.5L}));
  EXPECT_EQ(kept.shape(), (Shape{1, 1, 3}));
  EXPECT_TRUE(equals(kept.value(), {5, 4, 3}));
}

TEST(LinePoints, VarianceFarFromZero) {
  Tape tape;
  const Var x = tape.variable(Array{1e8 + 1, 1e8 + 2, 1e8 + 4});
  EXPECT_DOUBLE_EQ(var(x, {}, 1).item<double>(), 7.0 / 3);
}

TEST(LinePoints, ExtremaAreTheFirstOfTiesAndNaN) {
  Tape tape;
  const Var x = tape.variable(Array{2, 3, 1, 3, 1}), nan = tape.variable(Array{1, NAN, 3, NAN});
  EXPECT_EQ(argmax(x).item<std::int64_t>(), 1);
  EXPECT_EQ(argmin(x).item<std::int64_t>(), 2);
  EXPECT_EQ(argmax(nan).item<std::int64_t>(), 1);
  EXPECT_EQ(argmin(nan).item<std::int64_t>(), 1);
  EXPECT_EQ(count_nonzero(nan).item<std::int64_t>(), 4);
  EXPECT_EQ(argmax(x > 2).item<std::int64_t>(), 1);
}

TEST(LinePoints, NaNIsTheLargest) {
  Tape tape;
  const Var x = tape.variable(Array{2, NAN, -INFINITY, 1, NAN, INFINITY});
  EXPECT_TRUE(equals(sort(x).value(), {-kInf, 1, 2, kInf, kNaN, kNaN}));
  EXPECT_TRUE(equals(argsort(x).value(), {2, 3, 0, 5, 1, 4}));
  EXPECT_TRUE(equals(argsort(x, -1, true).value(), {1, 4, 5, 0, 3, 2}));
  EXPECT_TRUE(equals(top_k(x, 3).indices.value(), {1, 4, 5}));
}

TEST(LinePoints, EqualElementsKeepTheirOrder) {
  Tape tape;
  const Var x = tape.variable(Array{1, 0, 1, 0, 1});
  EXPECT_TRUE(equals(argsort(x).value(), {1, 3, 0, 2, 4}));
  EXPECT_TRUE(equals(argsort(x, -1, true).value(), {0, 2, 4, 1, 3}));
  EXPECT_TRUE(equals(top_k(x, 2).indices.value(), {0, 2}));
  EXPECT_TRUE(equals(argsort(x > 0).value(), {1, 3, 0, 2, 4}));
}

TEST(LinePoints, CumulatedSumsStayAccurate) {
  constexpr std::int64_t kCount = 1000000;
  Tape tape;
  for (DType dtype : {DType::float64, DType::float32}) {
    const Tensor x = tensor_of(Array::full({kCount}, 0.1, dtype));
    const Tensor sums = tensor_of(cumsum(tape.variable(array_of(x)), 0).value());
    const Tensor logs = tensor_of(logcumsumexp(tape.variable(array_of(x)), 0).value());
    for (std::size_t i : {std::size_t{9}, std::size_t{12345}, std::size_t{kCount - 1}}) {
      const Real count = static_cast<Real>(i + 1);
      EXPECT_LE(ulps(sums.elements[i], count * x.elements[0], dtype), 1);
      EXPECT_LE(ulps(logs.elements[i], x.elements[0] + std::log(count), dtype), 4);
    }
  }
}

TEST(LinePoints, LogCumSumExpOfSlowlyRisingNumbers) {
  constexpr std::int64_t kCount = 100000;
  Tape tape;
  const Var x = tape.variable(linspace(-700, 700, kCount));
  const Tensor y = tensor_of(logcumsumexp(x, 0).value());
  const Real step = 1400 / static_cast<Real>(kCount - 1);
  for (std::size_t i : {std::size_t{100}, std::size_t{50000}, std::size_t{kCount - 1}}) {
    const Real last = -700 + step * static_cast<Real>(i), ratio = std::exp(-step);
    const Real expected = last + std::log((1 - std::pow(ratio, static_cast<Real>(i + 1))) / (1 - ratio));
    EXPECT_NEAR(static_cast<double>(y.elements[i]), static_cast<double>(expected), 1e-12);
  }
}

}  // namespace

}  // namespace xtape::test
