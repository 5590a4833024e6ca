// Reductions over rows of every length around the widths of vectors, of values whose sums are exact.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include <xtape/xtape.hpp>

namespace xtape {
namespace {

std::int64_t element(std::int64_t row, std::int64_t column) { return (row * 37 + column * 101) % 211 - 105; }

struct Columns {
  std::vector<std::int64_t> sums, most, least;
};

Columns expected(std::int64_t rows, std::int64_t columns) {
  Columns all;
  for (std::int64_t j = 0; j < columns; ++j) {
    std::int64_t sum = 0, most = element(0, j), least = most;
    for (std::int64_t i = 0; i < rows; ++i) {
      sum += element(i, j);
      most = std::max(most, element(i, j));
      least = std::min(least, element(i, j));
    }
    all.sums.push_back(sum);
    all.most.push_back(most);
    all.least.push_back(least);
  }
  return all;
}

template <class T>
std::vector<std::int64_t> integers(const Array& array) {
  const auto values = array.values<T>();
  return {values.begin(), values.end()};
}

template <class T>
void check(std::int64_t rows, std::int64_t columns) {
  std::vector<T> elements;
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) elements.push_back(static_cast<T>(element(i, j)));
  Tape tape;
  const Var x = tape.variable(Array::from(elements, {rows, columns}));
  const std::vector<Array> values = tape.evaluate({sum(x, 0), max(x, 0), min(x, 0), sum(x, 0) + x, all(x < 200, 0)});
  const Columns columns_of = expected(rows, columns);
  EXPECT_EQ(integers<T>(values[0]), columns_of.sums) << rows << " x " << columns;
  EXPECT_EQ(integers<T>(values[1]), columns_of.most) << rows << " x " << columns;
  EXPECT_EQ(integers<T>(values[2]), columns_of.least) << rows << " x " << columns;
  EXPECT_EQ(static_cast<std::int64_t>(values[3].values<T>()[0]), columns_of.sums[0] + element(0, 0));
  EXPECT_TRUE(std::ranges::all_of(values[4].values<bool>(), [](bool value) { return value; }));
}

TEST(ColumnReductions, RowsOfAnyLength) {
  for (std::int64_t columns = 1; columns <= 70; ++columns)
    for (std::int64_t rows : {1, 2, 63, 64, 65, 131, 700}) {
      check<float>(rows, columns);
      check<double>(rows, columns);
      check<std::int64_t>(rows, columns);
    }
}

TEST(ColumnReductions, RowsLongerThanBlocks) {
  for (std::int64_t columns : {127, 128, 129, 255, 257, 1000, 5000}) check<double>(70, columns);
}

TEST(ColumnReductions, AFalseElementIsFoundInItsColumn) {
  constexpr std::int64_t kColumns = 19, kRows = 130;
  for (std::int64_t wrong = 0; wrong < kColumns; ++wrong) {
    std::vector<double> elements(kRows * kColumns);
    elements[static_cast<std::size_t>(77 * kColumns + wrong)] = 3;
    Tape tape;
    const Array value = all(tape.variable(Array::from(elements, {kRows, kColumns})) < 1, 0).value();
    for (std::int64_t j = 0; j < kColumns; ++j)
      EXPECT_EQ(value.values<bool>()[static_cast<std::size_t>(j)], j != wrong) << wrong;
  }
}

}  // namespace
}  // namespace xtape
