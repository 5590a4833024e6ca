#include <xtape/models/split.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include <xtape/ops.hpp>
#include <xtape/optim/fail.hpp>
#include <xtape/tape.hpp>

namespace xtape::models {

using optim::detail::fail;

namespace {

using Rows = std::vector<std::int64_t>;

template <Element T>
std::map<double, Rows> rows_by_class(const Array& labels) {
  std::map<double, Rows> classes;
  std::int64_t row = 0;
  for (T label : labels.values<T>()) {
    if (std::isnan(static_cast<double>(label))) fail<ValueError>("stratified_split: the label of row ", row, " is nan");
    classes[static_cast<double>(label)].push_back(row++);
  }
  return classes;
}

std::map<double, Rows> rows_by_class(const Array& labels) {
  switch (labels.dtype()) {
    case DType::float32:
      return rows_by_class<float>(labels);
    case DType::float64:
      return rows_by_class<double>(labels);
    case DType::int64:
      return rows_by_class<std::int64_t>(labels);
    case DType::boolean:
      break;
  }
  return rows_by_class<bool>(labels);
}

/// Uniform in [0, bound). The standard's distributions differ between standard libraries; its engines do not.
std::uint64_t draw_below(std::uint64_t bound, std::mt19937_64& random) {
  std::uint64_t excess = (UINT64_MAX % bound + 1) % bound;
  std::uint64_t bits = random();
  while (bits > UINT64_MAX - excess) bits = random();
  return bits % bound;
}

/// Fisher and Yates, in Durstenfeld's form.
void shuffle(Rows& rows, std::mt19937_64& random) {
  for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[draw_below(i, random)]);
}

std::int64_t test_count(std::size_t rows, double fraction) {
  auto n = static_cast<std::int64_t>(rows);
  return std::clamp<std::int64_t>(std::llround(fraction * static_cast<double>(n)), 1, n - 1);
}

}  // namespace

SplitRows stratified_split(const Array& labels, double test_fraction, std::uint64_t seed) {
  if (labels.rank() != 1)
    fail<ShapeError>("stratified_split: labels must be a vector, are ", to_string(labels.shape()));
  if (!(test_fraction > 0 && test_fraction < 1)) {
    fail<ValueError>("stratified_split: test_fraction must be between 0 and 1, is ", test_fraction);
  }
  std::mt19937_64 random(seed);
  SplitRows result;
  for (auto& [label, rows] : rows_by_class(labels)) {
    if (rows.size() < 2) fail<ValueError>("stratified_split: class ", label, " has 1 row; two are needed");
    shuffle(rows, random);
    auto middle = rows.begin() + test_count(rows.size(), test_fraction);
    result.test.insert(result.test.end(), rows.begin(), middle);
    result.train.insert(result.train.end(), middle, rows.end());
  }
  std::sort(result.train.begin(), result.train.end());
  std::sort(result.test.begin(), result.test.end());
  return result;
}

Array take_rows(const Array& x, const std::vector<std::int64_t>& rows) {
  Tape tape;
  return take(tape.variable(x), Array::from(rows), 0).value();
}

TrainTest train_test_split(const Array& x, const Array& y, double test_fraction, std::uint64_t seed) {
  if (x.rank() == 0 || y.rank() != 1 || x.shape()[0] != y.size()) {
    fail<ShapeError>("train_test_split: rows differ: x is ", to_string(x.shape()), ", y is ", to_string(y.shape()));
  }
  SplitRows rows = stratified_split(y, test_fraction, seed);
  return {take_rows(x, rows.train), take_rows(x, rows.test), take_rows(y, rows.train), take_rows(y, rows.test)};
}

}  // namespace xtape::models
