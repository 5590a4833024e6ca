// The check of a plain C++ function and its hand-written gradient.
#include <cmath>
#include <cstring>
#include <exception>
#include <limits>

#include <xtape/error.hpp>

#include "check/flat.hpp"

namespace xtape::detail {

namespace {

using Value = PlainFunction;
using Gradient = PlainGradient;

bool same_bits(std::span<const double> a, std::span<const double> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

/// What a function did at the point, evaluated twice, each time on a copy of the point.
struct Observed {
  double value = 0;
  std::vector<double> gradient;
  bool mutated = false, repeatable = true;
};

Observed observe(const Value& f, const Gradient& gradient, std::span<const double> x) {
  Observed seen;
  const std::vector<double> pristine(x.begin(), x.end());
  for (bool again : {false, true}) {
    std::vector<double> point = pristine;
    const double value = f(point);
    seen.mutated = seen.mutated || !same_bits(point, pristine);
    point = pristine;
    std::vector<double> derivatives = gradient(point);
    seen.mutated = seen.mutated || !same_bits(point, pristine) || !same_bits(x, pristine);
    if (again) seen.repeatable = same_bits({&value, 1}, {&seen.value, 1}) && same_bits(derivatives, seen.gradient);
    seen.value = value;
    seen.gradient = std::move(derivatives);
  }
  return seen;
}

/// What can be said without numeric derivatives.
void judge(const Observed& seen, std::size_t size, CheckReport& report) {
  const auto refuse = [&](CheckStatus status, std::string reason) {
    report.status = status;
    report.reason = std::move(reason);
  };
  if (seen.mutated) return refuse(CheckStatus::mutated_input, "the function or its gradient wrote to its input");
  if (seen.gradient.size() != size)
    return refuse(CheckStatus::wrong_shape, "the gradient has " + std::to_string(seen.gradient.size()) +
                                                " elements, the input " + std::to_string(size));
  if (!seen.repeatable)
    return refuse(CheckStatus::non_deterministic, "value or gradient of two evaluations at the same point differ");
  if (!std::isfinite(seen.value))
    return refuse(CheckStatus::non_finite, "the value at the point is " + number_text(seen.value));
  for (std::size_t i = 0; i < size; ++i) {
    if (std::isfinite(seen.gradient[i])) continue;
    report.index = {static_cast<std::int64_t>(i)};
    report.analytic = seen.gradient[i];
    return refuse(CheckStatus::non_finite,
                  "the gradient of " + place_text(report) + " is " + number_text(seen.gradient[i]));
  }
}

/// The functions with NaN and nothing in place of exceptions.
FlatFunction guarded(const Value& f, const Gradient& gradient, std::size_t size) {
  FlatFunction flat;
  flat.parts = {{0, 0, Shape{static_cast<std::int64_t>(size)}}};
  flat.value = [&f](std::span<const double> at) {
    try {
      return f(at);
    } catch (const std::exception&) {
      return std::numeric_limits<double>::quiet_NaN();
    }
  };
  flat.gradient = [&gradient](std::span<const double> at) {
    try {
      return gradient(at);
    } catch (const std::exception&) {
      return std::vector<double>{};
    }
  };
  return flat;
}

}  // namespace

CheckReport check_plain(const Value& f, const Gradient& gradient, std::span<const double> x,
                        const CheckOptions& options) {
  check_options(options);
  if (options.order != 1)
    throw ValueError("check_gradient: order " + std::to_string(options.order) + " needs a function of Vars");
  CheckReport report;
  report.seed = options.seed;
  report.elements = static_cast<std::int64_t>(x.size());
  report.evaluations = report.gradients = 2;
  const Observed seen = observe(f, gradient, x);
  judge(seen, x.size(), report);
  if (report.passed()) check_elements(guarded(f, gradient, x.size()), x, seen.value, seen.gradient, options, report);
  return report;
}

}  // namespace xtape::detail
