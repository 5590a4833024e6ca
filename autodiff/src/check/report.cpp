// What a report says.
#include <cmath>
#include <cstdio>
#include <ostream>

#include <xtape/error.hpp>

#include "check/flat.hpp"

namespace xtape {

namespace detail {

namespace {

std::string formatted(const char* format, double number) {
  char text[32];
  std::snprintf(text, sizeof text, format, std::isnan(number) ? std::abs(number) : number);  // no "-nan"
  return text;
}

}  // namespace

std::string number_text(double number) { return formatted("%.9g", number); }
std::string exact_text(double number) { return formatted("%.17g", number); }

std::string place_text(const CheckReport& report) {
  std::string text = report.names.empty() ? "input " + std::to_string(report.input) : report.names[report.input];
  text += " at [";
  for (std::size_t axis = 0; axis < report.index.size(); ++axis)
    text += (axis > 0 ? ", " : "") + std::to_string(report.index[axis]);
  return text + "]";
}

void check_options(const CheckOptions& options) {
  if (options.order < 1)
    throw ValueError("check_gradient: order must be at least 1, is " + std::to_string(options.order));
  if (!(options.kink_share >= 0 && options.kink_share <= 1))
    throw ValueError("check_gradient: kink_share must be in [0, 1], is " + number_text(options.kink_share));
  if (options.all_elements < 0 || options.coordinates < 0 || options.directions < 0)
    throw ValueError("check_gradient: all_elements, coordinates and directions must not be negative");
  if (options.all_elements == 0 && options.coordinates == 0 && options.directions == 0)
    throw ValueError("check_gradient: with no element and no direction there is nothing to check");
}

}  // namespace detail

namespace {

using detail::number_text;

std::string short_text(double number) { return detail::formatted("%.2g", number); }

/// The share of all elements that was checked one by one.
double share_checked(const CheckReport& report) {
  return static_cast<double>(report.checked) / static_cast<double>(report.elements);
}

/// What the derivatives are of, if not of the function itself.
std::string subject_text(const CheckReport& report) {
  if (report.order > 1)
    return "    of the derivative of order " + std::to_string(report.order - 1) + " along random tangents\n";
  return report.output.rank() == 0
             ? ""
             : "    of the output, " + to_string(report.output) + ", summed with random weights\n";
}

std::string derivatives_text(const CheckReport& report) {
  if (report.checked == 0 && report.directions == 0) return "";
  const bool wrong = std::abs(report.analytic - report.numeric) > report.allowed;
  const std::string where = report.direction ? "along a random direction" : detail::place_text(report);
  return (wrong ? "  worst: " : "  nearest to failing: ") + where + "\n" + "    analytic " +
         number_text(report.analytic) + "\n" + "    numeric  " + number_text(report.numeric) + " +- " +
         short_text(report.error) + ", step " + short_text(report.step) + "; slopes " + number_text(report.left_slope) +
         " on the left, " + number_text(report.right_slope) + " on the right\n" + "    they differ by " +
         short_text(std::abs(report.analytic - report.numeric)) + ", allowed is " + short_text(report.allowed) + "\n" +
         subject_text(report);
}

std::string coverage_text(const CheckReport& report) {
  std::string text = "  checked " + std::to_string(report.checked) + " of " + std::to_string(report.elements) +
                     " elements one by one, " + std::to_string(report.kinks) + " at kinks";
  if (report.directions > 0)
    text += ", and " + std::to_string(report.directions) + " random directions:\n    a wrong element is found with " +
            "probability " + number_text(1 - std::ldexp(1.0, -report.directions)) + " if it is off by " +
            short_text(report.found_by_directions) + " or more over its scale, else with " +
            short_text(share_checked(report));
  return text + "\n";
}

}  // namespace

std::string_view name(CheckStatus status) {
  switch (status) {
    case CheckStatus::pass:
      return "pass";
    case CheckStatus::fail:
      return "fail";
    case CheckStatus::kink:
      return "kink";
    case CheckStatus::non_deterministic:
      return "non-deterministic";
    case CheckStatus::non_finite:
      return "non-finite";
    case CheckStatus::wrong_shape:
      return "wrong shape";
    case CheckStatus::mutated_input:
      return "mutated input";
  }
  return "";
}

std::string to_string(const CheckReport& report) {
  std::string text = "gradient check, order " + std::to_string(report.order) + ": " + std::string(name(report.status));
  if (!report.reason.empty()) text += ": " + report.reason;
  text += "\n" + derivatives_text(report) + coverage_text(report);
  for (const std::string& note : report.notes) text += "  " + note + "\n";
  return text + "  " + std::to_string(report.evaluations) + " evaluations, " + std::to_string(report.gradients) +
         " gradients; seed " + std::to_string(report.seed) + "\n";
}

std::ostream& operator<<(std::ostream& out, const CheckReport& report) { return out << to_string(report); }

}  // namespace xtape
