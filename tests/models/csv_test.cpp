// The CSV reader: what it takes, and what it says of what it can't read.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include <xtape/error.hpp>
#include <xtape/models/csv.hpp>

#include "support/check.hpp"

namespace xtape::test {
namespace {

using models::read_csv;
using models::Table;

/// A file of the test's own, removed at the end.
class Csv : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  Table read(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return read_csv(path_);
  }
  /// The message of the error, without the part that all have.
  std::string error(const std::string& text) {
    std::string message = message_of<ValueError>([&] { read(text); });
    std::string start = "read_csv: " + path_ + ", ";
    return message.starts_with(start) ? message.substr(start.size()) : message;
  }

  std::string path_ =
      testing::TempDir() + "xtape_" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".csv";
};

TEST_F(Csv, ReadsNamesAndNumbers) {
  Table table = read("a,b,c\n1,2.5,-3e-2\n+4, 5 ,6\n");
  EXPECT_EQ(table.names, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(table.values.shape(), Shape({2, 3}));
  EXPECT_TRUE(equals(table.values, {1, 2.5, -3e-2, 4, 5, 6}));
  EXPECT_EQ(table.column("c"), 2);
}

TEST_F(Csv, TakesCarriageReturnsAndEndsOfAnyKind) {
  for (const char* text : {"a,b\r\n1,2\r\n3,4\r\n", "a,b\n1,2\n3,4", "a,b\n1,2\n3,4\n\n\r\n",
                           "\xEF\xBB\xBF"
                           "a,b\n1,2\n3,4\n"}) {
    Table table = read(text);
    EXPECT_EQ(table.names, (std::vector<std::string>{"a", "b"})) << text;
    EXPECT_TRUE(equals(table.values, {1, 2, 3, 4})) << text;
  }
}

TEST_F(Csv, TakesQuotesInTheHeader) {
  Table table = read("\"plain\", \"a, b\",\"say \"\"x\"\"\",\"\"\n1,2,3,4\n");
  EXPECT_EQ(table.names, (std::vector<std::string>{"plain", "a, b", "say \"x\"", ""}));
  EXPECT_EQ(error("a,\"b\n1,2\n"), "line 1, column 2: the quoted name has no end");
  EXPECT_EQ(error("a,\"b\"c\n1,2\n"), "line 1, column 2: text after the quoted name");
}

TEST_F(Csv, NumbersAreRoundedRight) {
  Table table = read("x\n0.1\n1.7976931348623157e308\nnan\ninf\n-inf\n");
  auto values = table.values.values<double>();
  EXPECT_EQ(values[0], 0.1);
  EXPECT_EQ(values[1], 1.7976931348623157e308);
  EXPECT_TRUE(std::isnan(values[2]));
  EXPECT_EQ(values[3], INFINITY);
  EXPECT_EQ(values[4], -INFINITY);
}

TEST_F(Csv, SaysWhichFileCannotBeOpened) {
  EXPECT_EQ(message_of<ValueError>([] { read_csv("/no/such/file.csv"); }), "read_csv: cannot open /no/such/file.csv");
  std::string folder = testing::TempDir();
  EXPECT_EQ(message_of<ValueError>([&] { read_csv(folder); }), "read_csv: cannot read " + folder);
}

TEST_F(Csv, SaysThatThereIsNothing) {
  EXPECT_EQ(error(""), "line 1, column 1: the file is empty");
  EXPECT_EQ(error("\n\n"), "line 1, column 1: the file is empty");
  EXPECT_EQ(error("a,b\n"), "line 2, column 1: there are no rows after the header");
}

TEST_F(Csv, SaysWhereARowIsRagged) {
  EXPECT_EQ(error("a,b,c\n1,2,3\n1,2\n"), "line 3, column 3: expected 3 fields, found 2");
  EXPECT_EQ(error("a,b\n1,2,3,4\n"), "line 2, column 3: expected 2 fields, found 4");
  EXPECT_EQ(error("a,b\n1,2\n\n3,4\n"), "line 3, column 2: expected 2 fields, found 1");
}

TEST_F(Csv, SaysWhereTextIsNoNumber) {
  EXPECT_EQ(error("a,b\n1,2\n3,cat\n"), "line 3, column 2 (b): expected a number, found \"cat\"");
  EXPECT_EQ(error("a,b\r\n1,\r\n"), "line 2, column 2 (b): expected a number, found \"\"");
  EXPECT_EQ(error("a,b\n1.5x,2\n"), "line 2, column 1 (a): expected a number, found \"1.5x\"");
  EXPECT_EQ(error("a\n+-1\n"), "line 2, column 1 (a): expected a number, found \"+-1\"");
  EXPECT_EQ(error("a\n1e999\n"), "line 2, column 1 (a): 1e999 is out of range");
}

TEST_F(Csv, SplitsOffTheTarget) {
  models::Dataset data = models::split_target(read("a,y,b\n1,0,2\n3,1,4\n"), "y");
  EXPECT_EQ(data.feature_names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(data.x.shape(), Shape({2, 2}));
  EXPECT_TRUE(equals(data.x, {1, 2, 3, 4}));
  EXPECT_TRUE(equals(data.y, {0, 1}));
}

TEST_F(Csv, SaysWhichColumnIsMissing) {
  EXPECT_EQ(message_of<ValueError>([&] { models::split_target(read("a,b\n1,2\n"), "z"); }),
            "Table: there is no column \"z\" among the 2");
  EXPECT_EQ(message_of<ValueError>([&] { models::split_target(read("a\n1\n"), "a"); }),
            "split_target: \"a\" is the only column");
}

TEST_F(Csv, ReadsTheBreastCancerData) {
  Table table = read_csv(XTAPE_SOURCE_DIR "/data/breast_cancer.csv");
  EXPECT_EQ(table.values.shape(), Shape({569, 31}));
  EXPECT_EQ(table.names.front(), "mean_radius");
  EXPECT_EQ(table.column("benign"), 30);
  EXPECT_EQ(table.values.values<double>()[0], 17.99);
}

}  // namespace
}  // namespace xtape::test
