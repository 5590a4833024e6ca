// The check of a function of Vars.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <limits>
#include <set>
#include <utility>

#include <xtape/error.hpp>

#include "check/identities.hpp"
#include "check/precisions.hpp"
#include "check/recorded.hpp"
#include "check/replayed.hpp"

namespace xtape::detail {

namespace {

bool same_bits(std::span<const double> a, std::span<const double> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

Derivative derivative_at(RecordedFunction& function, std::span<const double> x, CheckReport& report) {
  ++report.evaluations;
  ++report.gradients;
  const double value = function.value(x);
  return {value, function.gradient(x)};
}

/// Value and gradient at the point, the same twice and finite. Throws Refusal otherwise.
Derivative repeatable(RecordedFunction& function, std::span<const double> x, CheckReport& report) {
  const Derivative first = derivative_at(function, x, report), second = derivative_at(function, x, report);
  if (!same_bits({&first.value, 1}, {&second.value, 1}))
    throw Refusal{CheckStatus::non_deterministic, "the values of two evaluations at the same point are " +
                                                      exact_text(first.value) + " and " + exact_text(second.value)};
  if (!same_bits(first.gradient, second.gradient))
    throw Refusal{CheckStatus::non_deterministic, "the gradients of two evaluations at the same point differ"};
  if (!std::isfinite(first.value))
    throw Refusal{CheckStatus::non_finite, "the value at the point is " + number_text(first.value)};
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isfinite(first.gradient[i])) continue;
    locate(function.parts(), i, report);
    report.analytic = first.gradient[i];
    throw Refusal{CheckStatus::non_finite,
                  "the gradient of " + place_text(report) + " is " + number_text(first.gradient[i])};
  }
  return first;
}

/// The function with NaN and nothing in place of exceptions: away from the point it need not be defined.
FlatFunction flattened(RecordedFunction& function, double epsilon) {
  FlatFunction flat;
  flat.parts = function.parts();
  flat.epsilon = epsilon;
  flat.value = [&function](std::span<const double> at) {
    try {
      return function.value(at);
    } catch (const std::exception&) {
      return std::numeric_limits<double>::quiet_NaN();
    }
  };
  flat.gradient = [&function](std::span<const double> at) {
    try {
      return function.gradient(at);
    } catch (const std::exception&) {
      return std::vector<double>{};
    }
  };
  flat.rounding = [&function, epsilon, point = function.point()] { return function.rounding(point, epsilon); };
  return flat;
}

/// How a function with float32 inputs gets its numeric derivatives.
enum class Arithmetic : std::uint8_t {
  wide,      ///< called with float64 inputs
  replayed,  ///< its program converted to float64
  own,       ///< as it is
};

/// The check of one function, for all orders.
class ProgramCheck {
 public:
  ProgramCheck(Recorder recorder, std::span<const Array> point, std::vector<std::string> names,
               const CheckOptions& options)
      : recorder_(std::move(recorder)), point_(point), options_(options) {
    report_.seed = options.seed;
    report_.names = std::move(names);
    for (const Array& input : point) pristine_.push_back(copied(input));
  }

  CheckReport run() {
    try {
      for (int order = 1; order <= options_.order && report_.passed(); ++order) {
        start(order);
        check_order();
        if (report_.passed() && options_.identities) check_identities(order);
        recorder_ = derivative_of(recorder_, options_.seed, order);
      }
      check_point_unchanged();
    } catch (const Refusal& refusal) {
      report_.status = refusal.status;
      report_.reason = refusal.reason;
    }
    return report_;
  }

 private:
  /// The function was given copies, but may know the buffers that the point refers to.
  void check_point_unchanged() const {
    for (std::size_t i = 0; i < pristine_.size(); ++i)
      if (!same_bytes(pristine_[i], point_[i]))
        throw Refusal{CheckStatus::mutated_input, "the buffer of input " + std::to_string(i) + " was written to"};
  }

  /// Costs and notes add up over the orders; everything else is of the last one.
  void start(int order) {
    CheckReport next;
    next.order = order;
    next.seed = report_.seed;
    next.names = report_.names;
    next.evaluations = report_.evaluations;
    next.gradients = report_.gradients;
    next.notes = report_.notes;
    report_ = std::move(next);
  }

  void check_order() {
    RecordedFunction function(recorder_, point_, false, options_.seed);
    const std::vector<double> x = function.point();
    report_.elements = static_cast<std::int64_t>(x.size());
    const Derivative own = repeatable(function, x, report_);
    report_.output = function.output();
    if (!function.has_single()) return compare(function, x, own, kDoubleEpsilon);

    while (arithmetic_ != Arithmetic::own) {
      RecordedFunction wide(wide_recorder(), point_, true, options_.seed);
      Derivative exact;
      try {
        exact = repeatable(wide, x, report_);
      } catch (const DTypeError& error) {
        take_next_arithmetic(error.what());
        continue;
      }
      compare(wide, x, exact, kDoubleEpsilon);
      if (report_.passed()) compare_precisions(function, wide, x, own, exact, report_);
      return;
    }
    compare(function, x, own, kSingleEpsilon);
  }

  Recorder wide_recorder() const {
    return arithmetic_ == Arithmetic::replayed ? in_double(recorder_, point_) : recorder_;
  }

  /// A function that mixes in float32 Arrays does not take float64, but its program can be converted; unless an opaque
  /// op of it does not take float64 either.
  void take_next_arithmetic(const char* refusal) {
    if (arithmetic_ == Arithmetic::replayed)
      note(std::string("numeric derivatives are of float32, for in float64: ") + refusal);
    arithmetic_ = arithmetic_ == Arithmetic::wide ? Arithmetic::replayed : Arithmetic::own;
  }

  void compare(RecordedFunction& function, std::span<const double> x, const Derivative& at_x, double epsilon) {
    check_elements(flattened(function, epsilon), x, at_x.value, at_x.gradient, options_, report_);
  }

  void check_identities(int order) {
    const bool own = arithmetic_ == Arithmetic::own;
    RecordedFunction function(own ? recorder_ : wide_recorder(), point_, !own, options_.seed);
    const bool single = computes_in_single(function.record(function.point()).y);
    const double epsilon = std::max(single ? kSingleEpsilon : kDoubleEpsilon, report_.noise);
    try {
      if (order == 1) check_forward_mode(function, epsilon);
      if (order == 1 && options_.order > 1) check_symmetry(function, epsilon);
    } catch (const Error& error) {
      note(std::string("forward mode was not checked: ") + error.what());
    }
  }

  void note(std::string text) {
    if (std::ranges::find(report_.notes, text) == report_.notes.end()) report_.notes.push_back(std::move(text));
  }

  Recorder recorder_;
  const std::span<const Array> point_;
  std::vector<Array> pristine_;  ///< copies of it
  const CheckOptions& options_;
  CheckReport report_;
  Arithmetic arithmetic_ = Arithmetic::wide;
};

void check_floating(std::span<const Array> point) {
  if (std::ranges::any_of(point, [](const Array& input) { return is_floating(input.dtype()); })) return;
  throw ValueError("check_gradient: none of the " + std::to_string(point.size()) + " inputs is float32 or float64");
}

}  // namespace

CheckReport check_program(const CheckedFunction& f, std::span<const Array> point, const CheckOptions& options) {
  check_options(options);
  check_floating(point);
  const Recorder recorder = [&f](Tape&, std::span<const Var> leaves) { return f(leaves); };
  return ProgramCheck(recorder, point, {}, options).run();
}

CheckReport check_loss(const CheckedLoss& loss, std::span<const std::reference_wrapper<const Parameter>> parameters,
                       const CheckOptions& options) {
  check_options(options);
  std::vector<Array> point;
  std::vector<std::string> names;
  std::set<const Parameter*> seen;
  for (const Parameter& parameter : parameters) {
    point.push_back(parameter.value());
    names.push_back("Parameter \"" + parameter.name() + "\"");
    if (!seen.insert(&parameter).second) throw ValueError("check_gradient: " + names.back() + " is listed twice");
  }
  check_floating(point);
  const Recorder recorder = [&](Tape& tape, std::span<const Var> leaves) {
    for (std::size_t i = 0; i < leaves.size(); ++i) tape.substitute(parameters[i], leaves[i]);
    return loss(tape);
  };
  return ProgramCheck(recorder, point, names, options).run();
}

}  // namespace xtape::detail
