#include "support/differences.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace xtape::test {

namespace {

struct Slope {
  const Var& output;
  const Tensor& weights;
  detail::NodeId leaf;
  Interpretation how;

  /// The output with one element of the leaf moved.
  Real at(std::size_t element, Real value) {
    Real& place = how.leaves[leaf].elements[element];
    const Real before = std::exchange(place, value);
    const Real result = dot(interpret(output, how), weights);
    how.leaves[leaf].elements[element] = before;
    return result;
  }

  Real central(std::size_t element, Real x, Real step) {
    return (at(element, x + step) - at(element, x - step)) / (2 * step);
  }
};

}  // namespace

Real dot(const Tensor& a, const Tensor& b) {
  Real sum = 0;
  for (std::size_t i = 0; i < a.elements.size(); ++i) sum += a.elements[i] * b.elements.at(i);
  return sum;
}

Tensor difference_gradient(const Var& output, const Tensor& weights, const Var& leaf) {
  const Var both[] = {output, leaf};
  const std::map<detail::NodeId, Tensor> base = interpret_all(both);
  Tensor result = base.at(node_of(leaf));
  Slope slope{output, weights, node_of(leaf), {}};
  slope.how.leaves[node_of(leaf)] = result;
  slope.how.stopped = &base;
  for (std::size_t i = 0; i < result.elements.size(); ++i) {
    const Real x = result.elements[i];
    const Real step = Real{2e-5L} * std::max(std::abs(x), Real{0.1L});
    result.elements[i] = (4 * slope.central(i, x, step / 2) - slope.central(i, x, step)) / 3;
  }
  return result;
}

}  // namespace xtape::test
