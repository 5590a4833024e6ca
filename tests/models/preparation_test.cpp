// Standardizing and splitting data.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <gtest/gtest.h>

#include <xtape/error.hpp>
#include <xtape/models/split.hpp>
#include <xtape/models/standardizer.hpp>

#include "support/check.hpp"

namespace xtape::test {
namespace {

using models::Standardizer;
using models::stratified_split;

TEST(Standardizer, GivesMeanZeroAndDeviationOne) {
  Array x{{1, 10}, {2, 10.5}, {6, 20}};
  Standardizer standardizer;
  Array z = standardizer.fit(x).transform(x);
  for (std::size_t j = 0; j < 2; ++j) {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      sum += z.values<double>()[2 * i + j];
      squares += z.values<double>()[2 * i + j] * z.values<double>()[2 * i + j];
    }
    EXPECT_NEAR(sum, 0, 1e-14);
    EXPECT_NEAR(squares / 3, 1, 1e-14);
  }
  EXPECT_NEAR(standardizer.mean.values<double>()[0], 3, 1e-15);
  EXPECT_NEAR(standardizer.scale.values<double>()[0], std::sqrt(14.0 / 3), 1e-15);
}

TEST(Standardizer, TransformsOtherRowsAndBack) {
  Standardizer standardizer;
  standardizer.fit(Array{{0, 1}, {2, 5}});
  Array other{{4, -3}, {1, 3}, {0.5, 7}};
  Array z = standardizer.transform(other);
  EXPECT_TRUE(equals(z, {3, -3, 0, 0, -0.5, 2}));
  EXPECT_TRUE(equals(standardizer.inverse_transform(z), {4, -3, 1, 3, 0.5, 7}));
}

TEST(Standardizer, DividesAConstantColumnByOne) {
  Standardizer standardizer;
  // The mean of three times 0.1 is not 0.1, so that the deviation is tiny and not 0.
  Array z = standardizer.fit(Array{{0.1, 1}, {0.1, 2}, {0.1, 3}}).transform(Array{{0.1, 2}, {2.1, 2}});
  EXPECT_EQ(standardizer.scale.values<double>()[0], 1);
  EXPECT_NEAR(z.values<double>()[0], 0, 1e-15);
  EXPECT_NEAR(z.values<double>()[2], 2, 1e-15);
}

TEST(Standardizer, KeepsFloat32) {
  Array x = Array::from(std::vector<float>{1, 10, 2, 10.5, 6, 20}, {3, 2});
  Standardizer standardizer;
  Array z = standardizer.fit(x).transform(x);
  ASSERT_EQ(z.dtype(), DType::float32);
  EXPECT_NEAR(z.values<float>()[0], -2 / std::sqrt(14.0 / 3), 1e-6);
  EXPECT_EQ(standardizer.inverse_transform(z).dtype(), DType::float32);
}

TEST(Standardizer, SaysWhatIsWrong) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  Standardizer standardizer;
  EXPECT_EQ(message_of<ValueError>([&] {
              standardizer.transform(Array{{1, 2}});
            }),
            "Standardizer.transform: not fitted yet; call fit first");
  EXPECT_EQ(message_of<ValueError>([&] {
              standardizer.fit(Array{{1, 2}, {3, nan}});
            }),
            "Standardizer.fit: x is nan at row 1, column 1 (counted from 0)");
  EXPECT_FALSE(standardizer.mean.has_value());
  standardizer.fit(Array{{1, 2}, {3, 4}});
  EXPECT_EQ(message_of<ShapeError>([&] {
              standardizer.transform(Array{{1, 2, 3}});
            }),
            "Standardizer.transform: x has 3 features, was fitted on 2");
  EXPECT_EQ(message_of<ShapeError>([&] {
              standardizer.fit(Array{1, 2});
            }),
            "Standardizer.fit: x must be a matrix (rows, features), is [2]");
  EXPECT_EQ(message_of<DTypeError>([&] {
              standardizer.fit(Array::zeros({2, 2}, DType::int64));
            }),
            "Standardizer.fit: x must be float32 or float64, is int64");
  EXPECT_EQ(message_of<DTypeError>([&] {
              standardizer.transform(Array::zeros({2, 2}, DType::float32));
            }),
            "Standardizer.transform: x is float32, was fitted on float64");
  EXPECT_EQ(message_of<ShapeError>([&] {
              standardizer.fit(Array::zeros({0, 2}));
            }),
            "Standardizer.fit: x has no elements, its shape is [0, 2]");
}

/// Every third label is 1.
Array mixed_labels(std::size_t rows) {
  std::vector<std::int64_t> labels;
  for (std::size_t i = 0; i < rows; ++i) labels.push_back(i % 3 == 0 ? 1 : 0);
  return Array::from(labels);
}

TEST(Split, IsAPartitionInProportion) {
  Array labels = mixed_labels(120);
  models::SplitRows rows = stratified_split(labels, 0.25, 7);
  EXPECT_EQ(rows.test.size(), 30u);
  EXPECT_EQ(rows.train.size(), 90u);
  std::set<std::int64_t> all(rows.train.begin(), rows.train.end());
  all.insert(rows.test.begin(), rows.test.end());
  EXPECT_EQ(all.size(), 120u);
  auto count_ones = [&](const std::vector<std::int64_t>& part) {
    return std::count_if(part.begin(), part.end(), [&](std::int64_t row) {
      return labels.values<std::int64_t>()[static_cast<std::size_t>(row)] == 1;
    });
  };
  EXPECT_EQ(count_ones(rows.test), 10);
  EXPECT_EQ(count_ones(rows.train), 30);
  EXPECT_TRUE(std::is_sorted(rows.test.begin(), rows.test.end()));
}

TEST(Split, DependsOnTheSeedAlone) {
  Array labels = mixed_labels(120);
  EXPECT_EQ(stratified_split(labels, 0.25, 7).test, stratified_split(labels, 0.25, 7).test);
  EXPECT_NE(stratified_split(labels, 0.25, 7).test, stratified_split(labels, 0.25, 8).test);
  // Worked out by another implementation of the generator and the shuffle.
  Array few{0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
  EXPECT_EQ(stratified_split(few, 0.4, 1).test, (std::vector<std::int64_t>{1, 4, 5, 8}));
}

TEST(Split, TakesLabelsOfEveryType) {
  Array floating{0, 1, 0, 1, 0, 1}, whole = Array::from(std::vector<std::int64_t>{0, 1, 0, 1, 0, 1}),
                                    boolean = Array::from(std::vector<bool>{false, true, false, true, false, true});
  EXPECT_EQ(stratified_split(floating, 0.3, 3).test, stratified_split(whole, 0.3, 3).test);
  EXPECT_EQ(stratified_split(floating, 0.3, 3).test, stratified_split(boolean, 0.3, 3).test);
}

TEST(Split, LeavesEachClassInBothParts) {
  Array labels{0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
  EXPECT_EQ(stratified_split(labels, 0.01, 0).test.size(), 2u);
  EXPECT_EQ(stratified_split(labels, 0.99, 0).train.size(), 2u);
}

TEST(Split, TakesTheRowsOfBothArrays) {
  Array x{{0, 0}, {1, 10}, {2, 20}, {3, 30}}, y{0, 1, 0, 1};
  models::TrainTest split = models::train_test_split(x, y, 0.5, 5);
  ASSERT_EQ(split.x_test.shape(), Shape({2, 2}));
  for (std::size_t i = 0; i < 2; ++i) {
    double first = split.x_test.values<double>()[2 * i];
    EXPECT_EQ(split.x_test.values<double>()[2 * i + 1], 10 * first);
    EXPECT_EQ(split.y_test.values<double>()[i], std::fmod(first, 2));
  }
  EXPECT_TRUE(equals(models::take_rows(y, {3, 0}), {1, 0}));
}

TEST(Split, SaysWhatIsWrong) {
  Array labels{0, 0, 1, 1};
  EXPECT_EQ(message_of<ValueError>([&] { stratified_split(labels, 0, 0); }),
            "stratified_split: test_fraction must be between 0 and 1, is 0");
  EXPECT_EQ(message_of<ValueError>([&] { stratified_split(labels, 1.5, 0); }),
            "stratified_split: test_fraction must be between 0 and 1, is 1.5");
  EXPECT_EQ(message_of<ValueError>([&] {
              stratified_split(Array{0, 0, 1}, 0.5, 0);
            }),
            "stratified_split: class 1 has 1 row; two are needed");
  EXPECT_EQ(message_of<ShapeError>([&] {
              stratified_split(Array{{0, 1}}, 0.5, 0);
            }),
            "stratified_split: labels must be a vector, are [1, 2]");
  EXPECT_EQ(message_of<ShapeError>([&] {
              models::train_test_split(Array{{1, 2}}, labels);
            }),
            "train_test_split: rows differ: x is [1, 2], y is [4]");
}

}  // namespace
}  // namespace xtape::test
