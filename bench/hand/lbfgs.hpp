// L-BFGS with plain loops: the two-loop recursion, and a bisection for the weak Wolfe conditions (Nocedal and Wright,
// Numerical Optimization, 2006, algorithms 7.4 and 3.5).
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace bench::hand {

/// Lowers f, whose call f(x, gradient) writes the gradient and returns the value.
template <class Function>
class Lbfgs {
 public:
  Lbfgs(Function f, std::vector<double> start) : f_(f), x_(start), next_x_(start.size()) {
    gradient_ = next_gradient_ = direction_ = x_;
    for (Pair& pair : pairs_) pair.s = pair.y = x_;
    value_ = f_(x_, gradient_);
  }

  double value() const { return value_; }
  const std::vector<double>& x() const { return x_; }
  double gradient_norm() const { return std::sqrt(dot(gradient_, gradient_)); }

  void step() {
    find_direction();
    const double next_value = search();
    Pair& pair = pairs_[count_ % kPairs];
    for (std::size_t i = 0; i < x_.size(); ++i) {
      pair.s[i] = next_x_[i] - x_[i];
      pair.y[i] = next_gradient_[i] - gradient_[i];
    }
    pair.product = dot(pair.s, pair.y);
    if (pair.product > 0) ++count_;
    x_.swap(next_x_);
    gradient_.swap(next_gradient_);
    value_ = next_value;
  }

 private:
  static constexpr std::size_t kPairs = 10;
  struct Pair {
    std::vector<double> s, y;
    double product = 0;
  };

  static double dot(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  }

  void find_direction() {
    const double norm = gradient_norm();
    for (std::size_t i = 0; i < x_.size(); ++i) direction_[i] = -gradient_[i] / (count_ ? 1 : norm);
    double shares[kPairs];
    const std::size_t oldest = count_ - std::min(count_, kPairs);
    for (std::size_t k = count_; k-- > oldest;) {
      const Pair& pair = pairs_[k % kPairs];
      shares[k % kPairs] = dot(pair.s, direction_) / pair.product;
      for (std::size_t i = 0; i < x_.size(); ++i) direction_[i] -= shares[k % kPairs] * pair.y[i];
    }
    if (count_) {
      const Pair& latest = pairs_[(count_ - 1) % kPairs];
      for (double& element : direction_) element *= latest.product / dot(latest.y, latest.y);
    }
    for (std::size_t k = oldest; k < count_; ++k) {
      const Pair& pair = pairs_[k % kPairs];
      const double share = shares[k % kPairs] - dot(pair.y, direction_) / pair.product;
      for (std::size_t i = 0; i < x_.size(); ++i) direction_[i] += share * pair.s[i];
    }
  }

  /// Leaves the new point and its gradient, and returns its value.
  double search() {
    const double slope = dot(gradient_, direction_);
    double low = 0, high = std::numeric_limits<double>::infinity(), t = 1, value = value_;
    for (int trials = 0; trials < 20; ++trials) {
      for (std::size_t i = 0; i < x_.size(); ++i) next_x_[i] = x_[i] + t * direction_[i];
      value = f_(next_x_, next_gradient_);
      const double next_slope = dot(next_gradient_, direction_);
      if (value > value_ + 1e-4 * t * slope) high = t;
      else if (next_slope < 0.9 * slope) low = t;
      else break;
      // Towards where a straight line through both slopes vanishes.
      t = high < INFINITY ? (low + high) / 2 : t * std::clamp(slope / (slope - next_slope), 2.0, 10.0);
    }
    return value;
  }

  Function f_;
  std::vector<double> x_, gradient_, next_x_, next_gradient_, direction_;
  Pair pairs_[kPairs];
  std::size_t count_ = 0;  // pairs so far, the last kPairs of which are kept
  double value_;
};

}  // namespace bench::hand
