// Numeric derivatives of a function of one number, with an estimate of their error, and its one-sided slopes.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace xtape::detail {

constexpr double kSafety = 10;  ///< over estimated errors, where slopes are compared

/// Richardson extrapolation of difference quotients whose step is halved each time (Ridders 1982): a Neville tableau of
/// which the entry with the smallest estimated error counts.
class Extrapolation {
 public:
  /// The error of a quotient falls with the step to this power, then with its multiples: 1 one-sided, 2 central.
  explicit Extrapolation(int power) : factor_(power == 1 ? 2 : 4), amplification_(power == 1 ? 8 : 2) {}

  /// Adds the quotient of the next step; `rounding` is the error that noise in the function makes in it.
  void add(double quotient, double rounding, double step);
  /// Forgets the quotients so far: the next step is the first.
  void restart() { row_.clear(); }

  bool empty() const { return quotients_ == 0; }
  std::size_t rows() const { return row_.size(); }

  double value = std::numeric_limits<double>::quiet_NaN();
  double error = std::numeric_limits<double>::infinity();
  double step = 0;

 private:
  bool contradicted_by(double quotient, double rounding) const;
  double rest_after(double quotient, double rounding);

  double factor_, amplification_;
  double last_change_ = 0, rest_ = 0;
  bool was_significant_ = false;
  std::size_t quotients_ = 0;
  std::vector<double> row_;
};

/// A function of the distance along a direction; NaN where it is not defined.
using Line = std::function<double(double)>;

/// The derivative at 0. One-sided slopes are infinite where the function jumps.
struct Slope {
  double value = 0, error = 0, step = 0;
  double left = 0, left_error = 0;
  double right = 0, right_error = 0;
  double variation = 0;  ///< the largest difference of the function's values from that at 0
  double reach = 0;      ///< the longest step

  /// Whether the one-sided slopes disagree by more than their errors and this share of their size.
  bool kinked(double share) const;
  /// Whether a slope lies between the one-sided ones, give or take their errors.
  bool brackets(double slope) const;
  bool defined() const { return error < std::numeric_limits<double>::infinity(); }
};

/// Measures with steps from `first_step` down, until smaller ones can't help any more. `noise` is the absolute error of
/// the function's values. Where the function is defined on one side only, its derivative is the slope of that side.
Slope measure(const Line& line, double at_zero, double first_step, double noise);

/// The noise of a function's values: the differences of fourth to sixth order of values close together, in which a
/// smooth function vanishes (Hamming; More and Wild 2011). Where they have the sign of a smooth function that does not
/// vanish yet, values closer together count. 0 if it is not defined there.
double noise_of(const Line& line);

}  // namespace xtape::detail
