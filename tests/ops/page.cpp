#include "ops/page.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
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

/// What it stands for or how a composite is made; nothing for an op that is its own program.
std::string value_cell(const Declaration& declaration, const Formulas& formulas) {
  const std::string& value = declaration.alias.empty() ? formulas.value : declaration.alias;
  const bool own = declaration.alias.empty() && value.starts_with(declaration.name + "(");
  return value.empty() || own ? "" : code("= " + value) + " ";
}

/// The row of a function, or of what it stands for.
std::string row_of(const Declaration& declaration) {
  const bool own = declaration.alias.empty() || find_row(declaration.name) != nullptr;
  return own ? declaration.name : declaration.alias.substr(0, declaration.alias.find('('));
}

/// The worst error on the row's samples against the interpreter, in units of epsilon of the value's largest element;
/// nothing if no value is floating.
std::optional<Real> error_on_samples(const Row& row, DType dtype) {
  const Real epsilon = dtype == DType::float32 ? 0x1p-23L : 0x1p-52L;
  std::optional<Real> worst;
  for (const Sample& sample : row.samples) {
    Tape tape;
    const Var y = sample.build(make_leaves(tape, make_inputs(sample.inputs, dtype, 7)));
    if (y.dtype() != dtype) continue;
    const Tensor actual = tensor_of(y.value()), expected = interpret(y);
    Real largest = 0, error = 0;
    for (std::size_t i = 0; i < expected.elements.size(); ++i) {
      if (!std::isfinite(expected.elements[i])) continue;
      largest = std::max(largest, std::abs(expected.elements[i]));
      error = std::max(error, std::abs(actual.elements[i] - expected.elements[i]));
    }
    worst = std::max(worst.value_or(0), error == 0 ? 0 : error / (epsilon * largest));
  }
  return worst;
}

std::string both(double in_float64, double in_float32, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2f / %.2f%s", in_float64, in_float32, unit);
  return text;
}

/// "0.80 / 1.30": in float64 and in float32.
std::string error_cell(const std::string& name, bool measured) {
  const Row* row = find_row(name);
  if (!measured || row == nullptr) return "";
  if (row->arity > 0 && row->ulp > 0 && row->scalar != nullptr)
    return both(measured_ulps(*row, DType::float64), measured_ulps(*row, DType::float32), "");
  const std::optional<Real> in_float64 = error_on_samples(*row, DType::float64);
  const std::optional<Real> in_float32 = error_on_samples(*row, DType::float32);
  if (!in_float64 || !in_float32) return "";
  if (*in_float64 == 0 && *in_float32 == 0) return "exact";
  return both(static_cast<double>(*in_float64), static_cast<double>(*in_float32), " eps");
}

std::string line_of(const Declaration& declaration, const std::string& comment, bool measured) {
  const std::string row = row_of(declaration);
  const Formulas formulas = formulas_of(row);
  return "| `" + cell(declaration.signature) + "` | " + value_cell(declaration, formulas) + cell(comment) + " | " +
         derivative_cell(formulas) + " | " + error_cell(row, measured) + " |\n";
}

std::string section_of(const Family& family, bool measured) {
  std::string text = "\n## " + family.file + "\n\n" + family.purpose + "\n";
  std::string last;
  for (const Declaration& declaration : family.declarations) {
    if (!declaration.heading.empty()) text += "\n" + declaration.heading + "\n";
    if (last.empty() || !declaration.heading.empty())
      text += "\n| function | value | cotangents of its floating inputs | error, ulp |\n| --- | --- | --- | --- |\n";
    const bool again = declaration.comment.empty() && declaration.alias.empty() && declaration.name == last;
    text += line_of(declaration, again ? "As above." : declaration.comment, measured);
    last = declaration.name;
  }
  return text + (family.types.empty() ? "" : "\n```cpp\n" + family.types + "```\n");
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
      "the inputs, y is the result, h its cotangent, and ... a number of the call. Of several results they are about "
      "one.\n"
      "A product with a cotangent is strong: an exact zero stays zero beside an infinity or a NaN\n"
      "([numerics.md](numerics.md)). \"By its rule\" stands for what is too long for a table.\n\n"
      "The last column is the worst error seen in float64 and in float32, over typical ranges, all magnitudes, all "
      "bit\n"
      "patterns and hard points, in units of the last place, against MPFR where that has the function; less the "
      "condition\n"
      "number where the op's bound grows by it. Of other ops it is the worst error on the row's samples against plain "
      "loops in long double, in units of epsilon of the value's largest element (eps).\n";
  for (const Family& family : catalogue()) text += section_of(family, measured);
  return text;
}

}  // namespace xtape::test
