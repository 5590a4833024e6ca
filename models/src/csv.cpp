#include <xtape/models/csv.hpp>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <span>
#include <sstream>

#include <xtape/optim/fail.hpp>

namespace xtape::models {

using optim::detail::fail;

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail<ValueError>("read_csv: cannot open ", path);
  bool empty = file.peek() == std::ifstream::traits_type::eof();
  if (file.bad()) fail<ValueError>("read_csv: cannot read ", path);  // a directory, for instance
  std::ostringstream text;
  if (!empty) text << file.rdbuf();
  return std::move(text).str();
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpaces = " \t";
  std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

/// The text of a file, line by line.
struct Lines {
  const std::string& path;
  std::string_view rest;
  std::int64_t number = 0;  // of the line last taken, from 1

  /// Takes the next line, without its end; false if only empty lines are left.
  bool next(std::string_view& line) {
    if (rest.find_first_not_of("\r\n") == std::string_view::npos) return false;
    std::size_t end = std::min(rest.find('\n'), rest.size());
    line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    ++number;
    return true;
  }
};

template <class... Parts>
[[noreturn]] void fail_at(const Lines& lines, const Parts&... parts) {
  fail<ValueError>("read_csv: ", lines.path, ", line ", lines.number, parts...);
}

/// Takes a quoted name, in which "" stands for a quote, from the front of the header.
std::string take_quoted(const Lines& lines, std::size_t column, std::string_view& header) {
  std::string name;
  for (std::size_t i = 1; i < header.size(); ++i) {
    if (header[i] != '"') {
      name += header[i];
    } else if (i + 1 < header.size() && header[i + 1] == '"') {
      name += header[i++];
    } else {
      header.remove_prefix(i + 1);
      return name;
    }
  }
  fail_at(lines, ", column ", column, ": the quoted name has no end");
}

std::vector<std::string> parse_header(const Lines& lines, std::string_view header) {
  std::vector<std::string> names;
  while (true) {
    header = header.substr(std::min(header.find_first_not_of(" \t"), header.size()));
    std::string name;
    if (header.starts_with('"')) name = take_quoted(lines, names.size() + 1, header);
    std::size_t comma = std::min(header.find(','), header.size());
    std::string_view plain = trim(header.substr(0, comma));
    if (!name.empty() && !plain.empty()) fail_at(lines, ", column ", names.size() + 1, ": text after the quoted name");
    names.push_back(name + std::string(plain));
    if (comma == header.size()) return names;
    header.remove_prefix(comma + 1);
  }
}

double parse_number(const Lines& lines, std::string_view field, const std::vector<std::string>& names,
                    std::size_t column) {
  std::string_view digits = trim(field);
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  double number = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc::result_out_of_range) {
    fail_at(lines, ", column ", column + 1, " (", names[column], "): ", field, " is out of range");
  }
  if (error != std::errc() || end != digits.data() + digits.size()) {
    fail_at(lines, ", column ", column + 1, " (", names[column], "): expected a number, found \"", field, "\"");
  }
  return number;
}

void parse_row(const Lines& lines, std::string_view row, const std::vector<std::string>& names,
               std::vector<double>& values) {
  auto fields = static_cast<std::size_t>(std::count(row.begin(), row.end(), ',')) + 1;
  if (fields != names.size()) {
    fail_at(lines, ", column ", std::min(fields, names.size()) + 1, ": expected ", names.size(), " fields, found ",
            fields);
  }
  for (std::size_t column = 0; column < names.size(); ++column) {
    std::size_t comma = std::min(row.find(','), row.size());
    values.push_back(parse_number(lines, row.substr(0, comma), names, column));
    row.remove_prefix(std::min(comma + 1, row.size()));
  }
}

}  // namespace

std::int64_t Table::column(std::string_view name) const {
  auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) fail<ValueError>("Table: there is no column \"", name, "\" among the ", names.size());
  return found - names.begin();
}

Table read_csv(const std::string& path) {
  std::string text = read_file(path);
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);  // byte order mark
  Lines lines{path, rest};
  std::string_view line;
  if (!lines.next(line)) fail<ValueError>("read_csv: ", path, ", line 1, column 1: the file is empty");
  Table table;
  table.names = parse_header(lines, line);
  std::vector<double> values;
  while (lines.next(line)) parse_row(lines, line, table.names, values);
  if (values.empty()) fail<ValueError>("read_csv: ", path, ", line 2, column 1: there are no rows after the header");
  auto columns = static_cast<std::int64_t>(table.names.size());
  table.values = Array::from(values, {static_cast<std::int64_t>(values.size()) / columns, columns});
  return table;
}

Dataset split_target(const Table& table, std::string_view target) {
  auto skipped = static_cast<std::size_t>(table.column(target));
  std::size_t columns = table.names.size();
  if (columns < 2) fail<ValueError>("split_target: \"", target, "\" is the only column");
  std::span<const double> values = table.values.values<double>();
  std::vector<double> x, y;
  for (std::size_t i = 0; i < values.size(); ++i) (i % columns == skipped ? y : x).push_back(values[i]);
  Dataset result;
  result.feature_names = table.names;
  result.feature_names.erase(result.feature_names.begin() + static_cast<std::ptrdiff_t>(skipped));
  auto rows = static_cast<std::int64_t>(y.size());
  result.x = Array::from(x, {rows, static_cast<std::int64_t>(columns) - 1});
  result.y = Array::from(y);
  return result;
}

}  // namespace xtape::models
