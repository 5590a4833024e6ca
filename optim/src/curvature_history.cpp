#include "curvature_history.hpp"

#include <limits>
#include <utility>

#include "vectors.hpp"

namespace xtape::optim::detail {

namespace {

void add_to(std::vector<double>& y, double a, std::span<const double> x) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += a * x[i];
}

void scale(std::vector<double>& x, double factor) {
  for (double& element : x) element *= factor;
}

}  // namespace

void CurvatureHistory::add(std::vector<double> s, std::vector<double> y, double fall) {
  const double product = dot(s, y);
  if (!(product > std::numeric_limits<double>::epsilon() * fall)) return;
  if (pairs_.size() == capacity_) pairs_.pop_front();
  pairs_.push_back({std::move(s), std::move(y), product});
}

std::vector<double> CurvatureHistory::direction(std::span<const double> gradient, double norm) const {
  std::vector<double> d(gradient.begin(), gradient.end());
  if (empty()) {
    for (double& element : d) element /= -norm;
    return d;
  }
  std::vector<double> shares(pairs_.size());
  for (std::size_t i = pairs_.size(); i-- > 0;) {
    shares[i] = dot(pairs_[i].s, d) / pairs_[i].product;
    add_to(d, -shares[i], pairs_[i].y);
  }
  const Pair& latest = pairs_.back();
  scale(d, -latest.product / dot(latest.y, latest.y));
  for (std::size_t i = 0; i < pairs_.size(); ++i)
    add_to(d, -shares[i] - dot(pairs_[i].y, d) / pairs_[i].product, pairs_[i].s);
  return d;
}

}  // namespace xtape::optim::detail
