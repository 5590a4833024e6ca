// Training and test parts of a data set.
#pragma once

#include <cstdint>
#include <vector>

#include <xtape/array.hpp>

namespace xtape::models {

/// Row numbers of both parts, ascending.
struct SplitRows {
  std::vector<std::int64_t> train, test;
};

/// Draws the test part from each class of `labels` (n; int64, bool or floating) in proportion, rounded to the nearest
/// row, and leaves at least one row of each class in each part. The same seed gives the same rows on every machine.
/// Throws ValueError if test_fraction is not between 0 and 1, or a class has a single row.
SplitRows stratified_split(const Array& labels, double test_fraction, std::uint64_t seed);

/// The given rows of x (n, ...), in their order. Throws ValueError for a row out of range.
Array take_rows(const Array& x, const std::vector<std::int64_t>& rows);

struct TrainTest {
  Array x_train, x_test, y_train, y_test;
};

/// A stratified split of x (n, d) and y (n). Throws ShapeError if their rows differ.
TrainTest train_test_split(const Array& x, const Array& y, double test_fraction = 0.25, std::uint64_t seed = 0);

}  // namespace xtape::models
