#include "support/interpreter_lines.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace xtape::test {

namespace {

using Places = std::vector<std::size_t>;

std::size_t index_of(std::int64_t value) { return static_cast<std::size_t>(value); }

/// The places of each line along an axis, in row-major order of the lines.
std::vector<Places> lines_of(const Shape& shape, std::int64_t axis_from_end) {
  const std::size_t axis = shape.rank() - 1 - index_of(axis_from_end);
  const std::vector<std::int64_t> strides = row_major_strides(shape);
  Shape starts = shape;
  starts[axis] = 1;
  std::vector<Places> lines;
  Odometer start(starts);
  for (std::int64_t i = 0; i < starts.size(); ++i, start.next()) {
    Places& line = lines.emplace_back();
    for (std::int64_t k = 0; k < shape[axis]; ++k) line.push_back(start.place(strides) + index_of(k * strides[axis]));
  }
  return lines;
}

/// The same, backwards if so wanted.
std::vector<Places> directed_lines(const Application& application, bool backward) {
  std::vector<Places> lines = lines_of(application.output.shape, application.attributes[0]);
  if (backward)
    for (Places& line : lines) std::reverse(line.begin(), line.end());
  return lines;
}

Real strong(Real a, Real b) { return a == 0 || b == 0 ? 0 : a * b; }

/// NaN is larger than any number.
bool goes_before(Real a, Real b, bool descending) {
  if (descending) std::swap(a, b);
  return a < b || (std::isnan(b) && !std::isnan(a));
}

void find(Application& application, bool largest) {
  const std::size_t extent = index_of(application.x().shape.back());
  for (std::size_t row = 0; row < application.output.elements.size(); ++row) {
    const auto first = application.x().elements.begin() + static_cast<std::ptrdiff_t>(row * extent);
    const auto last = first + static_cast<std::ptrdiff_t>(extent);
    const auto nan = std::find_if(first, last, [](Real x) { return std::isnan(x); });
    const auto found = nan != last ? nan : largest ? std::max_element(first, last) : std::min_element(first, last);
    application.output.elements[row] = static_cast<Real>(found - first);
  }
}

}  // namespace

void cumsum(Application& application) {
  application.magnitudes.resize(application.output.elements.size());
  for (const Places& line : directed_lines(application, application.attributes[1] != 0)) {
    Real sum = 0, magnitude = 0;
    for (std::size_t place : line) {
      application.output.elements[place] = sum += application.x().elements[place];
      application.magnitudes[place] = magnitude += std::abs(application.x().elements[place]);
    }
  }
}

void recurrence(Application& application) {
  const auto attributes = application.attributes;
  const bool of_previous = attributes[2] != 0, is_strong = attributes[3] != 0;
  application.magnitudes.resize(application.output.elements.size());
  for (const Places& line : directed_lines(application, attributes[1] != 0))
    for (std::size_t k = 0; k < line.size(); ++k) {
      Real& y = application.output.elements[line[k]] = application.x(1).elements[line[k]];
      Real& magnitude = application.magnitudes[line[k]] = std::abs(y);
      if (k == 0) continue;
      const Real a = application.x(0).elements[of_previous ? line[k - 1] : line[k]];
      const Real before = application.output.elements[line[k - 1]];
      y += is_strong ? strong(a, before) : a * before;
      magnitude += strong(std::abs(a), application.magnitudes[line[k - 1]]);
    }
}

void cummax(Application& application) {
  for (const Places& line : directed_lines(application, false)) {
    Real largest = -std::numeric_limits<Real>::infinity();
    for (std::size_t place : line) {
      const Real x = application.x().elements[place];
      largest = std::isnan(largest) || x <= largest ? largest : x;
      application.output.elements[place] = largest;
    }
  }
}

void logcumsumexp(Application& application) {
  const std::vector<Real>& x = application.x().elements;
  application.magnitudes.resize(x.size());
  for (const Places& line : directed_lines(application, false))
    for (std::size_t k = 0; k < line.size(); ++k) {
      Real largest = -std::numeric_limits<Real>::infinity(), sum = 0;
      for (std::size_t i = 0; i <= k; ++i) largest = x[line[i]] <= largest ? largest : x[line[i]];
      for (std::size_t i = 0; i <= k; ++i) sum += x[line[i]] == largest ? 1 : std::exp(x[line[i]] - largest);
      application.output.elements[line[k]] = largest + std::log(sum);
      application.magnitudes[line[k]] = 1 + std::abs(largest);
    }
}

void argsort(Application& application) {
  const std::vector<Real>& x = application.x().elements;
  const std::vector<Places> from = lines_of(application.x().shape, application.attributes[0]);
  const std::vector<Places> to = lines_of(application.output.shape, application.attributes[0]);
  const bool descending = application.attributes[1] != 0;
  for (std::size_t line = 0; line < to.size(); ++line) {
    std::vector<std::size_t> order(from[line].size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return goes_before(x[from[line][a]], x[from[line][b]], descending);
    });
    for (std::size_t k = 0; k < to[line].size(); ++k)
      application.output.elements[to[line][k]] = static_cast<Real>(order[k]);
  }
}

void argmax(Application& application) { find(application, true); }
void argmin(Application& application) { find(application, false); }

}  // namespace xtape::test
