#include "ops/page.hpp"

#include <cstdio>
#include <regex>
#include <sstream>

namespace xtape::test {

namespace {

std::string cell(const std::string& text) { return std::regex_replace(text, std::regex("\\|"), "\\|"); }

std::string code(const std::string& text) { return text.empty() ? "" : "`" + cell(text) + "`"; }

std::string derivative_cell(const Formulas& formulas) {
  if (formulas.cotangents.empty()) return "none";
  std::string text;
  for (const std::string& cotangent : formulas.cotangents)
    text += (text.empty() ? "" : "; ") + (cotangent.empty() ? std::string("by its rule") : code(cotangent));
  return text;
}

/// How a composite is made; nothing for an op that is its own program.
std::string value_cell(const std::string& name, const Formulas& formulas) {
  return formulas.value.empty() || formulas.value.starts_with(name + "(") ? "" : code("= " + formulas.value) + " ";
}

/// "0.8 / 1.3": in float64 and in float32.
std::string error_cell(const std::string& name, bool measured) {
  const Row* row = find_row(name);
  if (!measured || row == nullptr || row->arity == 0 || row->ulp == 0 || row->scalar == nullptr) return "";
  char text[64];
  std::snprintf(text, sizeof text, "%.2f / %.2f", measured_ulps(*row, DType::float64),
                measured_ulps(*row, DType::float32));
  return text;
}

std::string line_of(const Declaration& declaration, bool measured) {
  const Formulas formulas = formulas_of(declaration.name);
  return "| `" + cell(declaration.signature) + "` | " + value_cell(declaration.name, formulas) +
         cell(declaration.comment) + " | " + derivative_cell(formulas) + " | " +
         error_cell(declaration.name, measured) + " |\n";
}

std::string section_of(const Family& family, bool measured) {
  std::string text = "\n## " + family.file + "\n\n" + family.purpose + "\n\n";
  text += "| function | value | cotangents of its floating inputs | error, ulp |\n| --- | --- | --- | --- |\n";
  for (const Declaration& declaration : family.declarations) text += line_of(declaration, measured);
  return text;
}

}  // namespace

std::string without_errors(const std::string& page) {
  std::string result;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);)
    result += (line.starts_with("| `") ? line.substr(0, line.rfind(" | ")) : line) + "\n";
  return result;
}

std::string ops_page(bool measured) {
  std::string text =
      "# The ops\n\n"
      "Made from the headers in `autodiff/include/xtape/ops/` and from the rows in `tests/ops/`, by `./dev docs`; a "
      "test\n"
      "holds it to them. Expressions are what the tape records for a small call of the row: x (or a, b, c in order) "
      "are\n"
      "the inputs, y is the result, h its cotangent, and ... a number of the call. A product with a cotangent is "
      "strong:\n"
      "an exact zero stays zero beside an infinity or a NaN ([numerics.md](numerics.md)). \"By its rule\" stands for "
      "what\n"
      "is too long for a table. The last column is the worst error seen in float64 and in float32, over typical "
      "ranges,\n"
      "all magnitudes, all bit patterns and hard points, in units of the last place, against MPFR where that has the\n"
      "function; less the condition number where the op's bound grows by it. What is no elementwise op has none.\n";
  for (const Family& family : catalogue()) text += section_of(family, measured);
  return text;
}

}  // namespace xtape::test
