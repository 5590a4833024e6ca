// Tables of numbers from comma-separated files with a header line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <xtape/array.hpp>

namespace xtape::models {

/// Named columns of numbers.
struct Table {
  std::vector<std::string> names;  ///< d column names
  Array values;                    ///< float64 (n, d)

  /// The position of a column. Throws ValueError if there is none of this name.
  std::int64_t column(std::string_view name) const;
};

/// Reads a file whose first line names the columns and whose other lines hold a number for each. Names may stand in
/// double quotes; lines end in LF or CRLF; "nan" and "inf" are numbers. Throws ValueError, with file, line and column
/// counted from 1, if the file cannot be read, is empty or has no rows, if a row has too few or too many fields, or
/// where a field is not a number.
Table read_csv(const std::string& path);

/// What a model learns from: n rows of d features, and one target for each.
struct Dataset {
  std::vector<std::string> feature_names;
  Array x;  ///< float64 (n, d)
  Array y;  ///< float64 (n)
};

/// Splits a table into the column `target` and the others. Throws ValueError if there is no such column, or no other.
Dataset split_target(const Table& table, std::string_view target);

}  // namespace xtape::models
