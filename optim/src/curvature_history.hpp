// What L-BFGS remembers: the last changes of the parameters, and those of the gradient that came with them.
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

namespace xtape::optim::detail {

class CurvatureHistory {
 public:
  explicit CurvatureHistory(std::size_t capacity) : capacity_(capacity) {}

  bool empty() const { return pairs_.empty(); }
  void clear() { pairs_.clear(); }

  /// Remembers the change s of the parameters and y of the gradient, in the place of the oldest pair if there are too
  /// many; unless s'y, which must be positive, is lost in rounding beside `fall`, the descent that the slope promised
  /// for this step.
  void add(std::vector<double> s, std::vector<double> y, double fall);

  /// -H gradient by the two-loop recursion (Nocedal and Wright, algorithm 7.4), starting from s'y / y'y (equation 7.20)
  /// of the latest pair; without pairs -gradient / norm.
  std::vector<double> direction(std::span<const double> gradient, double norm) const;

 private:
  struct Pair {
    std::vector<double> s, y;
    double product;  // s'y
  };
  std::deque<Pair> pairs_;  // the latest comes last
  std::size_t capacity_;
};

}  // namespace xtape::optim::detail
